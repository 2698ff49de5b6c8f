//! Any GPU that has a Vulkan driver, through wgpu; also Mesa's lavapipe, which executes the same kernels on the processor.
//!
//! Matrices are stored by columns, in as many buffers as the adapter's limit of a binding asks for. Every call waits for what it launched, so that
//! an error is told by the call that caused it and memory that was given back is free. Constants and kernels of a device, some 50 KiB, are taken when it is
//! opened and stand outside its budget, as do copies on their way from or to the host.

mod adapter;
mod fold;
mod generated;
mod grinding;
mod interpreted;
mod launch;
mod limits;
mod merkle_tree;
mod ntt;
mod openings;
mod pieces;
mod pipeline;
mod poseidon2;
mod quotients;
mod rows;
mod running_sums;
mod sizes;
mod source;
mod timer;
mod transfer;

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use aludel_protocol::F;
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;

pub use adapter::{Adapter, Options, adapters};
pub use limits::Words;
pub use merkle_tree::Tree;
pub use rows::Compiled;

use crate::cpu::Cpu;
use crate::cuda::Cuda;
use crate::error::Error;
use crate::id::DeviceId;
use crate::memory::Budget;
use crate::seam::{Device, Peer};
use pieces::Pieces;
use pipeline::Pipelines;
pub(crate) use sizes::Sizes;

/// Columns of a matrix that lie in one buffer, at most, so that no kernel's loop over them is long: Mesa's lavapipe leaves the loops of a thread after
/// 65,535 turns in all, and says nothing. Hashing takes some 35 for 16 columns.
const COLUMNS: usize = 1 << 14;

/// An adapter that was opened, with its kernels.
pub struct Wgpu {
    id: DeviceId,
    device: ::wgpu::Device,
    queue: ::wgpu::Queue,
    budget: Arc<Budget>,
    /// The most bytes that a kernel sees of one buffer: a power of two.
    binding_bytes: usize,
    groups_per_dimension: u32,
    /// Instructions of the longest program that becomes a kernel of its own.
    most_compiled: usize,
    pipelines: Pipelines,
    /// Whether it can mark the time among its commands.
    marks_time: bool,
    /// Why the device is lost, when it is.
    lost: Arc<OnceLock<String>>,
}

/// A matrix in a device's memory, by columns.
pub struct Matrix {
    /// Units are columns.
    columns: Pieces,
    height: usize,
}

impl Wgpu {
    /// Whether its kernels use 64-bit integers. Results do not depend on it.
    pub const fn has_wide_words(&self) -> bool {
        self.pipelines.wide_words
    }

    /// The most bytes that a kernel sees of one buffer: no column is longer.
    pub const fn binding_bytes(&self) -> usize {
        self.binding_bytes
    }

    /// Instructions of the longest program that becomes a kernel of its own.
    pub const fn most_compiled(&self) -> usize {
        self.most_compiled
    }

    fn unsupported(&self, what: impl Into<String>) -> Error {
        Error::Unsupported { device: self.id, what: what.into() }
    }

    /// A matrix of anything.
    fn matrix(&self, height: usize, width: usize) -> Result<Matrix, Error> {
        Ok(Matrix { columns: self.pieces_of(width, height, COLUMNS)?, height })
    }
}

impl Matrix {
    const fn width(&self) -> usize {
        self.columns.units
    }
}

impl Device for Wgpu {
    type Matrix = Matrix;

    fn id(&self) -> DeviceId {
        self.id
    }

    fn budget(&self) -> &Budget {
        &self.budget
    }

    fn shape(&self, matrix: &Matrix) -> (usize, usize) {
        (matrix.height, matrix.width())
    }

    fn upload(&self, rows: &RowMajorMatrix<F>) -> Result<Matrix, Error> {
        self.alive()?;
        let matrix = self.matrix(rows.height(), rows.width())?;
        self.write(&matrix.columns, &rows.transpose().values)?;
        Ok(matrix)
    }

    fn download(&self, matrix: &Matrix) -> Result<RowMajorMatrix<F>, Error> {
        self.alive()?;
        let columns = self.read(&matrix.columns)?;
        Ok(match matrix.height {
            0 => RowMajorMatrix::new(columns, matrix.width()),
            height => RowMajorMatrix::new(columns, height).transpose(),
        })
    }
}

// Through the host: wgpu's devices know nothing of each other.
impl Peer<Self> for Wgpu {}
impl Peer<Cpu> for Wgpu {}
impl Peer<Cuda> for Wgpu {}
