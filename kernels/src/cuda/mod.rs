//! CUDA devices. Matrices lie there by columns.
//!
//! A [`Cuda`] is a queue of work on a device: its calls return before the work is done, but for those which bring something
//! back, and a failure of one call may be told by a later one. Under the stand-in driver of the tests the same code runs on the
//! processor.
#![expect(unsafe_code, reason = "kernels are handed pointers; each block says why it is sound")]

mod buffer;
mod describe;
mod driver;
mod event;
mod fold;
mod generated;
mod grinding;
mod image;
mod interpreted;
mod launch;
mod limits;
mod merkle_tree;
mod module;
mod ntt;
mod nvrtc;
mod openings;
mod peer;
mod poseidon2;
mod quotients;
mod rows;
mod running_sums;
mod sizes;
mod staging;
mod stream;
mod transfer;

#[cfg(test)]
mod tests;

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use describe::{Capabilities, Description, count, describe};
pub use limits::Words;
pub use merkle_tree::Tree;
pub use nvrtc::{Compiler, CompilerError};
pub use rows::Compiled;

use crate::error::Error;
use crate::memory::Budget;
use crate::seam::{Clock, Device, Timer};
use buffer::Buffer;
use driver::Context;
use event::Event;
use image::Image;
use interpreted::MOST_STEPS;
use launch::{Arg, Launch};
pub(crate) use sizes::Sizes;
use stream::Stream;
use transfer::{word, words, words_mut};

/// A queue of work on a device of the CUDA driver.
#[derive(Debug)]
pub struct Cuda {
    // Before the context, which the others hold as well: dropped in this order.
    stream: Arc<Stream>,
    image: Arc<Image>,
    budget: Arc<Budget>,
    compiler: Option<Arc<Compiler>>,
    most_steps: usize,
    /// Programs that are interpreted, of all queues.
    interpreted: Arc<AtomicU64>,
}

/// A matrix on a device, by columns.
#[derive(Debug)]
pub struct Matrix {
    buffer: Buffer,
    height: usize,
    width: usize,
}

impl Cuda {
    /// Opens device `ordinal` of the driver. Matrices and trees may take `limit` bytes of it, at most what it has; copies take up to 8 MiB of
    /// the host's memory besides, for each queue.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where there is no driver, no such device, or no kernels for it in this build; any of the device.
    pub fn open(ordinal: u16, limit: u64) -> Result<Self, Error> {
        let context = Context::open(ordinal)?;
        let budget = Budget::new(context.id, limit.min(context.total()?));
        let image = Arc::new(Image::load(&context)?);
        Ok(Self {
            stream: Stream::new(&context)?,
            image,
            budget,
            compiler: None,
            most_steps: MOST_STEPS,
            interpreted: Arc::default(),
        })
    }

    /// With a compiler for kernels of programs, which are interpreted otherwise.
    #[must_use]
    pub fn with_compiler(self, compiler: Arc<Compiler>) -> Self {
        Self { compiler: Some(compiler), ..self }
    }

    /// With launches of at most so many instructions by rows where programs are interpreted: fewer for cards whose driver ends long launches. What all threads do at once is done in
    /// any case.
    #[must_use]
    pub fn with_most_steps(self, most_steps: usize) -> Self {
        Self { most_steps, ..self }
    }

    /// Whether it has one. A program may still be interpreted: one that is too long, or that it does not compile.
    pub const fn has_compiler(&self) -> bool {
        self.compiler.is_some()
    }

    /// How many programs were made ready for the interpreter, on all queues.
    pub fn interpreted_programs(&self) -> u64 {
        self.interpreted.load(Ordering::Relaxed)
    }

    /// Another queue on the same device, with the same budget. Matrices may be used on any queue of an opening.
    ///
    /// # Errors
    /// Any of the device.
    pub fn queue(&self) -> Result<Self, Error> {
        let stream = Stream::new(&self.stream.context)?;
        let (image, budget) = (Arc::clone(&self.image), Arc::clone(&self.budget));
        Ok(Self {
            stream,
            image,
            budget,
            compiler: self.compiler.clone(),
            most_steps: self.most_steps,
            interpreted: Arc::clone(&self.interpreted),
        })
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
}

/// By marks in the queue, to half a microsecond. What is queued on others counts as far as this one waits for it; while the host is slower
/// than the device, its time counts too.
impl Timer for Cuda {
    fn clock(&self) -> Clock {
        Clock::Device
    }

    fn timed<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<(T, Duration), Error> {
        let context = &self.stream.context;
        let (start, end) = (Event::timed(context)?, Event::timed(context)?);
        self.synchronize()?;
        start.record(&self.stream)?;
        let done = work()?;
        end.record(&self.stream)?;
        end.wait()?;
        Ok((done, end.since(&start)?))
    }
}
