//! Pages in memory: sixteen digests and what lies between them and their top.

use aludel_protocol::cell::empty_subtree;
use aludel_protocol::hash::Digest;

use super::format::{STEP, WIDTH};
use crate::state::hashing::node_digests;

/// Where the nodes of each level begin: 16 digests, then 8, 4, 2 and the top.
const LEVELS: [usize; STEP + 1] = [0, 16, 24, 28, 30];

#[derive(Clone, Debug)]
pub(super) struct Page {
    /// Of the top among the nodes of its height.
    pub index: u64,
    nodes: [Digest; 2 * WIDTH - 1],
}

impl Page {
    /// A page whose inner nodes [`fold`] has yet to hash.
    pub fn new(index: u64, digests: &[Digest; WIDTH]) -> Self {
        let mut nodes = [Digest::ZERO; 2 * WIDTH - 1];
        nodes[..WIDTH].copy_from_slice(digests);
        Self { index, nodes }
    }

    pub fn digests(&self) -> &[Digest; WIDTH] {
        self.nodes.first_chunk().unwrap_or_else(|| unreachable!("there are more nodes"))
    }

    pub const fn top(&self) -> Digest {
        self.nodes[LEVELS[STEP]]
    }

    /// A node by its level above the digests and its index among all nodes of its height.
    pub const fn node(&self, level: usize, index: u64) -> Digest {
        self.nodes[LEVELS[level] + (index as usize & ((WIDTH >> level) - 1))]
    }
}

/// Hashes the inner nodes of pages whose digests have height `base`.
pub(super) fn fold(base: usize, pages: &mut [Page]) {
    for level in 0..STEP {
        fold_level(level, [empty_subtree(base + level), empty_subtree(base + level + 1)], pages);
    }
}

/// Hashes one level; two empty children, of which most pages of slots consist, cost nothing.
fn fold_level(level: usize, [below, above]: [Digest; 2], pages: &mut [Page]) {
    let (from, to) = (LEVELS[level], LEVELS[level + 1]);
    let mut places = Vec::with_capacity(pages.len());
    let mut children = Vec::with_capacity(pages.len());
    for (number, page) in pages.iter_mut().enumerate() {
        page.nodes[to..to + (WIDTH >> (level + 1))].fill(above);
        let (pairs, _) = page.nodes[from..to].as_chunks::<2>();
        let full = pairs.iter().enumerate().filter(|(_, pair)| **pair != [below; 2]);
        for (i, pair) in full {
            places.push((number, to + i));
            children.push(*pair);
        }
    }
    for ((number, place), digest) in places.into_iter().zip(node_digests(&children)) {
        pages[number].nodes[place] = digest;
    }
}
