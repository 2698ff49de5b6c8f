//! Pinned memory of the host, through which words go to a device and come back.
//!
//! A queue has two pieces of it, used in turn: while the device copies one, the host fills or empties the other. It is taken with the
//! first copy, and stands outside the device's budget, for it is the host's memory: 8 MiB a queue at most. Where the host has none to give,
//! that is an error: a copy of pageable memory would do, slowly, and nobody would know why.

use core::slice;
use std::sync::{Arc, PoisonError};

use cudarc::driver::{DriverError, result, sys};

use super::buffer::Buffer;
use super::driver::Context;
use super::event::Event;
use super::stream::Stream;
use crate::error::Error;
use crate::id::DeviceId;

/// Words of a piece, at most: 4 MiB. At the bus's 50 GB/s that is 80 microseconds, well above what it takes to order a copy; what is larger
/// makes the first piece come later, for which nothing else is done meanwhile.
pub(super) const MOST_WORDS: usize = 1 << 20;
/// Words of a piece, at least: 64 KiB.
const LEAST_WORDS: usize = 1 << 14;

/// Two pieces of pinned memory.
#[derive(Debug)]
pub(super) struct Staging {
    pieces: [Piece; 2],
    words: usize,
    /// Which of them is used next.
    next: usize,
}

/// Pinned memory, and the end of the copy that uses it.
#[derive(Debug)]
struct Piece {
    context: Arc<Context>,
    memory: *mut u32,
    used: Event,
    /// Whether the device may still use it.
    busy: bool,
}

// SAFETY: the memory belongs to this value, and may be used by any thread.
unsafe impl Send for Piece {}

impl Piece {
    /// Takes memory. It holds garbage.
    fn new(context: &Arc<Context>, words: usize) -> Result<Self, Error> {
        let used = Event::new(context)?;
        let bytes = words * size_of::<u32>();
        // SAFETY: `drop` frees it.
        let take = || unsafe { result::malloc_host(bytes, 0) };
        // The host's memory is short, not the device's.
        let short = || Error::OutOfMemory { device: DeviceId::Cpu, requested: bytes as u64, free: 0 };
        let memory = context.take("allocate pinned memory", take, short)?.cast();
        Ok(Self { context: Arc::clone(context), memory, used, busy: false })
    }

    /// Waits until the device is done with it.
    fn free(&mut self) -> Result<(), Error> {
        if self.busy {
            self.used.wait()?;
        }
        self.busy = false;
        Ok(())
    }

    /// Orders a copy to it or from it, behind which it is free again.
    fn copy(
        &mut self,
        stream: &Stream,
        call: &str,
        order: impl FnOnce() -> Result<(), DriverError>,
    ) -> Result<(), Error> {
        self.context.run(call, order)?;
        self.busy = true;
        self.used.record(stream).inspect_err(|_| self.busy = stream.synchronize().is_err())
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if self.free().is_err() {
            self.context.give_back(result::ctx::synchronize);
        }
        // SAFETY: taken once, and freed once; no copy uses it any more, unless the context is broken.
        self.context.give_back(|| unsafe { result::free_host(self.memory.cast()) });
    }
}

impl Staging {
    /// Takes memory for copies of `words`, as much of it as is of use.
    fn new(context: &Arc<Context>, words: usize) -> Result<Self, Error> {
        let words = Self::of_use(words);
        Ok(Self { pieces: [Piece::new(context, words)?, Piece::new(context, words)?], words, next: 0 })
    }

    fn of_use(words: usize) -> usize {
        words.clamp(LEAST_WORDS, MOST_WORDS).next_power_of_two()
    }

    /// The piece whose turn it is, when the device is done with it; its place.
    fn turn(&mut self) -> Result<usize, Error> {
        let at = self.next;
        self.pieces[at].free()?;
        self.next = 1 - at;
        Ok(at)
    }

    /// Sends some words, no more than a piece holds, to an address.
    fn send(&mut self, stream: &Stream, words: &[u32], to: u64) -> Result<(), Error> {
        let at = self.turn()?;
        let piece = &mut self.pieces[at];
        // SAFETY: `turn` waited for the device; the caller's words fit.
        unsafe { slice::from_raw_parts_mut(piece.memory, words.len()) }.copy_from_slice(words);
        let (from, bytes) = (piece.memory.cast_const().cast(), size_of_val(words));
        // SAFETY: the memory is left alone until the mark behind the copy has been waited for.
        let order = || unsafe { sys::cuMemcpyHtoDAsync_v2(to, from, bytes, stream.stream).result() };
        piece.copy(stream, "copy to the device", order)
    }

    /// Asks for as many words as a piece holds, at most, from an address: the place of the piece into which they come.
    fn ask(&mut self, stream: &Stream, from: u64, words: usize) -> Result<usize, Error> {
        let at = self.turn()?;
        let piece = &mut self.pieces[at];
        let (to, bytes) = (piece.memory.cast(), words * size_of::<u32>());
        // SAFETY: as of `send`.
        let order = || unsafe { sys::cuMemcpyDtoHAsync_v2(to, from, bytes, stream.stream).result() };
        piece.copy(stream, "copy from the device", order)?;
        Ok(at)
    }

    /// Waits for the words that were asked for.
    fn receive(&mut self, (at, words): (usize, &mut [u32])) -> Result<(), Error> {
        let piece = &mut self.pieces[at];
        piece.free()?;
        // SAFETY: `free` waited for the device; so many words were asked for.
        words.copy_from_slice(unsafe { slice::from_raw_parts(piece.memory, words.len()) });
        Ok(())
    }
}

impl Stream {
    /// Queues a copy to the start of a buffer of this stream. The words have been read when it returns.
    pub(super) fn copy_in(&self, words: &[u32], buffer: &mut Buffer) -> Result<(), Error> {
        self.assert_fits(buffer, words.len());
        self.staged(words.len(), |staging| {
            for (i, some) in words.chunks(staging.words).enumerate() {
                staging.send(self, some, buffer.address(i * staging.words))?;
            }
            Ok(())
        })
    }

    /// Copies words from `first` on out of a buffer of this stream, and waits for them.
    pub(super) fn copy_out(&self, buffer: &Buffer, first: usize, words: &mut [u32]) -> Result<(), Error> {
        self.assert_fits(buffer, first + words.len());
        self.staged(words.len(), |staging| {
            let (size, mut asked) = (staging.words, None);
            for (i, some) in words.chunks_mut(size).enumerate() {
                let at = staging.ask(self, buffer.address(first + i * size), some.len())?;
                if let Some(before) = asked.replace((at, some)) {
                    staging.receive(before)?;
                }
            }
            asked.map_or(Ok(()), |last| staging.receive(last))
        })
    }

    fn assert_fits(&self, buffer: &Buffer, words: usize) {
        let own = buffer.stream.stream == self.stream;
        assert!(words <= buffer.words() && own, "a copy that fits, on its stream");
    }

    /// Copies `words` words through pinned memory, which is taken, or replaced by more, where there is too little.
    fn staged(
        &self,
        words: usize,
        copy: impl FnOnce(&mut Staging) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if words == 0 {
            return Ok(());
        }
        let mut held = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
        let staging = match held.take() {
            Some(staging) if staging.words >= Staging::of_use(words) => staging,
            too_small => {
                // What goes wrong until then is told: a piece that is dropped has nobody to tell it to.
                let mut pieces = too_small.into_iter().flat_map(|staging| staging.pieces);
                pieces.try_for_each(|mut piece| piece.free())?;
                Staging::new(&self.context, words)?
            }
        };
        copy(held.insert(staging))
    }
}
