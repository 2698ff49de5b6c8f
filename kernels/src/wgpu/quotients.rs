//! Launches of `kernels/wgsl/quotients.wgsl`.

use super::launch::Commands;
use super::pieces::Part;
use super::pipeline::Kernel;
use super::poseidon2::GROUP;
use super::transfer::to_word;
use super::{Matrix, Wgpu};
use crate::error::Error;
use crate::quotients::{Chunks, Coset, SELECTORS};
use crate::seam::{Device, Quotients};

/// Base-2 logarithm of the points of a thread: `LOG_SELECTED` of the text.
const LOG_SELECTED: usize = 3;
/// Base-2 logarithm of the side of the tile that a workgroup turns.
const LOG_SIDE: usize = 5;

fn word(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Rows of a part of quotients' values, from `first` on, to their places. Columns that lie together on both sides are one launch.
fn reverse(commands: &mut Commands<'_>, [values, part]: [&Matrix; 2], first: usize, chunks: Chunks) {
    let log_middle = chunks.log_rows - 2 * LOG_SIDE.min(chunks.log_rows / 2);
    for from in values.columns.parts(0..values.width()) {
        for Part { buffer, at, units } in part.columns.parts(from.units.clone()) {
            let from_column = from.at + (units.start - from.units.start);
            let parameters = [
                chunks.log_rows + chunks.log_chunks,
                from_column * values.height + first,
                chunks.log_rows,
                at * part.height,
                units.len(),
            ];
            let groups = units.len() << log_middle;
            commands.kernel(Kernel::ReverseRows, &[from.buffer, buffer], &parameters.map(word), groups);
        }
    }
}

impl Quotients for Wgpu {
    fn selectors(&self, log_rows: usize, log_step: usize) -> Result<Matrix, Error> {
        let coset = Coset::new(self.id(), log_rows, log_step)?;
        let selectors = self.matrix(1 << coset.log_points, SELECTORS)?;
        let [shift, power, last] = coset.scalars().map(to_word);
        let threads: usize = 1 << (log_step + log_rows.saturating_sub(LOG_SELECTED));
        self.launch(|commands| {
            // Where columns lie in several buffers, each launch makes all and writes its own.
            for part in selectors.columns.parts(0..SELECTORS) {
                let [log_rows, log_points] = [coset.log_rows, coset.log_points].map(word);
                let [first, count] = [part.units.start, part.units.len()].map(word);
                let parameters = [log_rows, log_points, shift, power, last, first, count];
                commands.kernel(Kernel::Selectors, &[part.buffer], &parameters, threads.div_ceil(GROUP));
            }
        })?;
        Ok(selectors)
    }

    fn chunks(&self, values: &Matrix, log_chunks: usize) -> Result<Vec<Matrix>, Error> {
        let chunks = Chunks::new(self.id(), values.height, log_chunks)?;
        let part = |_| self.matrix(chunks.rows(), values.width());
        let parts = (0..1usize << log_chunks).map(part).collect::<Result<Vec<_>, _>>()?;
        self.launch(|commands| {
            for (part, first) in parts.iter().zip(chunks.first_rows()) {
                reverse(commands, [values, part], first, chunks);
            }
        })?;
        Ok(parts)
    }
}
