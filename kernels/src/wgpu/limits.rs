//! Launches of `kernels/wgsl/limits.wgsl`.

use std::sync::mpsc;

use ::wgpu::{Buffer, BufferUsages, MapMode};

use super::Wgpu;
use super::pieces::{Pieces, WORD};
use super::pipeline::Kernel;
use super::poseidon2::GROUP;
use crate::error::Error;
use crate::limits::Operation;
use crate::seam::{Device, Limits, quads, threads, unequal};

/// Words of a vector, which a thread copies.
const QUAD: usize = 4;

/// Words on their way to the host at once.
const WORDS_ON_THE_WAY: usize = 1 << 21;

/// Words on a device.
pub struct Words {
    /// Units are vectors.
    pub(super) quads: Pieces,
}

impl Words {
    const fn len(&self) -> usize {
        self.quads.units * QUAD
    }
}

impl Wgpu {
    fn kernel_of(&self, operation: Operation) -> Result<Kernel, Error> {
        match operation {
            Operation::Low => Ok(Kernel::LimitsLow),
            Operation::High => Ok(Kernel::LimitsHigh),
            Operation::Wide => Ok(Kernel::LimitsWide),
            Operation::Base => Ok(Kernel::LimitsBase),
            Operation::Quintic => Ok(Kernel::LimitsQuintic),
            Operation::Double => Err(self.unsupported("WGSL has no floating-point numbers of 64 bits")),
        }
    }

    /// A number that a kernel takes.
    pub(super) fn counted(&self, number: usize) -> Result<u32, Error> {
        u32::try_from(number).map_err(|_| self.unsupported(format!("{number} items at once")))
    }

    /// Words from the start of a buffer that the host can see.
    fn fetch_host(&self, host: &Buffer, to: &mut [u32]) -> Result<(), Error> {
        let failed =
            |reason: String| Error::LaunchFailed { device: self.id(), kernel: "read".to_owned(), reason };
        let (done, answer) = mpsc::channel();
        let bytes = host.slice(..(to.len() * WORD) as u64);
        self.checked("read", 0, || {
            bytes.map_async(MapMode::Read, move |result| {
                let _ = done.send(result);
            });
        })?;
        self.wait(None)?;
        let mapped = answer.try_recv().map_err(|_| failed("the driver does not answer".to_owned()))?;
        mapped.map_err(|error| failed(error.to_string()))?;
        let view = bytes.get_mapped_range().map_err(|error| failed(error.to_string()))?;
        let (words, _) = view.as_chunks::<WORD>();
        to.iter_mut().zip(words).for_each(|(to, word)| *to = u32::from_le_bytes(*word));
        drop(view);
        host.unmap();
        Ok(())
    }
}

impl Limits for Wgpu {
    type Words = Words;

    fn words(&self, count: usize) -> Result<Words, Error> {
        quads(self.id(), count)?;
        Ok(Words { quads: self.pieces(count / QUAD, QUAD)? })
    }

    fn send(&self, from: &[u32], to: &mut Words) -> Result<(), Error> {
        unequal(self.id(), from.len(), to.len())?;
        for part in to.quads.parts(0..to.quads.units) {
            let here = &from[part.units.start * QUAD..part.units.end * QUAD];
            for (i, some) in here.chunks(WORDS_ON_THE_WAY).enumerate() {
                self.write_words(part.buffer, i * WORDS_ON_THE_WAY, some.iter().copied())?;
            }
        }
        Ok(())
    }

    fn fetch(&self, from: &Words, to: &mut [u32]) -> Result<(), Error> {
        unequal(self.id(), from.len(), to.len())?;
        let size = from.len().min(WORDS_ON_THE_WAY);
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let host = self.allocate((size * WORD) as u64, usage)?;
        for part in from.quads.parts(0..from.quads.units) {
            let here = &mut to[part.units.start * QUAD..part.units.end * QUAD];
            for (i, some) in here.chunks_mut(WORDS_ON_THE_WAY).enumerate() {
                let at = (part.buffer, i * WORDS_ON_THE_WAY);
                self.launch(|commands| commands.copy(at, (&host, 0), some.len()))?;
                self.fetch_host(&host, some)?;
            }
        }
        Ok(())
    }

    fn copy(&self, from: &Words, to: &mut Words) -> Result<(), Error> {
        unequal(self.id(), from.len(), to.len())?;
        let units = || 0..from.quads.units;
        let parts = from.quads.parts(units()).zip(to.quads.parts(units()));
        let parts = parts.map(|(from, to)| Ok((from.buffer, to.buffer, self.counted(from.units.len())?)));
        let parts = parts.collect::<Result<Vec<_>, Error>>()?;
        self.launch(|commands| {
            for (from, to, count) in parts {
                let groups = (count as usize).div_ceil(GROUP);
                commands.kernel(Kernel::LimitsCopy, &[from, to], &[count, 0, 0], groups);
            }
        })
    }

    fn multiply(
        &self,
        operation: Operation,
        factor: u32,
        rounds: u32,
        chains: &mut Words,
    ) -> Result<(), Error> {
        let kernel = self.kernel_of(operation)?;
        let threads = threads(self.id(), chains.len())?;
        let count = self.counted(threads)?;
        match chains.quads.buffers.as_slice() {
            [] => Ok(()),
            [words] => self.launch(|commands| {
                commands.kernel(kernel, &[words], &[count, factor, rounds], threads.div_ceil(GROUP));
            }),
            _ => Err(self.unsupported(format!("states of {threads} threads: they lie in one binding"))),
        }
    }
}
