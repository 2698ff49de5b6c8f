//! Field elements from the host to a device and back, as they are in memory: Montgomery's form.

use std::sync::{LazyLock, mpsc};

use aludel_protocol::F;
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};

use ::wgpu::{Buffer, BufferUsages, MapMode};

use super::Wgpu;
use super::launch::to_bytes;
use super::pieces::{Pieces, WORD};
use crate::error::Error;

/// Words on their way at once: copies in the host's memory stay small.
const WORDS_ON_THE_WAY: usize = 1 << 21;

/// `1 / 2^32`.
static INVERSE_RADIX: LazyLock<F> = LazyLock::new(|| F::from_u64(1 << 32).inverse());

/// An element as the device stores it.
pub(super) fn to_word(element: F) -> u32 {
    element.to_unique_u32()
}

/// The element that the device stores so.
fn from_word(word: u32) -> F {
    F::new(word) * *INVERSE_RADIX
}

impl Wgpu {
    /// Fills pieces.
    pub(super) fn write(&self, to: &Pieces, elements: &[F]) -> Result<(), Error> {
        let mut left = elements;
        for part in to.parts(0..to.units) {
            let (here, rest) = left.split_at(part.units.len() * to.unit_words);
            left = rest;
            for (i, some) in here.chunks(WORDS_ON_THE_WAY).enumerate() {
                self.write_words(part.buffer, i * WORDS_ON_THE_WAY, some.iter().map(|x| to_word(*x)))?;
            }
        }
        Ok(())
    }

    /// Fills a part of a buffer.
    pub(super) fn write_words(
        &self,
        to: &Buffer,
        at: usize,
        words: impl Iterator<Item = u32>,
    ) -> Result<(), Error> {
        let bytes = to_bytes(words);
        let write = || self.queue.write_buffer(to, (at * WORD) as u64, &bytes);
        self.checked("write", bytes.len() as u64, write)?;
        self.launch(|_| ())
    }

    /// All that is in pieces.
    pub(super) fn read(&self, from: &Pieces) -> Result<Vec<F>, Error> {
        let mut elements = Vec::with_capacity(from.units * from.unit_words);
        for part in from.parts(0..from.units) {
            self.read_buffer(part.buffer, 0, part.units.len() * from.unit_words, &mut elements)?;
        }
        Ok(elements)
    }

    /// Elements from a part of a buffer.
    pub(super) fn read_buffer(
        &self,
        from: &Buffer,
        at: usize,
        words: usize,
        elements: &mut Vec<F>,
    ) -> Result<(), Error> {
        let size = words.min(WORDS_ON_THE_WAY);
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let host = self.allocate((size * WORD) as u64, usage)?;
        for first in (0..words).step_by(WORDS_ON_THE_WAY) {
            let some = size.min(words - first);
            self.launch(|commands| commands.copy((from, at + first), (&host, 0), some))?;
            self.read_host(&host, some, elements)?;
        }
        Ok(())
    }

    /// Elements from a buffer that the host can see.
    fn read_host(&self, host: &Buffer, words: usize, elements: &mut Vec<F>) -> Result<(), Error> {
        self.seen(host, words * WORD, |bytes| {
            let (words, _) = bytes.as_chunks::<WORD>();
            elements.extend(words.iter().map(|word| from_word(u32::from_le_bytes(*word))));
        })
    }

    /// Looks at the first bytes of a buffer that the host can see.
    pub(super) fn seen<T>(
        &self,
        host: &Buffer,
        bytes: usize,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        let failed =
            |reason: String| Error::LaunchFailed { device: self.id, kernel: "read".to_owned(), reason };
        let (done, answer) = mpsc::channel();
        let bytes = host.slice(..bytes as u64);
        self.checked("read", 0, || {
            bytes.map_async(MapMode::Read, move |result| {
                let _ = done.send(result);
            });
        })?;
        self.wait(None)?;
        let mapped = answer.try_recv().map_err(|_| failed("the driver does not answer".to_owned()))?;
        mapped.map_err(|error| failed(error.to_string()))?;
        let view = bytes.get_mapped_range().map_err(|error| failed(error.to_string()))?;
        let found = look(&view);
        drop(view);
        host.unmap();
        Ok(found)
    }
}
