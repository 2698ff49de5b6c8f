//! Trees by `p3-merkle-tree`.

use aludel_protocol::F;
use aludel_protocol::trees::{Cap, Trees, trees};
use p3_commit::Mmcs;
use p3_matrix::Matrix as _;

use super::{Cpu, Matrix};
use crate::error::Error;
use crate::id::DeviceId;
use crate::memory::Reserved;
use crate::seam::{MerkleTree, Opening, has_rows, log_tallest, node_words};

/// A tree with the matrices that it is of.
pub struct Tree {
    trees: Trees,
    data: <Trees as Mmcs<F>>::ProverData<Matrix>,
    log_height: usize,
    #[expect(dead_code, reason = "given back when the tree is dropped")]
    reserved: Reserved,
}

impl MerkleTree for Cpu {
    type Tree = Tree;

    fn commit(&self, matrices: Vec<Matrix>, cap_height: usize) -> Result<(Cap, Tree), Error> {
        let log_height = log_tallest(DeviceId::Cpu, matrices.iter().map(|matrix| matrix.height()))?;
        let reserved = self.reserve(node_words(log_height))?;
        let trees = trees(cap_height);
        let (cap, data) = trees.commit(matrices);
        Ok((cap, Tree { trees, data, log_height, reserved }))
    }

    fn matrices<'a>(&self, tree: &'a Tree) -> Vec<&'a Matrix> {
        tree.trees.get_matrices(&tree.data)
    }

    fn open(&self, tree: &Tree, indices: &[usize]) -> Result<Vec<Opening>, Error> {
        has_rows(DeviceId::Cpu, tree.log_height, indices)?;
        let open = |index: &usize| {
            let (rows, path) = tree.trees.open_batch(*index, &tree.data).unpack();
            Opening { rows, path }
        };
        Ok(indices.iter().map(open).collect())
    }
}
