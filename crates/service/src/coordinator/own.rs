//! The coordinator's own tasks: checks, the last verification, the receipt.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use aludel_scheduler::artifacts::{Artifacts, Pin};
use aludel_scheduler::{Failure, FailureClass, Input, Lapse, Output, Task, WorkerId};

use super::desk::keep;
use super::message::{Assignment, Message};
use super::names::Names;
use super::shelf::Shelf;
use crate::guard::guarded;
use crate::judge::{Judge, Work};
use crate::receipt;

/// What its tasks need.
pub(super) struct Own {
    pub artifacts: Artifacts,
    pub judge: Arc<dyn Judge>,
    pub shelf: Arc<Shelf>,
    pub names: Arc<Names>,
    pub inbox: Sender<Message>,
}

impl Own {
    /// Does a task, on the thread of whoever calls, and says what became of it.
    pub fn run(&self, worker: WorkerId, assignment: &Assignment, is_stopped: &AtomicBool) {
        let lease = assignment.lease;
        let progress = || {
            let _ =
                self.inbox.send(Message::Tell { input: Input::Progress { worker, lease }, pins: Vec::new() });
        };
        let done = guarded(|| {
            let work = Work::new(&self.artifacts, &assignment.inputs, is_stopped, &progress);
            match lease.task {
                Task::Check { .. } => self.check(assignment, &work),
                Task::Verify => self.verify(assignment, &work),
                _ => self.publish(assignment),
            }
        });
        let done = done.unwrap_or_else(|panic| {
            let what = format!("{} failed: {panic}; this is a bug in Aludel, report it", lease.task);
            Err(Lapse::Failed(Failure::new(FailureClass::Internal, what)))
        });
        let (input, pins) = match done {
            // Who was told to stop lets go, whatever it has made.
            _ if is_stopped.load(Ordering::Relaxed) => {
                (Input::Lapsed { worker, lease, why: Lapse::Stopped }, Vec::new())
            }
            Ok((output, pin)) => (Input::Completed { worker, lease, output }, vec![pin]),
            Err(why) => (Input::Lapsed { worker, lease, why }, Vec::new()),
        };
        let _ = self.inbox.send(Message::Tell { input, pins });
    }

    fn check(&self, assignment: &Assignment, work: &Work<'_>) -> Result<(Output, Pin), Lapse> {
        let checked = self.judge.check(assignment.chain, work)?;
        let (mut output, pin) = self.keep(&checked.statement)?;
        output.cuts = checked.cuts;
        Ok((output, pin))
    }

    /// Every result as it lies on the disk, against what the checks say.
    fn verify(&self, assignment: &Assignment, work: &Work<'_>) -> Result<(Output, Pin), Lapse> {
        let says: Vec<&[u8]> = assignment.says.iter().map(Vec::as_slice).collect();
        for (i, (due, proof)) in assignment.due.iter().zip(work.inputs()).enumerate() {
            let of_it = match due.task {
                Task::Prove { .. } => &says[i..=i],
                _ => &says[..],
            };
            let refused = |why| {
                // The worker's proof was verified when it was made: what lies there now is not that.
                Lapse::Failed(Failure::new(
                    FailureClass::Internal,
                    format!(
                        "the proof of {} does not verify as it lies on the disk: {why}; this is a bug in Aludel, report it",
                        due.task
                    ),
                ))
            };
            self.judge.verify(due.task, due.shape, &proof?, of_it).map_err(refused)?;
        }
        let statement = self.judge.fold(&says).map_err(Lapse::Failed)?;
        self.keep(&statement)
    }

    fn publish(&self, assignment: &Assignment) -> Result<(Output, Pin), Lapse> {
        let id = assignment.lease.job;
        let log = self
            .shelf
            .with(|store| store.log(id, 0))
            .map_err(|error| Lapse::Failed(Failure::new(FailureClass::Device, error.to_string())))?;
        self.keep(&receipt::of(id, &log, self.judge.keys(), |worker| self.names.of(worker)))
    }

    fn keep(&self, bytes: &[u8]) -> Result<(Output, Pin), Lapse> {
        let pin = keep(&self.artifacts, bytes)?;
        Ok((Output { artifact: pin.id(), bytes: pin.bytes(), cuts: Vec::new() }, pin))
    }
}
