//! Matrices from one device to another, without the host between them.

use cudarc::driver::result;

use super::buffer::Buffer;
use super::stream::Stream;
use super::{Cuda, Matrix};
use crate::cpu::Cpu;
use crate::error::Error;
use crate::seam::{Device, Peer};
use crate::wgpu::Wgpu;

impl Stream {
    /// Queues a copy of a buffer, wherever it lies, to one of this stream and of its size. It comes after all that is queued on the buffer's stream,
    /// which in turn waits for it.
    fn copy_across(&self, from: &Buffer, to: &mut Buffer) -> Result<(), Error> {
        assert!(from.words() == to.words() && to.stream.stream == self.stream, "a copy that fits");
        if from.words() == 0 {
            return Ok(());
        }
        let source: &Self = &from.stream;
        self.wait_for(source)?;
        let (contexts, bytes) =
            ((self.context.context, source.context.context), from.words() * size_of::<u32>());
        // SAFETY: both buffers live, and are freed after the copy: one on this stream, one on a stream that waits for it.
        let copied = self.context.attempt(|| unsafe {
            result::memcpy_peer_async(
                contexts.0,
                to.address(0),
                contexts.1,
                from.address(0),
                bytes,
                self.stream,
            )
        })?;
        copied.map_err(|error| {
            // The driver does not say which of the two has failed.
            source.alive().err().unwrap_or_else(|| self.context.error(&error, "copy between devices"))
        })?;
        self.before(&[source])
    }
}

impl Peer<Cpu> for Cuda {}
impl Peer<Wgpu> for Cuda {}

/// Through the driver: over NVLink or the bus where the devices reach each other, by way of the host where they do not.
impl Peer<Self> for Cuda {
    fn copy_from(&self, source: &Self, matrix: &Matrix) -> Result<Matrix, Error> {
        source.stream.same_device(&matrix.buffer)?;
        let (height, width) = source.shape(matrix);
        let mut copy = self.matrix(height, width)?;
        self.stream.copy_across(&matrix.buffer, &mut copy.buffer)?;
        Ok(copy)
    }
}
