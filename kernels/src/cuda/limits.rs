//! Launches of `kernels/cuda/limits.cu`.

use super::Cuda;
use super::buffer::Buffer;
use super::launch::{Arg, Launch};
use crate::error::Error;
use crate::limits::Operation;
use crate::seam::{Device, Limits, quads, threads, unequal};

/// Words on a device.
#[derive(Debug)]
pub struct Words(Buffer);

const fn kernel(operation: Operation) -> &'static str {
    match operation {
        Operation::Low => "limits_low",
        Operation::High => "limits_high",
        Operation::Wide => "limits_wide",
        Operation::Double => "limits_double",
        Operation::Base => "limits_base",
        Operation::Quintic => "limits_quintic",
    }
}

impl Cuda {
    /// As many threads as items, in blocks of 256.
    fn per_limit(&self, kernel: &'static str, items: usize) -> Result<Launch, Error> {
        let grid = (self.word(items.div_ceil(256))?, 1);
        Ok(Launch { kernel, grid, block: (256, 1), shared_bytes: 0 })
    }
}

impl Limits for Cuda {
    type Words = Words;

    fn words(&self, count: usize) -> Result<Words, Error> {
        quads(self.id(), count)?;
        self.buffer(count).map(Words)
    }

    fn send(&self, from: &[u32], to: &mut Words) -> Result<(), Error> {
        unequal(self.id(), from.len(), to.0.words())?;
        self.stream.copy_in(from, &mut to.0)
    }

    fn fetch(&self, from: &Words, to: &mut [u32]) -> Result<(), Error> {
        unequal(self.id(), from.0.words(), to.len())?;
        self.stream.copy_out(&from.0, 0, to)
    }

    fn copy(&self, from: &Words, to: &mut Words) -> Result<(), Error> {
        unequal(self.id(), from.0.words(), to.0.words())?;
        let quads = from.0.words() / 4;
        let args = [Arg::At(&from.0, 0), Arg::At(&to.0, 0), Arg::Word(self.word(quads)?)];
        // SAFETY: both have as many quads.
        unsafe { self.launch(self.per_limit("limits_copy", quads)?, &args) }
    }

    fn multiply(
        &self,
        operation: Operation,
        factor: u32,
        rounds: u32,
        chains: &mut Words,
    ) -> Result<(), Error> {
        let threads = threads(self.id(), chains.0.words())?;
        let count = Arg::Word(self.word(threads)?);
        let args = [Arg::At(&chains.0, 0), count, Arg::Word(factor), Arg::Word(rounds)];
        // SAFETY: the words are those of so many threads; each reads and writes its own.
        unsafe { self.launch(self.per_limit(kernel(operation), threads)?, &args) }
    }
}
