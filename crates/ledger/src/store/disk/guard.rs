//! Calls into the database: its errors and its panics, as ours.
//!
//! The database trusts a file that was closed properly: it verifies the checksums of its pages only after a
//! crash, and may panic over one that was changed from outside. So every call is made inside `catch_unwind`, and
//! a panic is a damaged file.

use std::any::Any;
use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::store::StoreError;

thread_local! {
    static CATCHES: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread, now, becomes a [`StoreError::Damaged`]: a panic hook that prints or ends the
/// process should let it pass.
pub fn catches_panics() -> bool {
    CATCHES.get()
}

/// Names the file in every error.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    pub path: PathBuf,
}

impl Guard {
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Calls into the database.
    pub fn call<T, E: Into<redb::Error>>(
        &self,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, StoreError> {
        let before = CATCHES.replace(true);
        let result = catch_unwind(AssertUnwindSafe(call));
        CATCHES.set(before);
        match result {
            Ok(result) => result.map_err(|error| self.name(error.into())),
            Err(panic) => Err(self.damaged(format!("reading it stopped at: {}", message(&*panic)))),
        }
    }

    pub fn damaged(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), reason: reason.into() }
    }

    pub fn io(&self, error: &io::Error) -> StoreError {
        StoreError::Io { path: self.path.clone(), kind: error.kind(), reason: error.to_string() }
    }

    fn name(&self, error: redb::Error) -> StoreError {
        use redb::Error as E;
        match error {
            E::DatabaseAlreadyOpen | E::LockProtocolMismatch => {
                StoreError::Locked { path: self.path.clone() }
            }
            E::Io(e) if matches!(e.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) => {
                self.damaged(e.to_string())
            }
            E::Io(e) => self.io(&e),
            E::PreviousIo | E::DatabaseClosed | E::LockPoisoned(_) => {
                StoreError::Closed { path: self.path.clone() }
            }
            other => self.damaged(other.to_string()),
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic of the database")
}
