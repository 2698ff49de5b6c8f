//! Calls into the database, with the file's name in every error.

use std::io;
use std::path::{Path, PathBuf};

use aludel_durable::Trouble;

use crate::store::StoreError;

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
        aludel_durable::call(call).map_err(|trouble| self.name(trouble))
    }

    pub fn damaged(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), reason: reason.into() }
    }

    pub fn io(&self, error: &io::Error) -> StoreError {
        StoreError::Io { path: self.path.clone(), kind: error.kind(), reason: error.to_string() }
    }

    pub fn name(&self, trouble: Trouble) -> StoreError {
        let path = self.path.clone();
        match trouble {
            Trouble::Damaged(reason) => StoreError::Damaged { path, reason },
            Trouble::Io { kind, reason } => StoreError::Io { path, kind, reason },
            Trouble::Closed => StoreError::Closed { path },
            Trouble::Locked => StoreError::Locked { path },
        }
    }
}
