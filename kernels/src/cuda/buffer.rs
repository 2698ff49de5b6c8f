//! Memory on a device.

use std::sync::Arc;

use cudarc::driver::{result, sys};

use super::stream::Stream;
use crate::error::Error;
use crate::memory::Reserved;

/// Words of memory on a device. It belongs to a queue, on which it is freed: who uses it elsewhere makes that queue wait.
#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) stream: Arc<Stream>,
    pointer: sys::CUdeviceptr,
    words: usize,
    #[expect(dead_code, reason = "given back when the buffer is dropped")]
    reserved: Reserved,
}

impl Buffer {
    /// Takes memory, whose bytes are reserved already. It holds garbage.
    pub(super) fn new(stream: &Arc<Stream>, words: usize, reserved: Reserved) -> Result<Self, Error> {
        let context = &stream.context;
        let bytes = words * size_of::<u32>();
        let take = || {
            // SAFETY: the stream lives; `drop` frees what is taken.
            unsafe {
                if context.pooled {
                    result::malloc_async(stream.stream, bytes)
                } else {
                    result::malloc_sync(bytes)
                }
            }
        };
        // The driver refuses to take nothing.
        let short = || context.out_of_memory(bytes as u64);
        let pointer = if words == 0 { 0 } else { context.take("allocate", take, short)? };
        Ok(Self { stream: Arc::clone(stream), pointer, words, reserved })
    }

    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// Address of a word on the device, for tables of addresses.
    pub(super) fn address(&self, word: usize) -> u64 {
        self.pointer + (word * size_of::<u32>()) as u64
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.words == 0 {
            return;
        }
        let context = &self.stream.context;
        // SAFETY: taken once, and freed once; its stream waits for the uses of all others (`Stream::before`).
        context.give_back(|| unsafe {
            if context.pooled {
                result::free_async(self.pointer, self.stream.stream)
            } else {
                // Waits for all work of the device.
                result::free_sync(self.pointer)
            }
        });
    }
}
