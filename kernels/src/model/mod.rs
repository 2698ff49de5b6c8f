//! Devices without data: what calls take of a device's memory, from shapes alone.
//!
//! A [`Model`] is a device for whoever calls it. Its matrices have shapes and bytes of a budget, and no elements; it counts what the device would count, to the byte, and
//! refuses what the device would refuse for want of memory. So whatever is written for devices tells what it takes, stage by stage, when it is run on a model:
//! [`Budget::reset_peak`] begins a stage. What comes back from a model (caps, values, rows) is zero, and a witness the first candidate.
//!
//! What calls take besides results, each kind of device says (`*/sizes.rs`), by the functions that it takes its own memory by.
//!
//! Not counted, here as there: what drivers and kernels take for themselves, and memory of the host.

mod seams;

use std::sync::Arc;

use crate::cpu::{self, Cpu};
use crate::cuda::{self, Cuda};
use crate::error::Error;
use crate::fold::Folding;
use crate::id::DeviceId;
use crate::memory::{Budget, Reserved};
use crate::openings::{Evaluations, Reduction};
use crate::rows::Program;
use crate::rows::needs::Needs;
use crate::seam::Device;
use crate::wgpu::{self, Wgpu};

/// A device without data.
#[derive(Debug)]
pub struct Model {
    id: DeviceId,
    budget: Arc<Budget>,
    sizes: Box<dyn Sizes>,
}

/// The shape of a matrix, and its bytes.
#[derive(Debug)]
pub struct Matrix {
    height: usize,
    width: usize,
    #[expect(dead_code, reason = "given back when the matrix is dropped")]
    reserved: Reserved,
}

/// The matrices of a tree, and the bytes of its nodes.
#[derive(Debug)]
pub struct Tree {
    matrices: Vec<Matrix>,
    log_height: usize,
    log_cap: usize,
    #[expect(dead_code, reason = "given back when the tree is dropped")]
    reserved: Reserved,
}

/// What a program needs, and its bytes.
#[derive(Debug)]
pub struct Compiled {
    needs: Needs,
    sizes: Kept,
    #[expect(dead_code, reason = "given back when the program is dropped")]
    reserved: Reserved,
}

/// Devices of which there is a model.
pub trait Modelled: Device {
    /// A model of it, of whose memory `limit` bytes may be taken.
    fn model(&self, limit: u64) -> Model;
}

impl Modelled for Cpu {
    fn model(&self, limit: u64) -> Model {
        Model::cpu(limit)
    }
}

impl Modelled for Cuda {
    fn model(&self, limit: u64) -> Model {
        Model::cuda(self.id(), limit, self.has_compiler())
    }
}

impl Modelled for Wgpu {
    fn model(&self, limit: u64) -> Model {
        Model::wgpu(self.id(), limit, self.binding_bytes(), self.most_compiled())
    }
}

impl Model {
    /// The processor.
    pub fn cpu(limit: u64) -> Self {
        Self::new(DeviceId::Cpu, limit, cpu::Sizes)
    }

    /// A device of the CUDA driver; whether it has a compiler for programs. One that does not compile a program, for whatever reason, interprets it, and takes more than its model.
    pub fn cuda(id: DeviceId, limit: u64, compiles: bool) -> Self {
        Self::new(id, limit, cuda::Sizes { compiles })
    }

    /// An adapter: the most bytes that a kernel sees of one buffer, a power of two, and the most instructions of a program that becomes a kernel of its own.
    pub fn wgpu(id: DeviceId, limit: u64, binding_bytes: usize, most_compiled: usize) -> Self {
        Self::new(id, limit, wgpu::Sizes { binding_bytes, most_compiled })
    }

    fn new(id: DeviceId, limit: u64, sizes: impl Sizes + 'static) -> Self {
        Self { id, budget: Budget::new(id, limit), sizes: Box::new(sizes) }
    }

    fn unsupported(&self, what: impl Into<String>) -> Error {
        Error::Unsupported { device: self.id, what: what.into() }
    }

    /// Words, for as long as what comes back is held.
    fn reserve(&self, words: usize) -> Result<Reserved, Error> {
        self.budget.reserve(u64::try_from(words).unwrap_or(u64::MAX).saturating_mul(4))
    }

    fn matrix(&self, height: usize, width: usize) -> Result<Matrix, Error> {
        self.sizes.fits(height).map_err(|what| self.unsupported(what))?;
        Ok(Matrix { height, width, reserved: self.reserve(height.saturating_mul(width))? })
    }
}

/// Height and width.
pub(crate) type Shape = (usize, usize);

/// Rows and paths of a tree that are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    /// How many times.
    pub count: usize,
    /// Columns of all matrices.
    pub width: usize,
    /// Nodes of a path.
    pub levels: usize,
}

/// Matrices of these widths, opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValuesAt<'a> {
    pub widths: &'a [usize],
    pub evaluations: &'a Evaluations,
}

/// A codeword of claims.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codeword {
    pub reduction: Reduction,
    /// Matrices, and columns of the widest.
    pub claims: usize,
    pub widest: usize,
    /// Points that differ.
    pub points: usize,
}

/// Words that a program takes, for as long as it is there and in a run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kept {
    pub kept: usize,
    /// Of uniform values and tables, in a run.
    pub values: usize,
    /// Slots of a row; those of as many rows as there is memory for are taken in a run.
    pub slots: usize,
}

/// What a kind of device takes of its memory besides results, in words: while a call lasts, unless it says otherwise. `free` are bytes that are left when the result has been taken.
pub(crate) trait Sizes: core::fmt::Debug + Send + Sync {
    /// That it can hold columns of this height.
    ///
    /// # Errors
    /// Why it cannot.
    fn fits(&self, _height: usize) -> Result<(), String> {
        Ok(())
    }

    /// To bring rows there or back.
    fn staging(&self, _shape: Shape, _free: u64) -> usize {
        0
    }

    /// To permute states.
    fn permuting(&self, _shape: Shape) -> usize {
        0
    }

    /// To extend columns.
    fn extending(&self, _shape: Shape, _added_bits: usize) -> usize {
        0
    }

    /// A tree of so many columns, for as long as it is there.
    fn tree(&self, log_height: usize, width: usize) -> usize;

    /// To make it.
    ///
    /// # Errors
    /// Why it is not made.
    fn hashing(&self, _log_height: usize) -> Result<usize, String> {
        Ok(0)
    }

    /// To open it.
    fn opening(&self, _opened: Opened) -> usize {
        0
    }

    /// What a program takes.
    ///
    /// # Errors
    /// Why it cannot be run.
    fn program(&self, _program: &Program) -> Result<Kept, String> {
        Ok(Kept::default())
    }

    /// To run it on so many rows.
    ///
    /// # Errors
    /// Why it cannot.
    fn running(&self, _program: Kept, _height: usize, _free: u64) -> Result<usize, String> {
        Ok(0)
    }

    /// To make running sums.
    fn summing(&self, _log_height: usize) -> usize {
        0
    }

    /// To find values at points.
    fn evaluating(&self, _values: ValuesAt<'_>) -> usize {
        0
    }

    /// To make a codeword.
    fn reducing(&self, _codeword: Codeword) -> usize {
        0
    }

    /// To fold one.
    fn folding(&self, _folding: Folding, _is_joined: bool) -> usize {
        0
    }

    /// To search for a witness.
    fn grinding(&self) -> usize {
        0
    }
}
