//! A state of which only some cells are open.

use aludel_protocol::cell::{CellAddress, Payload, Space, node};
use aludel_protocol::hash::Digest;

use super::Multiproof;
use crate::state;
use crate::state::hashing::cell_digests;
use crate::state::tree::{Pair, SPACES, depth, leaf_index, lift, pair};
use aludel_protocol::cell::NodeUpdate;

/// A cell that was not opened was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cell {at:?} is not among those that the batch opens; its multiproof is incomplete: fetch it again")]
pub struct NotOpened {
    /// The cell.
    pub at: CellAddress,
}

/// An open cell, as it was opened and as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenCell {
    /// Where it lies.
    pub at: CellAddress,
    /// What it held in the state that was opened.
    pub old: Payload,
    /// What it holds now.
    pub new: Payload,
}

/// How the open cells' changes change the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateUpdate {
    /// Every node above an open cell and the root, children before parents: by space, height and index.
    pub nodes: Vec<NodeUpdate>,
    /// The root that was opened.
    pub old_root: Digest,
    /// The root now.
    pub new_root: Digest,
}

/// A state of which the cells of a multiproof are open: they can be read and written, and the new root follows.
#[derive(Clone, Debug)]
pub struct PartialState {
    /// In order of address.
    cells: Vec<OpenCell>,
    /// Touched nodes as opened, by space and height of their children; no levels where no cell is open.
    levels: [Vec<Vec<Pair>>; 2],
    /// Digests of the spaces as opened.
    tops: [Digest; 2],
    old_root: Digest,
}

impl PartialState {
    /// Opens a proof to whatever root it has.
    pub(super) fn of(proof: &Multiproof) -> Self {
        let mut siblings = proof.siblings.iter().copied();
        // The form of the proof was checked, so there are exactly as many as are asked for.
        let mut next = || siblings.next().unwrap_or_default();
        let spaces = SPACES.map(|space| open_space(space, &proof.cells, &mut next));
        let tops = [0, 1].map(|i| spaces[i].1.unwrap_or_else(&mut next));
        Self {
            cells: proof.cells.iter().map(|&(at, old)| OpenCell { at, old, new: old }).collect(),
            levels: spaces.map(|(levels, _)| levels),
            tops,
            old_root: node(tops[0], tops[1]),
        }
    }

    /// The root that was opened.
    pub const fn old_root(&self) -> Digest {
        self.old_root
    }

    /// The root now.
    pub fn root(&self) -> Digest {
        self.update().new_root
    }

    /// The open cells, in order of address.
    pub fn cells(&self) -> &[OpenCell] {
        &self.cells
    }

    /// What an open cell holds now.
    pub fn get(&self, at: &CellAddress) -> Result<Payload, NotOpened> {
        self.find(at).map(|i| self.cells[i].new)
    }

    /// Writes an open cell.
    pub fn set(&mut self, at: &CellAddress, payload: Payload) -> Result<(), NotOpened> {
        let i = self.find(at)?;
        self.cells[i].new = payload;
        Ok(())
    }

    /// Writes open cells, in order. Writes before the first that is not open stand.
    pub fn apply(&mut self, writes: &[(CellAddress, Payload)]) -> Result<(), NotOpened> {
        writes.iter().try_for_each(|(at, payload)| self.set(at, *payload))
    }

    /// Every touched node of the tree with its children, before and after.
    pub fn update(&self) -> StateUpdate {
        let mut nodes = Vec::with_capacity(1 + self.levels.iter().flatten().map(Vec::len).sum::<usize>());
        let touched = [0, 1].map(|i| !self.levels[i].is_empty());
        let tops = [0, 1].map(|i| self.update_space(SPACES[i], &mut nodes).unwrap_or(self.tops[i]));
        nodes.push(state::root(touched, self.tops, tops));
        StateUpdate { nodes, old_root: self.old_root, new_root: node(tops[0], tops[1]) }
    }

    fn find(&self, at: &CellAddress) -> Result<usize, NotOpened> {
        self.cells.binary_search_by_key(at, |cell| cell.at).map_err(|_| NotOpened { at: *at })
    }

    /// Appends the nodes of a space; returns its new top, if a cell of it is open.
    fn update_space(&self, space: Space, nodes: &mut Vec<NodeUpdate>) -> Option<Digest> {
        let cells: Vec<_> =
            self.cells.iter().filter(|c| c.at.space == space).map(|c| (c.at, c.new)).collect();
        let mut digests: Vec<_> = cell_digests(&cells);
        for (height, old) in self.levels[space as usize].iter().enumerate() {
            let new = replace_touched(old, &digests);
            nodes.extend(old.iter().zip(&new).map(|(o, n)| state::inner(space, height, o, n.children)));
            digests = lift(&new).into_iter().map(|(_, digest)| digest).collect();
        }
        digests.first().copied()
    }
}

/// The pairs with the digests of their touched children, which come in order, replaced.
fn replace_touched(pairs: &[Pair], digests: &[Digest]) -> Vec<Pair> {
    let mut digests = digests.iter();
    let mut replace = |touched: bool, old: Digest| match touched {
        true => digests.next().copied().unwrap_or(old),
        false => old,
    };
    let mut pair = |p: &Pair| {
        let [left, right] = p.children;
        Pair { children: [replace(p.touched[0], left), replace(p.touched[1], right)], ..*p }
    };
    pairs.iter().map(&mut pair).collect()
}

/// The levels of a space above its open cells, and its top; nothing where none is open.
fn open_space(
    space: Space,
    cells: &[(CellAddress, Payload)],
    next_sibling: &mut impl FnMut() -> Digest,
) -> (Vec<Vec<Pair>>, Option<Digest>) {
    let cells: Vec<_> = cells.iter().filter(|(at, _)| at.space == space).copied().collect();
    if cells.is_empty() {
        return (Vec::new(), None);
    }
    let mut level: Vec<_> = cells.iter().map(|(at, _)| leaf_index(at)).zip(cell_digests(&cells)).collect();
    let mut levels = Vec::with_capacity(depth(space));
    for _ in 0..depth(space) {
        let pairs = pair(&level, |_| next_sibling());
        level = lift(&pairs);
        levels.push(pairs);
    }
    (levels, level.first().map(|(_, digest)| *digest))
}
