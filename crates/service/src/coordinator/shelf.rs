//! The store, which is opened anew when a write has failed.

use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use aludel_scheduler::store::{JobStore, StoreError};

/// How a store is opened.
pub type OpenStore = Box<dyn Fn() -> Result<Box<dyn JobStore>, StoreError> + Send + Sync>;

/// A store and the way to open it again.
pub(super) struct Shelf {
    path: PathBuf,
    open: OpenStore,
    /// None while it is being opened anew, and at the end.
    store: RwLock<Option<Box<dyn JobStore>>>,
}

impl Shelf {
    /// Opens it.
    pub fn open(path: PathBuf, open: OpenStore) -> Result<Self, StoreError> {
        let store = RwLock::new(Some(open()?));
        Ok(Self { path, open, store })
    }

    /// Uses it; an error while there is none.
    pub fn with<T>(
        &self,
        work: impl FnOnce(&dyn JobStore) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        match &*store {
            Some(store) => work(store.as_ref()),
            None => Err(StoreError::Closed { path: self.path.clone() }),
        }
    }

    /// Closes it: another process may open it.
    pub fn close(&self) {
        *self.store.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Closes it and opens it again, from what is on the disk.
    pub fn reopen(&self) -> Result<(), StoreError> {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        // It can be open only once.
        *store = None;
        *store = Some((self.open)()?);
        Ok(())
    }
}
