//! What the rules read and write.

use std::collections::HashMap;

use aludel_protocol::cell::{CellAddress, Payload};

use super::Fault;
use crate::batch::Chain;
use crate::multiproof::{NotOpened, PartialState};
use crate::state::State;
use crate::store::{Store, StoreError};

/// Why a cell is not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellError {
    /// Only a part of the state is at hand, and the cell is not in it.
    #[error(transparent)]
    NotOpened(#[from] NotOpened),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CellError> for Fault {
    fn from(error: CellError) -> Self {
        match error {
            CellError::NotOpened(error) => Self::NotOpened(error),
            CellError::Store(error) => Self::Store(error),
        }
    }
}

/// Cells that can be read and written.
pub trait Cells {
    /// What a cell holds.
    ///
    /// # Errors
    /// Where only a part of the state is at hand and the cell is not in it, or where the store fails.
    fn get(&self, at: &CellAddress) -> Result<Payload, CellError>;

    /// Writes a cell.
    ///
    /// # Errors
    /// As [`Cells::get`]: a cell that can be read can be written.
    fn set(&mut self, at: &CellAddress, payload: Payload) -> Result<(), CellError>;
}

impl Cells for State {
    fn get(&self, at: &CellAddress) -> Result<Payload, CellError> {
        Ok(Self::get(self, at))
    }

    /// Hashes the whole way to the root: [`Overlay`] is for many writes.
    fn set(&mut self, at: &CellAddress, payload: Payload) -> Result<(), CellError> {
        self.apply(&[(*at, payload)]);
        Ok(())
    }
}

impl Cells for PartialState {
    fn get(&self, at: &CellAddress) -> Result<Payload, CellError> {
        Ok(Self::get(self, at)?)
    }

    fn set(&mut self, at: &CellAddress, payload: Payload) -> Result<(), CellError> {
        Ok(Self::set(self, at, payload)?)
    }
}

/// Writes over a store, kept aside until they are applied to it together.
#[derive(Debug)]
pub struct Overlay<'a, S = Chain> {
    store: &'a mut S,
    writes: HashMap<CellAddress, Payload>,
}

impl<'a, S> Overlay<'a, S> {
    /// Nothing written yet.
    pub fn new(store: &'a mut S) -> Self {
        Self { store, writes: HashMap::new() }
    }

    /// The store below, as it was.
    pub const fn below(&self) -> &S {
        self.store
    }

    /// The store, and every cell written, with what it is to hold, in order of address.
    pub fn into_parts(self) -> (&'a mut S, Vec<(CellAddress, Payload)>) {
        let mut writes: Vec<_> = self.writes.into_iter().collect();
        writes.sort_unstable_by_key(|(at, _)| *at);
        (self.store, writes)
    }
}

impl<S: Store> Cells for Overlay<'_, S> {
    fn get(&self, at: &CellAddress) -> Result<Payload, CellError> {
        let below = || self.store.get(at).map_err(|e| CellError::Store(e.into()));
        self.writes.get(at).copied().map_or_else(below, Ok)
    }

    fn set(&mut self, at: &CellAddress, payload: Payload) -> Result<(), CellError> {
        self.writes.insert(*at, payload);
        Ok(())
    }
}
