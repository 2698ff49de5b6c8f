//! Rows of `range16` from events.

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use crate::chip::TraceError;

/// The trace of height `2^log_height`.
pub fn generate(log_height: usize) -> Result<RowMajorMatrix<F>, TraceError> {
    Ok(RowMajorMatrix::new(F::zero_vec(1 << log_height), 1))
}
