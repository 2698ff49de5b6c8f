//! Queues of work on a device, the memory that they take, and launches.

use std::sync::{Arc, OnceLock};

use cudarc::driver::{result, sys};
use sys::cudaError_enum as Code;

use super::driver::Context;
use crate::error::Error;
use crate::memory::Reserved;

/// A queue of work on a device.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) context: Arc<Context>,
    stream: sys::CUstream,
}

// SAFETY: the driver's functions on streams are thread-safe.
unsafe impl Send for Stream {}
// SAFETY: as above.
unsafe impl Sync for Stream {}

impl Stream {
    pub(super) fn new(context: &Arc<Context>) -> Result<Arc<Self>, Error> {
        let create = || result::stream::create(result::stream::StreamKind::NonBlocking);
        let stream = context.run("stream create", create)?;
        Ok(Arc::new(Self { context: Arc::clone(context), stream }))
    }

    /// Waits until all work is done.
    pub(super) fn synchronize(&self) -> Result<(), Error> {
        // SAFETY: the stream lives as long as this value.
        self.context.run("stream synchronize", || unsafe { result::stream::synchronize(self.stream) })
    }

    /// What is queued here from now on begins after all that is queued there by now.
    fn wait_for(&self, other: &Self) -> Result<(), Error> {
        self.context.run("stream wait", || {
            let event = result::event::create(sys::CUevent_flags::CU_EVENT_DISABLE_TIMING)?;
            // SAFETY: event and streams live; an event may be destroyed while it is waited for.
            unsafe {
                let waits = result::event::record(event, other.stream).and_then(|()| {
                    let flags = sys::CUevent_wait_flags::CU_EVENT_WAIT_DEFAULT;
                    result::stream::wait_event(self.stream, event, flags)
                });
                waits.and(result::event::destroy(event))
            }
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: created once, and destroyed once; work that is queued is still done.
        self.context.give_back(|| unsafe { result::stream::destroy(self.stream) });
    }
}

/// Words of memory on a device.
#[derive(Debug)]
pub(super) struct Buffer {
    stream: Arc<Stream>,
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
        let refused = OnceLock::new();
        let take = || {
            // SAFETY: the stream lives; `drop` frees what is taken.
            let taken = unsafe {
                if context.pooled {
                    result::malloc_async(stream.stream, bytes)
                } else {
                    result::malloc_sync(bytes)
                }
            };
            taken.inspect_err(|error| {
                let _ = refused.set(error.0);
            })
        };
        // The driver refuses to take nothing.
        let pointer = if words == 0 { Ok(0) } else { context.run("allocate", take) };
        let pointer = pointer.map_err(|error| match refused.get() {
            Some(Code::CUDA_ERROR_OUT_OF_MEMORY) => context.out_of_memory(bytes as u64),
            _ => error,
        })?;
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
        // SAFETY: taken once, and freed once; on its stream all other streams' uses have been waited for (`Stream::launch`).
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

/// A kernel with the shape of its launch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Launch {
    pub(super) kernel: &'static str,
    pub(super) grid: (u32, u32),
    pub(super) block: (u32, u32),
    pub(super) shared_bytes: u32,
}

/// What a kernel is given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arg<'a> {
    /// Address of a word of a buffer.
    At(&'a Buffer, usize),
    /// A number.
    Word(u32),
    /// No argument: a buffer that the kernel reaches through a table.
    Reached(&'a Buffer),
}

impl<'a> Arg<'a> {
    fn buffer(&self) -> Option<&'a Buffer> {
        match self {
            Self::At(buffer, _) | Self::Reached(buffer) => Some(buffer),
            Self::Word(_) => None,
        }
    }

    fn value(&self) -> Option<u64> {
        match self {
            Self::At(buffer, word) => Some(buffer.address(*word)),
            // A little-endian machine: the low half comes first, and a kernel takes no more of it.
            Self::Word(word) => Some(u64::from(*word)),
            Self::Reached(_) => None,
        }
    }
}

impl Stream {
    /// Queues a kernel, after all that other streams have queued on its buffers; they in turn wait for it.
    ///
    /// # Safety
    /// The kernel takes these arguments, and reads and writes only words of these buffers.
    pub(super) unsafe fn launch(
        &self,
        function: sys::CUfunction,
        launch: Launch,
        args: &[Arg<'_>],
    ) -> Result<(), Error> {
        if launch.grid.0 == 0 || launch.grid.1 == 0 {
            return Ok(());
        }
        let others = self.others(args)?;
        others.iter().try_for_each(|other| self.wait_for(other))?;
        let mut values: Vec<u64> = args.iter().filter_map(Arg::value).collect();
        let mut params: Vec<_> = values.iter_mut().map(|value| std::ptr::from_mut(value).cast()).collect();
        let (grid, block) = (launch.grid, launch.block);
        self.context.run(launch.kernel, || {
            // SAFETY: the caller's promise; `params` point to values that live until the call ends, which copies them.
            unsafe {
                let (grid, block) = ((grid.0, grid.1, 1), (block.0, block.1, 1));
                result::launch_kernel(function, grid, block, launch.shared_bytes, self.stream, &mut params)
            }
        })?;
        self.context.queued(launch.kernel);
        others.iter().try_for_each(|other| other.wait_for(self))
    }

    /// Streams of the arguments' buffers which are not this one.
    fn others<'a>(&self, args: &[Arg<'a>]) -> Result<Vec<&'a Stream>, Error> {
        let mut others: Vec<&Stream> = Vec::new();
        for buffer in args.iter().filter_map(Arg::buffer) {
            let stream: &Stream = &buffer.stream;
            self.same_device(buffer)?;
            if stream.stream != self.stream && others.iter().all(|other| other.stream != stream.stream) {
                others.push(stream);
            }
        }
        Ok(others)
    }

    fn same_device(&self, buffer: &Buffer) -> Result<(), Error> {
        if Arc::ptr_eq(&self.context, &buffer.stream.context) {
            return Ok(());
        }
        let what = format!(
            "a matrix that lies on {}, or was brought there by another opening",
            buffer.stream.context.id
        );
        Err(Error::Unsupported { device: self.context.id, what })
    }

    /// Queues a copy to the start of a buffer of this stream. The words have been read when it returns.
    pub(super) fn copy_in(&self, words: &[u32], buffer: &mut Buffer) -> Result<(), Error> {
        assert!(
            words.len() <= buffer.words && buffer.stream.stream == self.stream,
            "a copy that fits, on its stream"
        );
        if words.is_empty() {
            return Ok(());
        }
        self.context.run("copy to the device", || {
            // SAFETY: the lengths were compared; the driver stages what is not pinned before it returns.
            unsafe { result::memcpy_htod_async(buffer.pointer, words, self.stream) }
        })
    }

    /// Copies words from `first` on out of a buffer of this stream, and waits for them.
    pub(super) fn copy_out(&self, buffer: &Buffer, first: usize, words: &mut [u32]) -> Result<(), Error> {
        assert!(
            first + words.len() <= buffer.words && buffer.stream.stream == self.stream,
            "a copy that fits, on its stream"
        );
        if words.is_empty() {
            return Ok(());
        }
        self.context.run("copy from the device", || {
            // SAFETY: the lengths were compared; the words are borrowed until the stream has been waited for.
            unsafe {
                result::memcpy_dtoh_async(words, buffer.address(first), self.stream)?;
                result::stream::synchronize(self.stream)
            }
        })
    }
}
