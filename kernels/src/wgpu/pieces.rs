//! Memory for more than a kernel sees at once: units of equal size, whole in one of several buffers.

use core::ops::Range;

use ::wgpu::{Buffer, BufferUsages};

use super::Wgpu;
use crate::error::Error;
use crate::memory::Reserved;

/// Bytes of a word.
pub(super) const WORD: usize = 4;

/// Words in buffers.
pub(super) struct Pieces {
    /// Each but the last holds `per_buffer` units.
    pub buffers: Vec<Buffer>,
    pub per_buffer: usize,
    pub units: usize,
    pub unit_words: usize,
    #[expect(dead_code, reason = "given back when the buffers are dropped")]
    reserved: Reserved,
}

/// Units that lie together in one buffer.
pub(super) struct Part<'a> {
    pub buffer: &'a Buffer,
    /// Place of the first in the buffer.
    pub at: usize,
    /// Which they are.
    pub units: Range<usize>,
}

impl Pieces {
    /// Some units, by buffers.
    pub fn parts(&self, units: Range<usize>) -> impl Iterator<Item = Part<'_>> {
        let buffers = self.buffers.iter().enumerate();
        buffers.filter_map(move |(i, buffer)| {
            let first = i * self.per_buffer;
            let units = units.start.max(first)..units.end.min(first + self.per_buffer);
            (!units.is_empty()).then(|| Part { buffer, at: units.start - first, units })
        })
    }
}

/// Units that lie in one buffer, `most` of them at most.
pub(super) fn units_of_buffer(binding_bytes: usize, unit_words: usize, most: usize) -> usize {
    (binding_bytes / WORD).checked_div(unit_words).unwrap_or(usize::MAX).min(most)
}

impl Wgpu {
    /// Memory for units of some words, of anything.
    pub(super) fn pieces(&self, units: usize, unit_words: usize) -> Result<Pieces, Error> {
        self.pieces_of(units, unit_words, usize::MAX)
    }

    /// The same, with so many units in a buffer at most.
    pub(super) fn pieces_of(&self, units: usize, unit_words: usize, most: usize) -> Result<Pieces, Error> {
        let per_buffer = units_of_buffer(self.binding_bytes, unit_words, most);
        if per_buffer == 0 {
            return Err(self.unsupported(format!(
                "a column of {unit_words} elements: a kernel sees {} bytes of a buffer",
                self.binding_bytes
            )));
        }
        let bytes = |units: usize| (units as u64).saturating_mul(unit_words as u64 * WORD as u64);
        let reserved = self.budget.reserve(bytes(units))?;
        let sizes = (0..units).step_by(per_buffer).map(|first| bytes(per_buffer.min(units - first)));
        let buffers =
            sizes.filter(|size| *size > 0).map(|size| self.buffer(size)).collect::<Result<_, _>>()?;
        Ok(Pieces { buffers, per_buffer, units, unit_words, reserved })
    }

    fn buffer(&self, size: u64) -> Result<Buffer, Error> {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        self.allocate(size, usage)
    }

    /// A buffer that the budget has given, or that stands outside it.
    pub(super) fn allocate(&self, size: u64, usage: BufferUsages) -> Result<Buffer, Error> {
        let descriptor =
            ::wgpu::BufferDescriptor { label: Some("aludel"), size, usage, mapped_at_creation: false };
        self.checked("allocation", size, || self.device.create_buffer(&descriptor))
    }
}
