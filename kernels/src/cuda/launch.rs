//! Launches of kernels, on buffers that may have been used on other queues.

use core::ffi::c_void;
use std::sync::Arc;

use cudarc::driver::{result, sys};

use super::buffer::Buffer;
use super::stream::Stream;
use crate::error::Error;

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
    /// Several, as one argument.
    Words(&'a [u32]),
    /// No argument: a buffer that the kernel reaches through a table.
    Reached(&'a Buffer),
}

impl<'a> Arg<'a> {
    fn buffer(&self) -> Option<&'a Buffer> {
        match self {
            Self::At(buffer, _) | Self::Reached(buffer) => Some(buffer),
            Self::Word(_) | Self::Words(_) => None,
        }
    }

    /// The bytes of an argument that no buffer holds, or the address that is one.
    fn value(&self) -> Option<Value<'a>> {
        match self {
            Self::At(buffer, word) => Some(Value::Own(buffer.address(*word))),
            // A little-endian machine: the low half comes first, and a kernel takes no more of it.
            Self::Word(word) => Some(Value::Own(u64::from(*word))),
            Self::Words(words) => Some(Value::Lent(words)),
            Self::Reached(_) => None,
        }
    }
}

/// Where the driver reads an argument.
enum Value<'a> {
    Own(u64),
    Lent(&'a [u32]),
}

impl Value<'_> {
    fn pointer(&self) -> *mut c_void {
        match self {
            Self::Own(value) => std::ptr::from_ref(value).cast_mut().cast(),
            Self::Lent(words) => words.as_ptr().cast_mut().cast(),
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
        let values: Vec<Value<'_>> = args.iter().filter_map(Arg::value).collect();
        let mut params: Vec<_> = values.iter().map(Value::pointer).collect();
        let (grid, block) = (launch.grid, launch.block);
        self.context.run(launch.kernel, || {
            // SAFETY: the caller's promise; `params` point to values that live until the call ends, which copies them and writes none.
            unsafe {
                let (grid, block) = ((grid.0, grid.1, 1), (block.0, block.1, 1));
                result::launch_kernel(function, grid, block, launch.shared_bytes, self.stream, &mut params)
            }
        })?;
        self.context.queued(launch.kernel);
        self.before(&others)
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

    pub(super) fn same_device(&self, buffer: &Buffer) -> Result<(), Error> {
        if Arc::ptr_eq(&self.context, &buffer.stream.context) {
            return Ok(());
        }
        let what = format!(
            "a matrix that lies on {}, or was brought there by another opening",
            buffer.stream.context.id
        );
        Err(Error::Unsupported { device: self.context.id, what })
    }
}
