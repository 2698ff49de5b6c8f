//! Trees by `p3-merkle-tree`.

use aludel_protocol::F;
use aludel_protocol::hash::DIGEST;
use aludel_protocol::trees::{Cap, Trees, trees};
use p3_commit::Mmcs;
use p3_matrix::Matrix as _;

use super::{Cpu, Matrix};
use crate::error::Error;
use crate::memory::Reserved;
use crate::seam::{MerkleTree, Opening};

/// A tree with the matrices that it is of.
pub struct Tree {
    trees: Trees,
    data: <Trees as Mmcs<F>>::ProverData<Matrix>,
    height: usize,
    #[expect(dead_code, reason = "given back when the tree is dropped")]
    reserved: Reserved,
}

/// Words of the nodes of a tree.
pub(super) const fn node_words(height: usize) -> usize {
    (2 * height - 1) * DIGEST
}

impl MerkleTree for Cpu {
    type Tree = Tree;

    fn commit(&self, matrices: Vec<Matrix>, cap_height: usize) -> Result<(Cap, Tree), Error> {
        let heights = || matrices.iter().map(|m| m.height());
        let Some(height) = heights().max().filter(|_| heights().all(usize::is_power_of_two)) else {
            return Err(self.unsupported("a tree without matrices, or of heights that are no powers of two"));
        };
        let reserved = self.reserve(node_words(height))?;
        let trees = trees(cap_height);
        let (cap, data) = trees.commit(matrices);
        Ok((cap, Tree { trees, data, height, reserved }))
    }

    fn matrices<'a>(&self, tree: &'a Tree) -> Vec<&'a Matrix> {
        tree.trees.get_matrices(&tree.data)
    }

    fn open(&self, tree: &Tree, indices: &[usize]) -> Result<Vec<Opening>, Error> {
        if let Some(index) = indices.iter().find(|index| **index >= tree.height) {
            return Err(self.unsupported(format!("row {index} of a tree of {}", tree.height)));
        }
        let open = |index: &usize| {
            let (rows, path) = tree.trees.open_batch(*index, &tree.data).unpack();
            Opening { rows, path }
        };
        Ok(indices.iter().map(open).collect())
    }
}
