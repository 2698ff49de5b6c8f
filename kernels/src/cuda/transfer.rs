//! Matrices from the host and back: by rows there, by columns here.

use core::slice;

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;

use super::buffer::Buffer;
use super::launch::{Arg, Launch};
use super::{Cuda, Matrix};
use crate::error::Error;
use crate::id::DeviceId;
use crate::memory::Budget;
use crate::seam::Device;

/// Words that are turned between rows and columns at a time, at most: 64 MiB.
const STAGING_WORDS: usize = 1 << 24;
/// Side of the tile that a block turns.
const TILE: usize = 32;

/// Rows that are staged at a time: half of what the budget has free, at most [`STAGING_WORDS`], at least one row.
pub(super) fn staged_rows(free: u64, (height, width): (usize, usize)) -> usize {
    let half = usize::try_from(free / 8).unwrap_or(usize::MAX);
    (half.min(STAGING_WORDS) / width.max(1)).clamp(1, height.max(1))
}

impl Cuda {
    /// Turns rows `first..` of a matrix, `count` of them, between both orders.
    fn turn(
        &self,
        kernel: &'static str,
        [from, to]: [&Buffer; 2],
        matrix: (usize, usize),
        [first, count]: [usize; 2],
    ) -> Result<(), Error> {
        let (height, width) = matrix;
        let grid = (self.word(count.div_ceil(TILE))?, self.word(width.div_ceil(TILE))?);
        if grid.1 > 0xffff {
            return Err(self.unsupported(format!("{width} columns: at most 2^21 - 32")));
        }
        let block = (32, 8);
        let shape = [count, width, height, first].map(|n| self.word(n).map(Arg::Word));
        let [count, width, height, first] = shape;
        let args = [Arg::At(from, 0), Arg::At(to, 0), count?, width?, height?, first?];
        // SAFETY: one holds the matrix and the other `count` rows of it; `first + count <= height`.
        unsafe { self.launch(Launch { kernel, grid, block, shared_bytes: 0 }, &args) }
    }
}

impl Device for Cuda {
    type Matrix = Matrix;

    fn id(&self) -> DeviceId {
        self.stream.context.id
    }

    fn budget(&self) -> &Budget {
        &self.budget
    }

    fn shape(&self, matrix: &Matrix) -> (usize, usize) {
        (matrix.height, matrix.width)
    }

    fn upload(&self, rows: &RowMajorMatrix<F>) -> Result<Matrix, Error> {
        let (height, width) = (rows.height(), rows.width());
        let matrix = self.matrix(height, width)?;
        let at_once = staged_rows(self.usage().free(), (height, width));
        let mut staging = self.buffer(at_once.min(height) * width)?;
        for (i, chunk) in rows.values.chunks((at_once * width).max(1)).enumerate() {
            self.stream.copy_in(words(chunk), &mut staging)?;
            let part = [i * at_once, chunk.len() / width];
            self.turn("rows_to_columns", [&staging, &matrix.buffer], (height, width), part)?;
        }
        Ok(matrix)
    }

    fn download(&self, matrix: &Matrix) -> Result<RowMajorMatrix<F>, Error> {
        let (height, width) = (matrix.height, matrix.width);
        let at_once = staged_rows(self.usage().free(), (height, width));
        let staging = self.buffer(at_once.min(height) * width)?;
        let mut values = F::zero_vec(height * width);
        for (i, chunk) in values.chunks_mut((at_once * width).max(1)).enumerate() {
            let part = [i * at_once, chunk.len() / width];
            self.turn("columns_to_rows", [&matrix.buffer, &staging], (height, width), part)?;
            self.stream.copy_out(&staging, 0, words_mut(chunk))?;
        }
        Ok(RowMajorMatrix::new(values, width))
    }
}

/// Field elements as the words that they are stored as: Montgomery form, which is a device's form too.
pub(super) fn words(elements: &[F]) -> &[u32] {
    // SAFETY: `MontyField31` is `repr(transparent)` over `u32`.
    unsafe { slice::from_raw_parts(elements.as_ptr().cast(), elements.len()) }
}

/// The word of one element.
pub(super) fn word(element: F) -> u32 {
    words(&[element])[0]
}

/// As [`words`]. What is written is below the modulus: every kernel's results are.
pub(super) fn words_mut(elements: &mut [F]) -> &mut [u32] {
    // SAFETY: `MontyField31` is `repr(transparent)` over `u32`, and every word is a value of it as far as Rust knows.
    unsafe { slice::from_raw_parts_mut(elements.as_mut_ptr().cast(), elements.len()) }
}
