//! Rows of `range16` from the lookups of all other chips.

use aludel_protocol::{F, fe};
use p3_matrix::dense::RowMajorMatrix;

use crate::chip::{Tables, TraceError};

/// The trace `[2^16][1]`: how often each integer is looked up.
pub fn generate(log_height: usize, tables: &Tables) -> Result<RowMajorMatrix<F>, TraceError> {
    if log_height != 16 || tables.range16.len() != 1 << 16 {
        let reason = format!("it has 2^16 rows, not 2^{log_height} for {} integers", tables.range16.len());
        return Err(TraceError::Inconsistent { chip: "range16", reason });
    }
    Ok(RowMajorMatrix::new(tables.range16.iter().copied().map(fe).collect(), 1))
}
