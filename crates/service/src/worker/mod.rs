//! Where device tasks are done: a process for each device, which is spoken to over pipes.

pub mod process;
pub mod prove;
pub mod serve;
pub mod wire;

use std::io;
use std::sync::Arc;

use aludel_protocol::Digest;
use aludel_scheduler::Failure;

pub use process::WorkerProgram;
use wire::ToWorker;

/// A worker's end of the pipe, as the coordinator holds it. Nothing here waits.
pub trait Hand: Send + Sync + 'static {
    /// Says something to the worker, if it lives.
    fn send(&self, message: ToWorker);

    /// Ends the worker now.
    fn kill(&self);
}

/// What a worker is heard to say, whatever it is.
pub trait Ear: Send + Sync + 'static {
    /// First of all: which build it is.
    fn hello(&self, version: String, keys: Digest);
    /// It lives.
    fn heartbeat(&self);
    /// It gets on with an order.
    fn progress(&self, order: u64);
    /// It is done with an order.
    fn done(&self, order: u64, result: Vec<u8>);
    /// It gives an order up; without a reason where it was told to stop.
    fn failed(&self, order: u64, why: Option<Failure>);
    /// It has ended. The last that is heard of it.
    fn gone(&self, why: String);
}

/// A place where workers run, one at a time: a device.
pub trait Launch: Send + Sync + 'static {
    /// What people call it.
    fn name(&self) -> String;

    /// Bytes that a task on it may take.
    fn memory_bytes(&self) -> u64;

    /// Starts a worker.
    ///
    /// # Errors
    /// It cannot be started.
    fn launch(&self, ear: Arc<dyn Ear>) -> io::Result<Arc<dyn Hand>>;
}
