//! Rows of `public`.

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{PublicColumns, PublicFixed, VALUES};
use crate::chip::TraceError;
use crate::columns::Columns;
use crate::recursion::execute::Execution;
use crate::recursion::machine::{Preprocessed, pad};

/// The preprocessed columns `[2^log_height][PublicFixed]`.
pub(in crate::recursion) fn fixed(
    p: &Preprocessed<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let values = &p.rows.public;
    if values.len() != VALUES || !(1_usize << log_height).is_multiple_of(VALUES) {
        let reason = format!("a program has {VALUES} public values and this one {}", values.len());
        return Err(TraceError::Inconsistent { chip: "public", reason });
    }
    let cells = values.iter().flat_map(|v| PublicFixed { real: F::ONE, address: v.address() }.to_row());
    let width = PublicFixed::<F>::WIDTH;
    pad("public", cells.collect(), width, log_height, &vec![F::ZERO; width])
}

/// The main columns `[2^log_height][PublicColumns]`.
pub(in crate::recursion) fn generate(
    e: &Execution<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let values = e.public();
    let row = |r: usize| {
        let value = core::array::from_fn(|i| values.get((r + i) % VALUES).copied().unwrap_or(F::ZERO));
        PublicColumns { value }.to_row()
    };
    let cells: Vec<F> = (0..1 << log_height).flat_map(row).collect();
    Ok(RowMajorMatrix::new(cells, PublicColumns::<F>::WIDTH))
}
