//! CUDA devices. Matrices lie there by columns.
//!
//! A [`Cuda`] is a queue of work on a device: its calls return before the work is done, but for those which bring something
//! back, and a failure of one call may be told by a later one. Under the stand-in driver of the tests the same code runs on the
//! processor.
#![expect(unsafe_code, reason = "kernels are handed pointers; each block says why it is sound")]

mod driver;
mod image;
mod merkle_tree;
mod module;
mod ntt;
mod poseidon2;
mod stream;

use std::sync::Arc;

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;

pub use merkle_tree::Tree;

use crate::error::Error;
use crate::id::DeviceId;
use crate::memory::{Budget, Usage};
use crate::seam::Device;
use driver::Context;
use image::Image;
use stream::{Arg, Buffer, Launch, Stream};

/// Words that are turned between rows and columns at a time, at most: 64 MiB.
const STAGING_WORDS: usize = 1 << 24;
/// Side of the tile that a block turns.
const TILE: usize = 32;

/// A queue of work on a device of the CUDA driver.
#[derive(Debug)]
pub struct Cuda {
    // Before the context, which the others hold as well: dropped in this order.
    stream: Arc<Stream>,
    image: Arc<Image>,
    budget: Arc<Budget>,
}

/// A matrix on a device, by columns.
#[derive(Debug)]
pub struct Matrix {
    buffer: Buffer,
    height: usize,
    width: usize,
}

/// How many devices the driver has.
///
/// # Errors
/// [`Error::Unsupported`] where there is no driver, or it has no device to show.
pub fn count() -> Result<u16, Error> {
    driver::count()
}

/// A device's name and its bytes of memory, as the driver has them; it is not opened.
///
/// # Errors
/// [`Error::Unsupported`] where there is no such device.
pub fn describe(ordinal: u16) -> Result<(String, u64), Error> {
    driver::describe(ordinal)
}

impl Cuda {
    /// Opens device `ordinal` of the driver. Matrices and trees may take `limit` bytes of it, at most what it has.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where there is no driver, no such device, or no kernels for it in this build; any of the device.
    pub fn open(ordinal: u16, limit: u64) -> Result<Self, Error> {
        let context = Context::open(ordinal)?;
        let budget = Budget::new(context.id, limit.min(context.total()?));
        let image = Arc::new(Image::load(&context)?);
        Ok(Self { stream: Stream::new(&context)?, image, budget })
    }

    /// Another queue on the same device, with the same budget. Matrices may be used on any queue of an opening.
    ///
    /// # Errors
    /// Any of the device.
    pub fn queue(&self) -> Result<Self, Error> {
        let stream = Stream::new(&self.stream.context)?;
        Ok(Self { stream, image: Arc::clone(&self.image), budget: Arc::clone(&self.budget) })
    }

    /// The device's name, as the driver has it.
    ///
    /// # Errors
    /// Any of the device.
    pub fn name(&self) -> Result<String, Error> {
        self.stream.context.name()
    }

    /// Waits until all work of this queue is done.
    ///
    /// # Errors
    /// Any of the device: what went wrong with the work.
    pub fn synchronize(&self) -> Result<(), Error> {
        self.stream.synchronize()
    }

    fn unsupported(&self, what: impl Into<String>) -> Error {
        Error::Unsupported { device: self.id(), what: what.into() }
    }

    /// Words of memory, full of garbage.
    fn buffer(&self, words: usize) -> Result<Buffer, Error> {
        let bytes = u64::try_from(words).unwrap_or(u64::MAX).saturating_mul(4);
        Buffer::new(&self.stream, words, self.budget.reserve(bytes)?)
    }

    /// A matrix, full of garbage.
    fn matrix(&self, height: usize, width: usize) -> Result<Matrix, Error> {
        let words = height.saturating_mul(width);
        Ok(Matrix { buffer: self.buffer(words)?, height, width })
    }

    /// Rows that are staged at a time: half of what the budget has left, at most [`STAGING_WORDS`], at least one row.
    fn staged_rows(&self, height: usize, width: usize) -> usize {
        let usage = self.usage();
        let left = usize::try_from((usage.limit - usage.used) / 8).unwrap_or(usize::MAX);
        (left.min(STAGING_WORDS) / width.max(1)).clamp(1, height.max(1))
    }

    /// Queues a kernel.
    ///
    /// # Safety
    /// The kernel takes these arguments, and reads and writes only words of these buffers.
    unsafe fn launch(&self, launch: Launch, args: &[Arg<'_>]) -> Result<(), Error> {
        // SAFETY: the caller's promise.
        unsafe { self.image.launch(&self.stream, launch, args) }
    }

    /// A number that a kernel takes, or a grid has.
    fn word(&self, number: usize) -> Result<u32, Error> {
        u32::try_from(number).ok().filter(|word| i32::try_from(*word).is_ok()).ok_or_else(|| {
            self.unsupported(format!("a matrix for which a kernel would count to {number}, beyond 2^31"))
        })
    }

    /// A launch of as many threads as there are items, in blocks of 128.
    fn per_item(&self, kernel: &'static str, items: usize) -> Result<Launch, Error> {
        let grid = (self.word(items.div_ceil(128))?, 1);
        Ok(Launch { kernel, grid, block: (128, 1), shared_bytes: 0 })
    }

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

    fn usage(&self) -> Usage {
        self.budget.usage()
    }

    fn shape(&self, matrix: &Matrix) -> (usize, usize) {
        (matrix.height, matrix.width)
    }

    fn upload(&self, rows: &RowMajorMatrix<F>) -> Result<Matrix, Error> {
        let (height, width) = (rows.height(), rows.width());
        let matrix = self.matrix(height, width)?;
        let at_once = self.staged_rows(height, width);
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
        let at_once = self.staged_rows(height, width);
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
fn words(elements: &[F]) -> &[u32] {
    // SAFETY: `MontyField31` is `repr(transparent)` over `u32`.
    unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), elements.len()) }
}

/// As [`words`]. What is written is below the modulus: every kernel's results are.
fn words_mut(elements: &mut [F]) -> &mut [u32] {
    // SAFETY: `MontyField31` is `repr(transparent)` over `u32`, and every word is a value of it as far as Rust knows.
    unsafe { std::slice::from_raw_parts_mut(elements.as_mut_ptr().cast(), elements.len()) }
}
