//! Calls into the database: its errors and its panics, as values; opening and closing.
//!
//! The database trusts a file that was closed properly: it verifies the checksums of its pages only after a
//! crash, and may panic over one that was changed from outside. So every call is made inside `catch_unwind`, and
//! a panic is a damaged file.

use std::any::Any;
use std::cell::Cell;
use std::io;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};

use redb::{Builder, Database, StorageBackend};

use crate::backend::{Backend, Closing};

thread_local! {
    static CATCHES: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread, now, becomes a [`Trouble::Damaged`]: a panic hook that prints or ends the
/// process should let it pass.
pub fn catches_panics() -> bool {
    CATCHES.get()
}

/// Why a call into a database fails. Who calls names the file and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The file is not what this program wrote.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// The operating system refuses.
    #[error("{reason}")]
    Io {
        /// What the system calls it.
        kind: io::ErrorKind,
        /// The same, in words.
        reason: String,
    },
    /// An earlier write failed, so that the state of the file is not known until it is opened anew.
    #[error("an earlier write failed")]
    Closed,
    /// A process has it open.
    #[error("another process has the file open")]
    Locked,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io { kind: error.kind(), reason: error.to_string() }
    }
}

impl From<redb::Error> for Trouble {
    fn from(error: redb::Error) -> Self {
        use redb::Error as E;
        match error {
            E::DatabaseAlreadyOpen | E::LockProtocolMismatch => Self::Locked,
            E::Io(e) if matches!(e.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) => {
                Self::Damaged(e.to_string())
            }
            E::Io(e) => e.into(),
            E::PreviousIo | E::DatabaseClosed | E::LockPoisoned(_) => Self::Closed,
            other => Self::Damaged(other.to_string()),
        }
    }
}

/// Calls into the database.
///
/// # Errors
/// What the database says, or that it panicked.
pub fn call<T, E: Into<redb::Error>>(call: impl FnOnce() -> Result<T, E>) -> Result<T, Trouble> {
    let before = CATCHES.replace(true);
    let result = catch_unwind(AssertUnwindSafe(call));
    CATCHES.set(before);
    match result {
        Ok(result) => result.map_err(|error| error.into().into()),
        Err(panic) => Err(Trouble::Damaged(format!("reading it stopped at: {}", message(&*panic)))),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic of the database")
}

/// A database that was opened and not yet found to be whole.
///
/// The database writes when it closes a file, and where the lists of free pages are damaged that panics twice, which ends the process. So one that is not
/// kept with [`Opening::keep`] is not dropped, but for its file, whose lock goes with it.
#[derive(Debug)]
pub struct Opening {
    database: ManuallyDrop<Database>,
    closing: Closing,
}

impl Opening {
    /// Opens a file that is not empty (in an empty one the database would begin anew); `verifies` reads all of it and every checksum.
    ///
    /// # Errors
    /// It is damaged, locked, or cannot be read.
    pub fn new(backend: impl StorageBackend, builder: &Builder, verifies: bool) -> Result<Self, Trouble> {
        let backend = Backend::new(backend);
        let closing = backend.closing();
        let mut database = ManuallyDrop::new(call(|| builder.create_with_backend(backend))?);
        if verifies {
            call(|| database.check_integrity())?;
        }
        Ok(Self { database, closing })
    }

    /// It is whole.
    pub fn keep(self) -> Database {
        self.closing.stays_open();
        ManuallyDrop::into_inner(self.database)
    }
}

impl Deref for Opening {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

#[cfg(test)]
mod tests {
    use redb::backends::FileBackend;
    use redb::{ReadableDatabase, TableDefinition};

    use super::*;

    const TABLE: TableDefinition<'_, u8, u8> = TableDefinition::new("table");

    #[test]
    fn panics_and_errors_are_values() {
        assert!(!catches_panics());
        let panicked: Result<(), Trouble> = call(|| -> Result<(), redb::Error> {
            assert!(catches_panics());
            // A call within a call leaves the mark of the outer one.
            let inner = call(|| -> Result<(), redb::Error> { panic!("inner") });
            assert_eq!(inner, Err(Trouble::Damaged("reading it stopped at: inner".into())));
            assert!(catches_panics());
            panic!("outer")
        });
        assert_eq!(panicked, Err(Trouble::Damaged("reading it stopped at: outer".into())));
        assert!(!catches_panics());
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let is_full = |trouble| matches!(trouble, Trouble::Io { kind: io::ErrorKind::StorageFull, .. });
        assert!(is_full(redb::Error::Io(full()).into()));
        let cut = redb::Error::Io(io::ErrorKind::UnexpectedEof.into());
        assert!(matches!(cut.into(), Trouble::Damaged(_)));
        assert_eq!(Trouble::from(redb::Error::PreviousIo), Trouble::Closed);
        assert_eq!(Trouble::from(redb::Error::DatabaseAlreadyOpen), Trouble::Locked);
    }

    #[test]
    fn what_is_not_kept_is_closed_and_unlocked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file.redb");
        drop(Database::create(&path).expect("is made"));
        let open = || {
            let file = std::fs::File::options().read(true).write(true).open(&path).expect("opens");
            Opening::new(FileBackend::new(file).expect("a file"), &Database::builder(), true)
        };
        let opening = open().expect("is whole");
        assert_eq!(open().err(), Some(Trouble::Locked));
        drop(opening);
        let database = open().expect("nobody has it").keep();
        assert_eq!(open().err(), Some(Trouble::Locked));
        let transaction = database.begin_write().expect("begins");
        transaction.open_table(TABLE).expect("opens").insert(1, 2).expect("writes");
        transaction.commit().expect("commits");
        drop(database);
        let read = open().expect("is whole").begin_read().expect("begins").open_table(TABLE).expect("opens");
        assert_eq!(read.get(1).expect("reads").map(|value| value.value()), Some(2));
    }
}
