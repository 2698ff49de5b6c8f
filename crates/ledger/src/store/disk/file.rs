//! The file under a database, which can be closed while the database is not.
//!
//! A database that is not found to be whole is never dropped, for that may end the process. Its file is closed all the same, and the lock on it with it.

use core::ops::Bound;
use std::fs::File;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

type Range = (Bound<u64>, Bound<u64>);

/// A database's file. Copies are of the same.
#[derive(Clone, Debug)]
pub(super) struct Backend(Arc<RwLock<Option<FileBackend>>>);

/// Closes the file when it is dropped, unless it is told that all is well.
#[derive(Debug)]
pub(super) struct Closing(Option<Backend>);

impl Backend {
    /// Of an open file.
    pub fn new(file: File) -> Result<Self, redb::DatabaseError> {
        Ok(Self(Arc::new(RwLock::new(Some(FileBackend::new(file)?)))))
    }

    /// What closes it.
    pub fn closing(&self) -> Closing {
        Closing(Some(self.clone()))
    }

    fn on<T, E: From<io::Error>>(&self, call: impl FnOnce(&FileBackend) -> Result<T, E>) -> Result<T, E> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Some(file) => call(file),
            None => Err(io::Error::other("the file was closed").into()),
        }
    }
}

impl Closing {
    /// The file stays open.
    pub fn stays_open(mut self) {
        self.0 = None;
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if let Some(backend) = &self.0 {
            *backend.0.write().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.on(FileBackend::len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.on(|file| file.read(offset, out))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.on(|file| file.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.on(FileBackend::sync_data)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.on(|file| file.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.on(FileBackend::close)
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.locking((start, end), FileBackend::try_lock_range)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.locking((start, end), FileBackend::try_lock_shared_range)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.locking((start, end), FileBackend::lock_range)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.locking((start, end), FileBackend::lock_shared_range)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.locking((start, end), FileBackend::unlock_range)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.locking((start, end), FileBackend::query_lock_range)
    }
}

impl Backend {
    fn locking<T>(
        &self,
        (start, end): Range,
        call: impl FnOnce(&FileBackend, Bound<u64>, Bound<u64>) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        self.on(|file| call(file, start, end))
    }
}
