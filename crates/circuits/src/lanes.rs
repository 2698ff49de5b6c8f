//! Rows of independent lanes, made a vector register of rows at a time and on every thread.

use aludel_protocol::{F, PackedF};
use p3_field::{PackedValue, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use crate::chip::TraceError;
use crate::columns::Columns;

/// Rows that one call of a block's generator makes.
pub(crate) const BLOCK: usize = PackedF::WIDTH;

/// A trace `[2^log_height][lanes * lane width]` for events, of which number `i` lies in lane `i mod lanes` of
/// row `i div lanes`; events that are missing at the end are `padding`. `generate` makes the columns of
/// [`BLOCK`] events at once.
pub(crate) fn generate<E, C>(
    chip: &'static str,
    lanes: usize,
    log_height: usize,
    events: &[E],
    padding: E,
    generate: impl Fn([&E; BLOCK]) -> [C; BLOCK] + Sync,
) -> Result<RowMajorMatrix<F>, TraceError>
where
    E: Sync,
    C: Columns<F>,
{
    let available = lanes << log_height;
    if events.len() > available {
        return Err(TraceError::Full { chip, needed: events.len(), available });
    }
    let width = lanes * C::WIDTH;
    let mut cells = F::zero_vec(width << log_height);
    cells.par_chunks_mut(BLOCK * width).enumerate().for_each(|(block, rows)| {
        for lane in 0..lanes {
            let event = |i: usize| events.get((block * BLOCK + i) * lanes + lane).unwrap_or(&padding);
            let columns = generate(core::array::from_fn(event));
            for (row, columns) in rows.chunks_exact_mut(width).zip(columns) {
                row[lane * C::WIDTH..][..C::WIDTH].copy_from_slice(&columns.to_row());
            }
        }
    });
    Ok(RowMajorMatrix::new(cells, width))
}

/// One element of each of a block's events.
pub(crate) fn pack<const W: usize>(rows: [[F; W]; BLOCK]) -> [PackedF; W] {
    core::array::from_fn(|j| PackedF::from_fn(|i| rows[i][j]))
}

/// The columns of each of a block's events.
pub(crate) fn unpack<P: Columns<PackedF>, C: Columns<F>>(columns: P) -> [C; BLOCK] {
    let row = columns.to_row();
    core::array::from_fn(|i| C::take(&mut row.iter().map(|x| x.as_slice()[i])))
}
