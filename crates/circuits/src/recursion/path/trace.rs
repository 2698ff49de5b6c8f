//! Rows of `path`.

use aludel_protocol::F;
use aludel_protocol::hash::DIGEST;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{PathColumns, PathFixed};
use crate::chip::TraceError;
use crate::columns::Columns;
use crate::lanes;
use crate::poseidon2::Permutation16;
use crate::recursion::execute::Execution;
use crate::recursion::machine::{Preprocessed, pad};
use crate::recursion::program::{Hashed, Tree};

/// A step of a path, before its permutation is laid out.
#[derive(Clone, Copy, Debug, Default)]
pub struct PathStep {
    /// Both children.
    pub children: [F; 2 * DIGEST],
    /// See [`PathColumns::bit`].
    pub bit: F,
    /// See [`PathColumns::index`].
    pub index: F,
}

/// The preprocessed columns `[2^log_height][PathFixed]`.
pub(in crate::recursion) fn fixed(
    p: &Preprocessed<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let cells = p.rows.path.iter().flat_map(|node| {
        let fixed = PathFixed {
            digest: node.digest.map_or(F::ZERO, Hashed::address),
            index: node.index.map_or(F::ZERO, |v| v.address()),
            tree: node.end.map_or(F::ZERO, Tree::number),
            start: F::from_bool(node.index.is_some()),
            inject: F::from_bool(node.inject),
            end: F::from_bool(node.end.is_some()),
            bare: F::from_bool(node.bare),
            linked: F::from_bool(node.linked),
        };
        fixed.to_row()
    });
    let width = PathFixed::<F>::WIDTH;
    pad("path", cells.collect(), width, log_height, &vec![F::ZERO; width])
}

/// The main columns `[2^log_height][PathColumns]`.
pub(in crate::recursion) fn generate(
    e: &Execution<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    lanes::generate("path", 1, log_height, &e.nodes, PathStep::default(), |steps| {
        let children = lanes::pack(steps.map(|step| step.children));
        let permutations: [Permutation16<F>; lanes::BLOCK] =
            lanes::unpack(Permutation16::permute(children).0);
        core::array::from_fn(|i| {
            let PathStep { children, bit, index } = *steps[i];
            PathColumns {
                left: core::array::from_fn(|j| children[j]),
                right: core::array::from_fn(|j| children[DIGEST + j]),
                bit,
                index,
                permutation: permutations[i],
            }
        })
    })
}
