//! Rows of `pack`.

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{PackColumns, PackFixed};
use crate::chip::TraceError;
use crate::columns::Columns;
use crate::recursion::execute::Execution;
use crate::recursion::machine::{Preprocessed, pad};

/// The preprocessed columns `[2^log_height][PackFixed]`.
pub(in crate::recursion) fn fixed(
    p: &Preprocessed<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let cells = p.rows.pack.iter().flat_map(|row| {
        let base = row.base.map(|port| p.counts.of(port));
        let (address, count) = p.counts.of(row.whole);
        let (base_address, base_count) = (base.map(|b| b.0), base.map(|b| b.1));
        PackFixed { base_address, base_count, address, count }.to_row()
    });
    let width = PackFixed::<F>::WIDTH;
    pad("pack", cells.collect(), width, log_height, &vec![F::ZERO; width])
}

/// The main columns `[2^log_height][PackColumns]`.
pub(in crate::recursion) fn generate(
    e: &Execution<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let cells = e
        .rows
        .pack
        .iter()
        .flat_map(|row| PackColumns { value: row.base.map(|port| e.port(port)[0]) }.to_row());
    let width = PackColumns::<F>::WIDTH;
    pad("pack", cells.collect(), width, log_height, &vec![F::ZERO; width])
}
