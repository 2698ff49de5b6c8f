//! The worker's side: a loop over a pipe. Heartbeats come from a thread of their own, so that a worker that proves is not taken for dead.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use aludel_protocol::Digest;
use aludel_scheduler::{Failure, FailureClass};

use super::wire::{self, FromWorker, Order, ToWorker};
use crate::guard::{guarded, serving};

/// How often a worker says that it lives.
pub const HEARTBEAT: Duration = Duration::from_secs(1);

/// What a worker does with an order.
pub trait Craft: Send + 'static {
    /// Root of the set of keys that its proofs name.
    fn keys(&self) -> Digest;

    /// Does it. `step` is called wherever it gets on; when that says no, the order is to be let go.
    ///
    /// # Errors
    /// Why there is no result; nothing where `step` said no.
    fn make(&mut self, order: &Order, step: &dyn Fn() -> bool) -> Result<Vec<u8>, Option<Failure>>;
}

/// Serves until the input ends, and from now on takes panics of this process's pool for those of its tasks. Then the process is to end at once, whatever it is doing: the coordinator is gone.
///
/// # Errors
/// A message that cannot be read, or written.
pub fn serve(
    mut craft: impl Craft,
    mut input: impl Read,
    output: impl Write + Send + 'static,
) -> std::io::Result<()> {
    serving();
    let output = Arc::new(Mutex::new(output));
    let say = move |word: &FromWorker| {
        wire::send(&mut *output.lock().unwrap_or_else(PoisonError::into_inner), word)
    };
    say(&FromWorker::Hello { version: env!("CARGO_PKG_VERSION").into(), keys: craft.keys() })?;
    let beats = say.clone();
    let (_alive, ended) = mpsc::channel::<()>();
    thread::Builder::new().name("heartbeat".into()).spawn(move || {
        while ended.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
            if beats(&FromWorker::Heartbeat).is_err() {
                break;
            }
        }
    })?;
    // All orders up to this number are to be let go.
    let stopped = Arc::new(AtomicU64::new(0));
    let (orders, work) = mpsc::channel::<Order>();
    let is_stopped = Arc::clone(&stopped);
    let works = say.clone();
    thread::Builder::new().name("work".into()).spawn(move || {
        for order in work {
            let number = order.number;
            let step = || {
                let _ = works(&FromWorker::Progress(number));
                is_stopped.load(Ordering::Relaxed) < number
            };
            let made = guarded(|| craft.make(&order, &step)).unwrap_or_else(|panic| {
                let what = format!("{} failed: {panic}; this is a bug in Aludel, report it", order.task);
                Err(Some(Failure::new(FailureClass::Internal, what)))
            });
            let word = match made {
                Ok(result) => FromWorker::Done { number, result },
                Err(why) => FromWorker::Failed { number, why },
            };
            if works(&word).is_err() {
                break;
            }
        }
    })?;
    while let Some(word) = wire::receive(&mut input)? {
        match word {
            ToWorker::Do(order) => {
                if orders.send(order).is_err() {
                    break;
                }
            }
            ToWorker::Stop(number) => {
                stopped.fetch_max(number, Ordering::Relaxed);
            }
        }
    }
    Ok(())
}
