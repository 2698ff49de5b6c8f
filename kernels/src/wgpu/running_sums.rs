//! Launches of `kernels/wgsl/running_sums.wgsl`, one a column.

use aludel_protocol::Challenge;
use p3_field::BasedVectorSpace;

use ::wgpu::Buffer;

use super::launch::Commands;
use super::pieces::Pieces;
use super::pipeline::Kernel;
use super::{Matrix, Wgpu};
use crate::error::Error;
use crate::fold::DEGREE;
use crate::running_sums::{LOG_TILE, log_height};
use crate::seam::{Device, RunningSums};

/// A column of some pieces.
#[derive(Clone, Copy)]
struct Column<'a> {
    buffer: &'a Buffer,
    first: usize,
}

/// Columns of pieces whose units they are.
fn columns(pieces: &Pieces) -> impl Iterator<Item = Column<'_>> {
    pieces.parts(0..DEGREE).flat_map(move |part| {
        let first = move |unit| (part.at + unit) * pieces.unit_words;
        (0..part.units.len()).map(move |unit| Column { buffer: part.buffer, first: first(unit) })
    })
}

/// A kernel over a column of `2^log_height`, which writes sums; what is `before` each tile is told to one that asks.
fn launch(
    commands: &mut Commands<'_>,
    kernel: Kernel,
    (column, log_height): (Column<'_>, usize),
    sums: Column<'_>,
    before: Option<(Column<'_>, bool)>,
) {
    let before_first = before.map_or(0, |(before, _)| before.first);
    let has_before = before.is_some_and(|(_, is_read)| is_read);
    let parameters = [log_height, column.first, sums.first, before_first, usize::from(has_before)];
    let parameters = parameters.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let buffers = [Some(column.buffer), Some(sums.buffer), before.map(|(before, _)| before.buffer)];
    let buffers: Vec<_> = buffers.into_iter().flatten().collect();
    commands.kernel(kernel, &buffers, &parameters, 1 << log_height.saturating_sub(LOG_TILE));
}

impl RunningSums for Wgpu {
    fn running_sums(&self, rows: Matrix) -> Result<(Matrix, Challenge), Error> {
        let log_height = log_height(self.id(), self.shape(&rows))?;
        let log_tiles = log_height.saturating_sub(LOG_TILE);
        let [sums, totals] = [self.pieces(DEGREE, 1 << log_tiles)?, self.pieces(DEGREE, 1)?];
        self.launch(|commands| {
            for ((column, sums), total) in columns(&rows.columns).zip(columns(&sums)).zip(columns(&totals)) {
                let has_before = log_tiles > 0;
                if has_before {
                    launch(commands, Kernel::ColumnSums, (column, log_height), sums, None);
                    // Something else is bound where nothing is before: a buffer that is written is bound once.
                    launch(commands, Kernel::RunningSums, (sums, log_tiles), total, Some((column, false)));
                }
                launch(commands, Kernel::RunningSums, (column, log_height), total, Some((sums, has_before)));
            }
        })?;
        let totals = self.read(&totals)?;
        Ok((rows, Challenge::from_basis_coefficients_fn(|i| totals[i])))
    }
}
