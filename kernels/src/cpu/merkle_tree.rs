//! Trees by `p3-merkle-tree`.

use aludel_protocol::F;
use aludel_protocol::hash::DIGEST;
use aludel_protocol::trees::{Cap, Trees, trees};
use p3_commit::Mmcs;
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;

use super::{Cpu, Matrix};
use crate::error::Error;
use crate::memory::Reserved;
use crate::seam::{MerkleTree, Opening};

/// A tree with the matrices that it is of.
pub struct Tree {
    trees: Trees,
    data: <Trees as Mmcs<F>>::ProverData<RowMajorMatrix<F>>,
    height: usize,
    #[expect(dead_code, reason = "given back when the tree is dropped")]
    reserved: Vec<Reserved>,
}

impl MerkleTree for Cpu {
    type Tree = Tree;

    fn commit(&self, matrices: Vec<Matrix>, cap_height: usize) -> Result<(Cap, Tree), Error> {
        let heights = || matrices.iter().map(|m| m.rows.height());
        let Some(height) = heights().max().filter(|_| heights().all(usize::is_power_of_two)) else {
            return Err(self.unsupported("a tree without matrices, or of heights that are no powers of two"));
        };
        let nodes = self.reserve((2 * height - 1) * DIGEST)?;
        let (rows, mut reserved): (Vec<_>, Vec<_>) =
            matrices.into_iter().map(|m| (m.rows, m.reserved)).unzip();
        reserved.push(nodes);
        let trees = trees(cap_height);
        let (cap, data) = trees.commit(rows);
        Ok((cap, Tree { trees, data, height, reserved }))
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
