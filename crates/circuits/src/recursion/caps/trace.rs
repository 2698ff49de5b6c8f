//! Rows of `caps`.

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{CapsColumns, CapsFixed};
use crate::chip::TraceError;
use crate::columns::Columns;
use crate::recursion::execute::Execution;
use crate::recursion::machine::{Preprocessed, pad};

/// The preprocessed columns `[2^log_height][CapsFixed]`.
pub(in crate::recursion) fn fixed(
    p: &Preprocessed<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let cells = p.rows.caps.iter().flat_map(|entry| {
        let (tree, index) = (entry.tree.number(), F::from_usize(entry.index));
        CapsFixed { real: F::ONE, tree, index, address: entry.digest.address() }.to_row()
    });
    let width = CapsFixed::<F>::WIDTH;
    pad("caps", cells.collect(), width, log_height, &vec![F::ZERO; width])
}

/// The main columns `[2^log_height][CapsColumns]`.
pub(in crate::recursion) fn generate(
    e: &Execution<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let cells = e.rows.caps.iter().zip(&e.ends).flat_map(|(entry, count)| {
        CapsColumns { count: F::from_u32(*count), digest: e.digest_at(entry.digest) }.to_row()
    });
    let width = CapsColumns::<F>::WIDTH;
    pad("caps", cells.collect(), width, log_height, &vec![F::ZERO; width])
}
