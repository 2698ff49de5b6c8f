//! Rows of `cell` from the cells that a shard touches.

use aludel_protocol::{CellAddress, Digest, F, Payload, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::CellColumns;
use crate::chip::{Tables, TraceError};
use crate::columns::Columns;

/// One touched cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellRow {
    /// Where it lies.
    pub at: CellAddress,
    /// What it held before the shard's first access.
    pub initial: Payload,
    /// What it held after the shard's last access.
    pub last: Payload,
    /// The time of that access.
    pub time: u32,
}

/// The trace `[2^log_height][row width]`, one row a cell in order, with the hash calls that it asks for.
pub fn generate(
    log_height: usize,
    cells: &[CellRow],
    tables: &mut Tables,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let available = 1 << log_height;
    if cells.len() > available {
        return Err(TraceError::Full { chip: "cell", needed: cells.len(), available });
    }
    let width = <CellColumns<F> as Columns<F>>::WIDTH;
    let mut trace = Vec::with_capacity(width << log_height);
    for cell in cells {
        columns(cell, tables).put(&mut trace);
    }
    trace.resize(width << log_height, F::ZERO);
    Ok(RowMajorMatrix::new(trace, width))
}

fn columns(cell: &CellRow, tables: &mut Tables) -> CellColumns<F> {
    let [space, hi, lo, slot] = cell.at.fields();
    let mut digest = |payload: &Payload| match payload.exists() {
        true => tables.hash24(payload.leaf_input(&cell.at)),
        false => Digest::ZERO,
    };
    CellColumns {
        real: F::ONE,
        space,
        hi,
        lo,
        slot,
        initial: cell.initial.0,
        last: cell.last.0,
        time: fe(cell.time),
        old: digest(&cell.initial).0,
        new: digest(&cell.last).0,
    }
}
