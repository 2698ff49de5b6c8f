//! The shape of the tree: paths, empty subtrees, and the step from one level to the next.
//!
//! A node is named by its space, its height above the leaves and its index among the nodes of that height. The
//! index of a leaf is its account number (accounts), or `2^16` times that plus the slot (slots); that of a
//! parent is half of its child's, whose last bit says left (0) or right (1).

use aludel_protocol::cell::{CellAddress, Space};
use aludel_protocol::hash::Digest;
use aludel_protocol::params::{ACCOUNT_BITS, SLOT_BITS};

use super::hashing::node_digests;

/// The spaces in their order below the root.
pub(crate) const SPACES: [Space; 2] = [Space::Account, Space::Slot];

/// Height of the top node of a space.
pub(crate) const fn depth(space: Space) -> usize {
    match space {
        Space::Account => ACCOUNT_BITS,
        Space::Slot => ACCOUNT_BITS + SLOT_BITS,
    }
}

/// Index of a cell among the leaves of its space.
pub(crate) fn leaf_index(at: &CellAddress) -> u64 {
    let account = u64::from(at.account.0);
    match at.space {
        Space::Account => account,
        Space::Slot => account << SLOT_BITS | u64::from(at.slot),
    }
}

/// A node of the tree below the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Position {
    pub space: Space,
    pub height: usize,
    pub index: u64,
}

/// An inner node above at least one touched node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub index: u64,
    /// Which of the children are touched, left first.
    pub touched: [bool; 2],
    pub children: [Digest; 2],
}

/// Pairs the touched nodes of a level, in ascending order of index, with their siblings.
pub(crate) fn pair(level: &[(u64, Digest)], mut sibling: impl FnMut(u64) -> Digest) -> Vec<Pair> {
    let pair = |nodes: &[(u64, Digest)]| match *nodes {
        [(left, a), (_, b)] => Pair { index: left >> 1, touched: [true; 2], children: [a, b] },
        [(i, a), ..] if i & 1 == 0 => {
            Pair { index: i >> 1, touched: [true, false], children: [a, sibling(i ^ 1)] }
        }
        [(i, b), ..] => Pair { index: i >> 1, touched: [false, true], children: [sibling(i ^ 1), b] },
        [] => unreachable!("no group is empty"),
    };
    level.chunk_by(|a, b| a.0 >> 1 == b.0 >> 1).map(pair).collect()
}

/// The level above: each pair's node.
pub(crate) fn lift(pairs: &[Pair]) -> Vec<(u64, Digest)> {
    let children: Vec<_> = pairs.iter().map(|p| p.children).collect();
    pairs.iter().map(|p| p.index).zip(node_digests(&children)).collect()
}

/// The untouched nodes whose digests make the root from the cells at `addresses` (sorted, unique): by space,
/// then height, then index; last the tops of spaces with no touched cell. This is the order of a multiproof.
pub(crate) fn siblings<'a>(addresses: impl Iterator<Item = &'a CellAddress> + Clone) -> Vec<Position> {
    let mut out = Vec::new();
    let mut tops = Vec::new();
    for space in SPACES {
        let mut level: Vec<u64> = addresses.clone().filter(|at| at.space == space).map(leaf_index).collect();
        if level.is_empty() {
            tops.push(Position { space, height: depth(space), index: 0 });
            continue;
        }
        for height in 0..depth(space) {
            let alone = level.chunk_by(|a, b| a >> 1 == b >> 1).filter(|nodes| nodes.len() == 1);
            out.extend(alone.map(|nodes| Position { space, height, index: nodes[0] ^ 1 }));
            level.iter_mut().for_each(|index| *index >>= 1);
            level.dedup();
        }
    }
    out.extend(tops);
    out
}
