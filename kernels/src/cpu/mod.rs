//! The processor: Plonky3 itself, which the other devices are compared with.

mod fold;
mod grinding;
mod limits;
mod merkle_tree;
mod ntt;
mod openings;
mod poseidon2;
mod quotients;
mod rows;
mod running_sums;
mod sizes;
mod steps;

use core::borrow::Borrow;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use aludel_protocol::F;
use p3_matrix::Matrix as _;
use p3_matrix::dense::{DenseMatrix, DenseStorage, RowMajorMatrix};

pub use limits::Words;
pub use merkle_tree::Tree;
pub use rows::Compiled;
pub(crate) use sizes::Sizes;

use crate::cuda::Cuda;
use crate::error::Error;
use crate::id::DeviceId;
use crate::memory::{Budget, Reserved};
use crate::seam::{Clock, Device, Peer, Timer};
use crate::wgpu::Wgpu;

/// The processor, with a budget of memory like any device.
#[derive(Debug)]
pub struct Cpu {
    budget: Arc<Budget>,
}

/// A matrix in the processor's memory, by rows.
pub type Matrix = DenseMatrix<F, Stored>;

/// The elements of a matrix, with the memory that was reserved for them.
#[derive(Debug)]
pub struct Stored {
    elements: Vec<F>,
    reserved: Reserved,
}

impl Borrow<[F]> for Stored {
    fn borrow(&self) -> &[F] {
        &self.elements
    }
}

impl DenseStorage<F> for Stored {
    fn to_vec(self) -> Vec<F> {
        self.elements
    }
}

/// A matrix of rows for which memory was reserved.
fn stored(rows: RowMajorMatrix<F>, reserved: Reserved) -> Matrix {
    Matrix::new(Stored { elements: rows.values, reserved }, rows.width)
}

/// The rows of a matrix, and what is reserved for them.
fn taken(
    Matrix { values: Stored { elements, reserved }, width, .. }: Matrix,
) -> (RowMajorMatrix<F>, Reserved) {
    (RowMajorMatrix::new(elements, width), reserved)
}

impl Cpu {
    /// The processor, of whose memory matrices and trees may take `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self { budget: Budget::new(DeviceId::Cpu, limit) }
    }

    /// Bytes for field elements.
    fn reserve(&self, elements: usize) -> Result<Reserved, Error> {
        self.budget.reserve(bytes(elements))
    }

    fn unsupported(&self, what: impl Into<String>) -> Error {
        Error::Unsupported { device: DeviceId::Cpu, what: what.into() }
    }
}

/// Bytes of field elements.
fn bytes(elements: usize) -> u64 {
    u64::try_from(elements).unwrap_or(u64::MAX).saturating_mul(4)
}

impl Device for Cpu {
    type Matrix = Matrix;

    fn id(&self) -> DeviceId {
        DeviceId::Cpu
    }

    fn budget(&self) -> &Budget {
        &self.budget
    }

    fn shape(&self, matrix: &Matrix) -> (usize, usize) {
        (matrix.height(), matrix.width())
    }

    fn upload(&self, rows: &RowMajorMatrix<F>) -> Result<Matrix, Error> {
        let reserved = self.reserve(rows.values.len())?;
        Ok(stored(rows.clone(), reserved))
    }

    fn download(&self, matrix: &Matrix) -> Result<RowMajorMatrix<F>, Error> {
        Ok(matrix.as_view().to_row_major_matrix())
    }
}

// Through the host, where it already is.
impl Peer<Self> for Cpu {}
impl Peer<Cuda> for Cpu {}
impl Peer<Wgpu> for Cpu {}

impl Timer for Cpu {
    fn clock(&self) -> Clock {
        Clock::Wall
    }

    fn timed<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<(T, Duration), Error> {
        let start = Instant::now();
        let done = work()?;
        Ok((done, start.elapsed()))
    }
}
