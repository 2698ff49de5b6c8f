//! Running sums, in tiles of `2^12`.

use aludel_protocol::Challenge;
use p3_field::BasedVectorSpace;

use super::buffer::Buffer;
use super::launch::{Arg, Launch};
use super::{Cuda, Matrix};
use crate::error::Error;
use crate::fold::DEGREE;
use crate::running_sums::{LOG_TILE, log_height};
use crate::seam::{Device, RunningSums};

/// Words of the sums of tiles, where there is more than one.
pub(super) const fn tile_words(log_height: usize) -> usize {
    if log_height <= LOG_TILE { 0 } else { DEGREE << (log_height - LOG_TILE) }
}

impl Cuda {
    fn per_tile(&self, kernel: &'static str, log_tiles: usize) -> Result<Launch, Error> {
        Ok(Launch { kernel, grid: (self.word(DEGREE << log_tiles)?, 1), block: (256, 1), shared_bytes: 0 })
    }

    /// Running sums of five columns, and their totals. What is before each tile is told where they have more than one.
    fn run_sums(
        &self,
        columns: &Buffer,
        log_height: usize,
        before: Option<&Buffer>,
        totals: &Buffer,
    ) -> Result<(), Error> {
        let args = [
            Arg::At(columns, 0),
            Arg::Word(log_height as u32),
            // Not read where nothing is before.
            Arg::At(before.unwrap_or(totals), 0),
            Arg::Word(u32::from(before.is_some())),
            Arg::At(totals, 0),
        ];
        let launch = self.per_tile("running_sums", log_height.saturating_sub(LOG_TILE))?;
        // SAFETY: five columns of `2^log_height` have five times as many tiles, `before` has a word for each, and `totals` five.
        unsafe { self.launch(launch, &args) }
    }
}

impl RunningSums for Cuda {
    fn running_sums(&self, rows: Matrix) -> Result<(Matrix, Challenge), Error> {
        let log_height = log_height(self.id(), self.shape(&rows))?;
        let log_tiles = log_height.saturating_sub(LOG_TILE);
        let totals = self.buffer(DEGREE)?;
        let sums = self.buffer(tile_words(log_height))?;
        if log_tiles == 0 {
            self.run_sums(&rows.buffer, log_height, None, &totals)?;
        } else {
            let args = [Arg::At(&rows.buffer, 0), Arg::Word(log_height as u32), Arg::At(&sums, 0)];
            // SAFETY: a word for each tile of five columns.
            unsafe { self.launch(self.per_tile("column_sums", log_tiles)?, &args) }?;
            self.run_sums(&sums, log_tiles, None, &totals)?;
            self.run_sums(&rows.buffer, log_height, Some(&sums), &totals)?;
        }
        let totals = self.elements(&totals, 0, DEGREE)?;
        Ok((rows, Challenge::from_basis_coefficients_fn(|i| totals[i])))
    }
}
