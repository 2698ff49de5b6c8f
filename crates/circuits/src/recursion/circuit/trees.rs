//! Merkle trees.

use aludel_protocol::F;
use aludel_protocol::hash::DIGEST;

use super::Circuit;
use crate::recursion::program::{Entry, Hashed, Multiproof, Node, Port, Tree, Value};

/// Levels of a Merkle tree, those of its cap included. Steps and the entry where they end are a number of so many bits; one of 31
/// might be the index and `p`, and a leaf have two walks.
pub const LEVELS: usize = 24;
impl<W> Circuit<W> {
    /// The cap of a tree: its digests one after another, at addresses in a row.
    ///
    /// # Panics
    /// Addresses do not lie in a row.
    pub fn cap(&mut self, elements: &[Value]) -> Tree {
        let tree = Tree(self.trees);
        self.trees += 1;
        for (index, digest) in elements.chunks(DIGEST).enumerate() {
            let first = digest[0];
            assert!((0..).zip(digest).all(|(i, value)| *value == first.plus(i)), "a digest lies in a row");
            for value in digest {
                self.program.reads[value.index()] += 1;
            }
            self.program.rows.caps.push(Entry { tree, index, digest: first });
        }
        tree
    }

    /// Walks from a leaf to the cap. Siblings are hints, eight elements a step.
    ///
    /// # Panics
    /// The tree is deeper than [`LEVELS`].
    pub fn path(
        &mut self,
        leaf: Hashed,
        index: Value,
        levels: &[Option<Hashed>],
        cap: Tree,
        siblings: impl Fn(&W) -> Vec<F> + Send + Sync + 'static,
    ) {
        self.paths(&[Walk { leaf, index, levels: levels.to_vec() }], cap, siblings);
    }

    /// Walks of one form from leaves to the cap. Siblings are hints, eight elements each: those that no other walk gives, level
    /// by level from the leaves, and from left to right.
    ///
    /// # Panics
    /// The tree is deeper than [`LEVELS`].
    pub fn paths(
        &mut self,
        walks: &[Walk],
        cap: Tree,
        siblings: impl Fn(&W) -> Vec<F> + Send + Sync + 'static,
    ) {
        let paths = walks.iter().map(|walk| self.walk(walk, cap)).collect();
        let siblings = Box::new(siblings);
        self.program.multiproofs.push(Multiproof { stage: self.stage, paths, siblings });
    }

    fn walk(&mut self, walk: &Walk, cap: Tree) -> core::ops::Range<usize> {
        let entries = self.program.rows.caps.iter().filter(|entry| entry.tree == cap).count();
        let depth = walk.levels.len() + entries.next_power_of_two().trailing_zeros() as usize;
        assert!(depth <= LEVELS, "a path has at most {LEVELS} levels, and this tree {depth}");
        let Port::Read(index) = self.read(walk.index) else { unreachable!("it is read") };
        let nodes = &mut self.program.rows.path;
        let start = nodes.len();
        let begin = Node { digest: Some(walk.leaf), index: Some(index), ..Node::default() };
        if walk.levels.is_empty() {
            nodes.push(Node { bare: true, ..begin });
        }
        for (i, injected) in walk.levels.iter().enumerate() {
            nodes.push(if i == 0 { begin } else { Node::default() });
            if injected.is_some() {
                nodes.push(Node { digest: *injected, inject: true, ..Node::default() });
            }
        }
        let last = nodes.len() - 1;
        nodes[start..last].iter_mut().for_each(|node| node.linked = true);
        nodes[last].end = Some(cap);
        start..nodes.len()
    }
}

/// A way from a leaf to a cap.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The leaf.
    pub leaf: Hashed,
    /// Its index.
    pub index: Value,
    /// For every step up what is injected after it.
    pub levels: Vec<Option<Hashed>>,
}
