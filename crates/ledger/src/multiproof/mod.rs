//! The part of the state that a batch touches, with the digests that tie it to the root.

mod partial;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io::{self, Read};

use aludel_protocol::cell::{CellAddress, Payload, Space};
use aludel_protocol::hash::Digest;
use borsh::{BorshDeserialize, BorshSerialize};

use crate::state::tree::siblings;
pub use partial::{NotOpened, OpenCell, PartialState, StateUpdate};

/// Why a multiproof is none, or not the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// An account's own cell has slot 0.
    #[error("account {} has no own cell in slot {}; an account cell has slot 0", .0.account, .0.slot)]
    Address(CellAddress),
    /// Cells are in strictly ascending order of address.
    #[error("cell {at:?} is out of order or repeated; sort the cells by address and open each once")]
    Order {
        /// The cell that is not after the one before it.
        at: CellAddress,
    },
    /// A cell that does not exist is all zero, and the flag that tells is 0 or 1.
    #[error("cell {at:?} neither exists nor is empty; fetch the batch again")]
    Payload {
        /// The cell.
        at: CellAddress,
    },
    /// The addresses alone say how many siblings there are.
    #[error("these cells take {expected} siblings, found {found}; fetch the batch again")]
    Siblings {
        /// How many the addresses ask for.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// It opens another state.
    #[error("the cells open the state {found}, expected {expected}; this is the proof of another batch")]
    Root {
        /// The root that the batch begins with.
        expected: Digest,
        /// The root of these cells and siblings.
        found: Digest,
    },
    /// A cell that the batch touches is missing.
    #[error(transparent)]
    NotOpened(#[from] NotOpened),
}

/// Cells before a batch, and the siblings on their ways to the root.
///
/// There is one multiproof for a state and a set of addresses: cells are sorted and unique, and the siblings
/// are exactly those that the addresses ask for, by space, then height from the leaves, then index; last the
/// digest of a space in which no cell is open. Nothing else decodes.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Multiproof {
    cells: Vec<(CellAddress, Payload)>,
    siblings: Vec<Digest>,
}

impl Multiproof {
    /// Checks the form; the root is checked by [`Multiproof::open`].
    pub fn new(cells: Vec<(CellAddress, Payload)>, siblings: Vec<Digest>) -> Result<Self, ProofError> {
        check_cells(&cells)?;
        let expected = crate::state::tree::siblings(cells.iter().map(|(at, _)| at)).len();
        match expected == siblings.len() {
            true => Ok(Self { cells, siblings }),
            false => Err(ProofError::Siblings { expected, found: siblings.len() }),
        }
    }

    /// Parts that have the form by construction.
    pub(crate) const fn from_parts(cells: Vec<(CellAddress, Payload)>, siblings: Vec<Digest>) -> Self {
        Self { cells, siblings }
    }

    /// The cells, in order of address.
    pub fn cells(&self) -> &[(CellAddress, Payload)] {
        &self.cells
    }

    /// The siblings, in the canonical order.
    pub fn siblings(&self) -> &[Digest] {
        &self.siblings
    }

    /// The root that cells and siblings make.
    pub fn root(&self) -> Digest {
        PartialState::of(self).old_root()
    }

    /// The state that the proof opens, if it has the given root.
    pub fn open(&self, expected: Digest) -> Result<PartialState, ProofError> {
        let state = PartialState::of(self);
        match state.old_root() {
            found if found == expected => Ok(state),
            found => Err(ProofError::Root { expected, found }),
        }
    }

    /// One proof, relative to the state before the first of consecutive batches, of every cell that one of them
    /// touches; `proofs` are theirs, in order, each relative to the state before its own batch.
    ///
    /// A cell has there the value with which the first batch to touch it found it. A sibling in the union lies
    /// above no touched cell, so no batch changes it; and its own sibling lies above a cell that some batch
    /// touches, so that batch's proof holds it. Proofs that are not of consecutive states give a proof with
    /// another root, which [`Multiproof::open`] refuses.
    pub fn union<'a>(proofs: impl IntoIterator<Item = &'a Self>) -> Result<Self, ProofError> {
        let mut cells = HashMap::new();
        let mut known = HashMap::new();
        for proof in proofs {
            for (at, payload) in &proof.cells {
                cells.entry(*at).or_insert(*payload);
            }
            let positions = siblings(proof.cells.iter().map(|(at, _)| at));
            for (position, digest) in positions.into_iter().zip(&proof.siblings) {
                known.entry(position).or_insert(*digest);
            }
        }
        let mut cells: Vec<_> = cells.into_iter().collect();
        cells.sort_unstable_by_key(|(at, _)| *at);
        let needed = siblings(cells.iter().map(|(at, _)| at));
        let digests = needed.iter().filter_map(|at| known.get(at).copied()).collect();
        Self::new(cells, digests)
    }
}

/// Whether cells are sorted and unique, at addresses and with payloads that can be.
pub(crate) fn check_cells(cells: &[(CellAddress, Payload)]) -> Result<(), ProofError> {
    if let Some(pair) = cells.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
        return Err(ProofError::Order { at: pair[1].0 });
    }
    cells.iter().try_for_each(|(at, payload)| match at {
        at if at.space == Space::Account && at.slot != 0 => Err(ProofError::Address(*at)),
        at if !payload.exists() && *payload != Payload::EMPTY => Err(ProofError::Payload { at: *at }),
        _ => Ok(()),
    })
}

impl BorshDeserialize for Multiproof {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let cells = BorshDeserialize::deserialize_reader(reader)?;
        let siblings = BorshDeserialize::deserialize_reader(reader)?;
        Self::new(cells, siblings).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e.to_string()))
    }
}
