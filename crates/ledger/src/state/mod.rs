//! The whole state: every cell, and the tree over them (`docs/decisions/0001-chip-layout.md`, "The tree").
//!
//! It lies in memory; only nodes above a written cell are stored. [`crate::multiproof`] holds the part of it
//! that a batch touches.

pub(crate) mod hashing;
pub(crate) mod tree;
pub(crate) mod update;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashMap;

use aludel_protocol::cell::{CellAddress, CounterCell, Payload, Space, empty_subtree, node};
use aludel_protocol::hash::Digest;
use aludel_protocol::ids::AccountId;
use aludel_protocol::params::SYSTEM_ACCOUNT;

use crate::multiproof::Multiproof;
use crate::store::sorted;
use hashing::cell_digests;
use tree::{Position, SPACES, depth, leaf_index, lift, pair, siblings};
pub(crate) use update::{inner, root};

/// Every cell of the chain.
#[derive(Clone, Debug)]
pub struct State {
    cells: HashMap<CellAddress, Payload>,
    /// By space and height; a missing node is the top of an empty subtree.
    nodes: [Vec<HashMap<u64, Digest>>; 2],
    root: Digest,
}

impl State {
    /// A state without cells.
    pub fn empty() -> Self {
        let nodes = SPACES.map(|space| vec![HashMap::new(); depth(space) + 1]);
        Self {
            cells: HashMap::new(),
            nodes,
            root: node(empty_subtree(depth(SPACES[0])), empty_subtree(depth(SPACES[1]))),
        }
    }

    /// The state in which every chain begins: the account counter, whose first number is 1.
    pub fn genesis() -> Self {
        let mut state = Self::empty();
        let first = CounterCell(AccountId(SYSTEM_ACCOUNT + 1));
        state.apply(&[(CellAddress::COUNTER, first.payload())]);
        state
    }

    /// What a cell holds; [`Payload::EMPTY`] where nothing was written.
    pub fn get(&self, at: &CellAddress) -> Payload {
        self.cells.get(at).copied().unwrap_or(Payload::EMPTY)
    }

    /// Root of the tree.
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// How many cells were written.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether no cell was written.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Every written cell, in order of address.
    pub fn cells(&self) -> Vec<(CellAddress, Payload)> {
        let mut cells: Vec<_> = self.cells.iter().map(|(at, payload)| (*at, *payload)).collect();
        cells.sort_unstable_by_key(|(at, _)| *at);
        cells
    }

    /// Writes cells, in any order; of two writes to one cell the later counts. Every node above them is hashed
    /// once. The caller holds that an account's own cell has slot 0 and that a payload which does not exist is
    /// empty: [`Multiproof`] and snapshots check what comes from outside.
    pub fn apply(&mut self, writes: &[(CellAddress, Payload)]) {
        let writes = sorted(writes);
        for (at, payload) in &writes {
            match *payload == Payload::EMPTY {
                true => self.cells.remove(at),
                false => self.cells.insert(*at, *payload),
            };
        }
        let slots = writes.partition_point(|(at, _)| at.space == Space::Account);
        let tops = [self.climb(Space::Account, &writes[..slots]), self.climb(Space::Slot, &writes[slots..])];
        self.root = node(tops[0], tops[1]);
    }

    /// Opens the cells at `addresses` (in any order, repeats allowed) to the root.
    pub fn prove(&self, addresses: impl IntoIterator<Item = CellAddress>) -> Multiproof {
        let mut addresses: Vec<_> = addresses.into_iter().collect();
        addresses.sort_unstable();
        addresses.dedup();
        let digests = siblings(addresses.iter()).iter().map(|at| self.node(at)).collect();
        let cells = addresses.iter().map(|at| (*at, self.get(at))).collect();
        Multiproof::from_parts(cells, digests)
    }

    fn node(&self, at: &Position) -> Digest {
        let level = &self.nodes[at.space as usize][at.height];
        level.get(&at.index).copied().unwrap_or_else(|| empty_subtree(at.height))
    }

    /// Hashes every node above the writes (sorted) to one space; returns the top.
    fn climb(&mut self, space: Space, writes: &[(CellAddress, Payload)]) -> Digest {
        let mut level: Vec<_> =
            writes.iter().map(|(at, _)| leaf_index(at)).zip(cell_digests(writes)).collect();
        for height in 0..depth(space) {
            self.store(space, height, &level);
            level = lift(&pair(&level, |index| self.node(&Position { space, height, index })));
        }
        self.store(space, depth(space), &level);
        self.node(&Position { space, height: depth(space), index: 0 })
    }

    fn store(&mut self, space: Space, height: usize, level: &[(u64, Digest)]) {
        let nodes = &mut self.nodes[space as usize][height];
        for (index, digest) in level {
            match *digest == empty_subtree(height) {
                true => nodes.remove(index),
                false => nodes.insert(*index, *digest),
            };
        }
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.root == other.root && self.cells == other.cells
    }
}

impl Eq for State {}
