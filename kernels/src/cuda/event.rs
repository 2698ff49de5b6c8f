//! Marks in queues: other queues and the host wait for them, and the device knows when it came by.

use core::time::Duration;
use std::sync::Arc;

use cudarc::driver::{result, sys};
use sys::CUevent_flags::{self, CU_EVENT_DEFAULT, CU_EVENT_DISABLE_TIMING};

use super::driver::Context;
use super::stream::Stream;
use crate::error::Error;

/// A mark in queues of one context. It may be dropped while it is waited for.
#[derive(Debug)]
pub(super) struct Event {
    context: Arc<Context>,
    pub(super) event: sys::CUevent,
}

// SAFETY: the driver's functions on events are thread-safe.
unsafe impl Send for Event {}
// SAFETY: as above.
unsafe impl Sync for Event {}

impl Event {
    /// One that is waited for, and costs the least.
    pub(super) fn new(context: &Arc<Context>) -> Result<Self, Error> {
        Self::with(context, CU_EVENT_DISABLE_TIMING)
    }

    /// One whose time is asked for, too.
    pub(super) fn timed(context: &Arc<Context>) -> Result<Self, Error> {
        Self::with(context, CU_EVENT_DEFAULT)
    }

    fn with(context: &Arc<Context>, flags: CUevent_flags) -> Result<Self, Error> {
        let event = context.run("event create", || result::event::create(flags))?;
        Ok(Self { context: Arc::clone(context), event })
    }

    /// Marks the end of what a queue of its context has been given by now. What waits for an earlier mark is not moved.
    pub(super) fn record(&self, stream: &Stream) -> Result<(), Error> {
        // SAFETY: event and stream live.
        self.context.run("event record", || unsafe { result::event::record(self.event, stream.stream) })
    }

    /// Waits until the queue has come by.
    pub(super) fn wait(&self) -> Result<(), Error> {
        // SAFETY: the event lives.
        self.context.run("event synchronize", || unsafe { result::event::synchronize(self.event) })
    }

    /// Time on the device from an earlier mark to this one, which were waited for: to half a microsecond (CUDA driver API reference,
    /// `cuEventElapsedTime`). Both are of [`Event::timed`].
    pub(super) fn since(&self, earlier: &Self) -> Result<Duration, Error> {
        // SAFETY: both live.
        let elapsed = || unsafe { result::event::elapsed(earlier.event, self.event) };
        let milliseconds = f64::from(self.context.run("event elapsed time", elapsed)?);
        Duration::try_from_secs_f64(milliseconds / 1e3).map_err(|_| Error::LaunchFailed {
            device: self.context.id,
            kernel: "event elapsed time".to_owned(),
            reason: format!("{milliseconds} ms"),
        })
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: created once, and destroyed once.
        self.context.give_back(|| unsafe { result::event::destroy(self.event) });
    }
}
