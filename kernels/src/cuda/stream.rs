//! Queues of work on a device, and how they wait for each other.

use std::sync::{Arc, Mutex, PoisonError};

use cudarc::driver::{result, sys};
use sys::CUevent_wait_flags::CU_EVENT_WAIT_DEFAULT;
use sys::cudaError_enum::CUDA_ERROR_NOT_READY;

use super::driver::Context;
use super::event::Event;
use super::staging::Staging;
use crate::error::Error;

/// A queue of work on a device.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) context: Arc<Context>,
    pub(super) stream: sys::CUstream,
    /// Pinned memory for copies, from the first of them on.
    pub(super) staging: Mutex<Option<Staging>>,
}

// SAFETY: the driver's functions on streams are thread-safe.
unsafe impl Send for Stream {}
// SAFETY: as above.
unsafe impl Sync for Stream {}

impl Stream {
    pub(super) fn new(context: &Arc<Context>) -> Result<Arc<Self>, Error> {
        let create = || result::stream::create(result::stream::StreamKind::NonBlocking);
        let stream = context.run("stream create", create)?;
        Ok(Arc::new(Self { context: Arc::clone(context), stream, staging: Mutex::new(None) }))
    }

    /// Waits until all work is done.
    pub(super) fn synchronize(&self) -> Result<(), Error> {
        // SAFETY: the stream lives as long as this value.
        self.context.run("stream synchronize", || unsafe { result::stream::synchronize(self.stream) })
    }

    /// What went wrong here, without waiting for what may still go wrong.
    pub(super) fn alive(&self) -> Result<(), Error> {
        // SAFETY: as above.
        match self.context.attempt(|| unsafe { sys::cuStreamQuery(self.stream).result() })? {
            Err(error) if error.0 != CUDA_ERROR_NOT_READY => Err(self.context.error(&error, "stream query")),
            _ => Ok(()),
        }
    }

    /// What is queued here from now on begins after all that is queued there by now, on this device or another.
    pub(super) fn wait_for(&self, other: &Self) -> Result<(), Error> {
        // An event belongs to the context in which it is recorded.
        let event = Event::new(&other.context)?;
        event.record(other)?;
        self.context.run("stream wait", || {
            // SAFETY: event and stream live; an event may be destroyed while it is waited for.
            unsafe { result::stream::wait_event(self.stream, event.event, CU_EVENT_WAIT_DEFAULT) }
        })
    }

    /// What is queued on others from now on begins after all that is queued here by now. Where that fails, the end of it has come: the
    /// caller may free what is used here.
    pub(super) fn before(&self, others: &[&Self]) -> Result<(), Error> {
        others.iter().try_for_each(|other| other.wait_for(self)).inspect_err(|_| {
            let _ = self.synchronize();
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // Waits for the copies that go through it.
        drop(self.staging.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        // SAFETY: created once, and destroyed once; work that is queued is still done.
        self.context.give_back(|| unsafe { result::stream::destroy(self.stream) });
    }
}
