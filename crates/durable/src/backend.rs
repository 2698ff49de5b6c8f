//! The file under a database, which can be closed while the database is not.
//!
//! A database that is not found to be whole is never dropped, for that may end the process. Its file is closed all the same, and the lock on it with it.

use core::ops::Bound;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use redb::{BackendError, StorageBackend};

type Range = (Bound<u64>, Bound<u64>);

/// A database's file. Copies are of the same.
#[derive(Debug)]
pub struct Backend<B>(Arc<RwLock<Option<B>>>);

impl<B> Clone for Backend<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Closes the file when it is dropped, unless it is told that all is well.
#[derive(Debug)]
pub(crate) struct Closing(Option<Box<dyn Close>>);

/// A file that can be closed, of whatever sort.
trait Close: core::fmt::Debug {
    fn close_file(&self);
}

impl<B: StorageBackend> Close for Backend<B> {
    fn close_file(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl<B: StorageBackend> Backend<B> {
    /// Of an open file.
    pub fn new(file: B) -> Self {
        Self(Arc::new(RwLock::new(Some(file))))
    }

    /// What closes it.
    pub(crate) fn closing(&self) -> Closing {
        Closing(Some(Box::new(self.clone())))
    }

    fn on<T, E: From<io::Error>>(&self, call: impl FnOnce(&B) -> Result<T, E>) -> Result<T, E> {
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
            backend.close_file();
        }
    }
}

impl<B: StorageBackend> StorageBackend for Backend<B> {
    fn len(&self) -> io::Result<u64> {
        self.on(B::len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.on(|file| file.read(offset, out))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.on(|file| file.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.on(B::sync_data)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.on(|file| file.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.on(B::close)
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.locking((start, end), B::try_lock_range)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.locking((start, end), B::try_lock_shared_range)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.locking((start, end), B::lock_range)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.locking((start, end), B::lock_shared_range)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.locking((start, end), B::unlock_range)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.locking((start, end), B::query_lock_range)
    }
}

impl<B: StorageBackend> Backend<B> {
    fn locking<T>(
        &self,
        (start, end): Range,
        call: impl FnOnce(&B, Bound<u64>, Bound<u64>) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        self.on(|file| call(file, start, end))
    }
}
