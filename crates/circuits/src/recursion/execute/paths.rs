//! Merkle paths, walked when all digests are known.

use std::collections::BTreeMap;
use std::ops::Range;

use aludel_protocol::F;
use aludel_protocol::hash::{DIGEST, perm16};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_symmetric::Permutation;

use super::Execution;
use crate::recursion::path::trace::PathStep;
use crate::recursion::program::{Node, Tree};

impl Execution<'_> {
    /// Walks paths of one form step by step side by side, so that each gives the others what is beside them.
    pub(super) fn walk(&mut self, paths: &[Range<usize>], siblings: &[F]) {
        let digests = |chunk: &[F]| chunk.try_into().unwrap_or_default();
        let mut siblings = siblings.chunks(DIGEST).map(digests);
        let rows = self.rows;
        let mut walkers: Vec<Walker> = paths.iter().map(|path| self.start(&rows.path[path.start])).collect();
        for step in 0..paths.first().map_or(0, ExactSizeIterator::len) {
            let node = &rows.path[paths[0].start + step];
            let beside =
                if node.bare || node.inject { BTreeMap::new() } else { beside(&walkers, &mut siblings) };
            for (path, walker) in paths.iter().zip(&mut walkers) {
                let row = path.start + step;
                self.nodes[row] = self.node(&rows.path[row], walker, &beside);
                if let Some(tree) = rows.path[row].end {
                    self.end(tree, walker.index, walker.digest);
                }
            }
        }
    }

    fn start(&self, node: &Node) -> Walker {
        let digest = node.digest.map_or([F::ZERO; DIGEST], |hashed| self.digests[hashed.0 as usize]);
        let index = node.index.map_or(0, |value| self.base(value).as_canonical_u32());
        Walker { digest, index }
    }

    fn node(&self, node: &Node, walker: &mut Walker, beside: &BTreeMap<u32, [F; DIGEST]>) -> PathStep {
        let digest = walker.digest;
        let (pair, bit) = if node.bare {
            (children([F::ZERO; DIGEST], digest), false)
        } else if node.inject {
            let injected = node.digest.map(|hashed| self.digests[hashed.0 as usize]);
            (children(digest, injected.unwrap_or_default()), false)
        } else {
            let sibling = beside.get(&(walker.index ^ 1)).copied().unwrap_or_default();
            let right = walker.index & 1 == 1;
            walker.index >>= 1;
            let pair = if right { children(sibling, digest) } else { children(digest, sibling) };
            (pair, right != node.index.is_some())
        };
        if !node.bare {
            let out = perm16().permute(pair);
            walker.digest = core::array::from_fn(|i| out[i]);
        }
        PathStep { children: pair, bit: F::from_bool(bit), index: F::from_u32(walker.index) }
    }

    fn end(&mut self, tree: Tree, index: u32, digest: [F; DIGEST]) {
        let mut entries = (0..).zip(&self.rows.caps);
        let entry = entries.find(|(_, e): &(usize, _)| e.tree == tree && e.index == index as usize);
        let Some((row, entry)) = entry else {
            return self.fail(format!("a path ends at entry {index}, which its cap has not"));
        };
        if self.digest_at(entry.digest) != digest {
            self.fail(format!("a path does not end at entry {index} of its cap"));
        }
        self.ends[row] += 1;
    }
}

/// Where a path is.
struct Walker {
    digest: [F; DIGEST],
    index: u32,
}

/// The nodes of a level by index: those that are walked, and beside them those that are given.
fn beside(walkers: &[Walker], given: &mut impl Iterator<Item = [F; DIGEST]>) -> BTreeMap<u32, [F; DIGEST]> {
    let mut level: BTreeMap<u32, [F; DIGEST]> = walkers.iter().map(|w| (w.index, w.digest)).collect();
    let missing: Vec<u32> = level.keys().map(|i| i ^ 1).filter(|i| !level.contains_key(i)).collect();
    for index in missing {
        level.insert(index, given.next().unwrap_or_default());
    }
    level
}

/// Two children as one input.
fn children(left: [F; DIGEST], right: [F; DIGEST]) -> [F; 2 * DIGEST] {
    core::array::from_fn(|i| if i < DIGEST { left[i] } else { right[i - DIGEST] })
}
