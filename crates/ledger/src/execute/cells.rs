//! What the rules read and write.

use std::collections::HashMap;

use aludel_protocol::cell::{CellAddress, Payload};
use aludel_protocol::hash::Digest;

use crate::multiproof::{NotOpened, PartialState};
use crate::state::State;

/// Cells that can be read and written.
pub trait Cells {
    /// What a cell holds.
    ///
    /// # Errors
    /// Where only a part of the state is at hand and the cell is not in it.
    fn get(&self, at: &CellAddress) -> Result<Payload, NotOpened>;

    /// Writes a cell.
    ///
    /// # Errors
    /// As [`Cells::get`]: a cell that can be read can be written.
    fn set(&mut self, at: &CellAddress, payload: Payload) -> Result<(), NotOpened>;
}

impl Cells for State {
    fn get(&self, at: &CellAddress) -> Result<Payload, NotOpened> {
        Ok(Self::get(self, at))
    }

    /// Hashes the whole way to the root: [`Overlay`] is for many writes.
    fn set(&mut self, at: &CellAddress, payload: Payload) -> Result<(), NotOpened> {
        self.apply(&[(*at, payload)]);
        Ok(())
    }
}

impl Cells for PartialState {
    fn get(&self, at: &CellAddress) -> Result<Payload, NotOpened> {
        Self::get(self, at)
    }

    fn set(&mut self, at: &CellAddress, payload: Payload) -> Result<(), NotOpened> {
        Self::set(self, at, payload)
    }
}

/// Writes over a state, kept aside until they are applied to it together.
#[derive(Debug)]
pub struct Overlay<'a> {
    state: &'a mut State,
    writes: HashMap<CellAddress, Payload>,
}

impl<'a> Overlay<'a> {
    /// Nothing written yet.
    pub fn new(state: &'a mut State) -> Self {
        Self { state, writes: HashMap::new() }
    }

    /// The state below, as it was.
    pub const fn below(&self) -> &State {
        self.state
    }

    /// Every cell written so far, with what it holds now, in order of address.
    pub fn writes(&self) -> Vec<(CellAddress, Payload)> {
        let mut writes: Vec<_> = self.writes.iter().map(|(at, payload)| (*at, *payload)).collect();
        writes.sort_unstable_by_key(|(at, _)| *at);
        writes
    }

    /// Applies the writes to the state below; returns its new root.
    pub fn commit(self) -> Digest {
        let writes = self.writes();
        self.state.apply(&writes);
        self.state.root()
    }
}

impl Cells for Overlay<'_> {
    fn get(&self, at: &CellAddress) -> Result<Payload, NotOpened> {
        Ok(self.writes.get(at).copied().unwrap_or_else(|| self.state.get(at)))
    }

    fn set(&mut self, at: &CellAddress, payload: Payload) -> Result<(), NotOpened> {
        self.writes.insert(*at, payload);
        Ok(())
    }
}
