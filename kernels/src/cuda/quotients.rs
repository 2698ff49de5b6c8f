//! Selectors, and the parts to which values are split.

use super::launch::{Arg, Launch};
use super::{Cuda, Matrix, words};
use crate::error::Error;
use crate::quotients::{Chunks, Coset, SELECTORS};
use crate::seam::{Device, Quotients};

/// Base-2 logarithm of the points of a thread: `LOG_SELECTED` of `quotients.cu`.
const LOG_SELECTED: usize = 3;
/// Base-2 logarithm of the side of the tile that a block turns.
const LOG_SIDE: usize = 5;

impl Cuda {
    /// One of the parts of a matrix: the rows from `first` on, in bit-reversed order.
    fn reversed(&self, values: &Matrix, first: usize, chunks: Chunks) -> Result<Matrix, Error> {
        let part = self.matrix(chunks.rows(), values.width)?;
        let log_middle = chunks.log_rows - 2 * LOG_SIDE.min(chunks.log_rows / 2);
        let grid = (self.word(values.width << log_middle)?, 1);
        let args = [
            Arg::At(&values.buffer, 0),
            Arg::Word((chunks.log_rows + chunks.log_chunks) as u32),
            Arg::Word(self.word(first)?),
            Arg::At(&part.buffer, 0),
            Arg::Word(chunks.log_rows as u32),
        ];
        let launch = Launch { kernel: "reverse_rows", grid, block: (256, 1), shared_bytes: 0 };
        // SAFETY: both have as many columns, and the values have as many rows from `first` on as the part.
        unsafe { self.launch(launch, &args) }?;
        Ok(part)
    }
}

impl Quotients for Cuda {
    fn selectors(&self, log_rows: usize, log_step: usize) -> Result<Matrix, Error> {
        let coset = Coset::new(self.id(), log_rows, log_step)?;
        let selectors = self.matrix(1 << coset.log_points, SELECTORS)?;
        let [shift, power, last] = coset.scalars().map(|x| Arg::Word(words(&[x])[0]));
        let args = [
            Arg::At(&selectors.buffer, 0),
            Arg::Word(coset.log_rows as u32),
            Arg::Word(coset.log_points as u32),
            shift,
            power,
            last,
        ];
        let threads = 1 << (log_step + log_rows.saturating_sub(LOG_SELECTED));
        // SAFETY: four columns of `2^log_points` rows.
        unsafe { self.launch(self.per_item("selectors", threads)?, &args) }?;
        Ok(selectors)
    }

    fn chunks(&self, values: &Matrix, log_chunks: usize) -> Result<Vec<Matrix>, Error> {
        let chunks = Chunks::new(self.id(), values.height, log_chunks)?;
        chunks.first_rows().map(|first| self.reversed(values, first, chunks)).collect()
    }
}
