//! What a client is told of a job.

use super::Job;
use crate::plan::{Stage, Task};
use crate::record::End;

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No task was ever leased.
    Queued,
    /// What can be planned is done, and more batches must come.
    WaitingInput,
    /// At work.
    Running {
        /// Of the first task that is not done.
        stage: Stage,
        /// Tasks of that stage that are done.
        done: u32,
        /// Tasks of that stage that are known.
        total: u32,
    },
    /// Cancelled, and a worker has not let go.
    Cancelling,
    /// It ended with proofs.
    Succeeded,
    /// It ended without.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// Its deadline came first.
    Expired,
}

impl Job {
    /// Where it is.
    pub fn phase(&self) -> Phase {
        match &self.end {
            Some(End::Succeeded { .. }) => return Phase::Succeeded,
            Some(End::Failed(_)) => return Phase::Failed,
            Some(End::Cancelled) => return Phase::Cancelled,
            Some(End::Expired) => return Phase::Expired,
            None => {}
        }
        if self.is_cancelled {
            return Phase::Cancelling;
        }
        let is_done = |task: Task| self.output(task).is_some();
        let Some(first) = self.plan.iter().find(|planned| !is_done(planned.task)) else {
            return Phase::WaitingInput;
        };
        if self.attempts.is_empty() {
            return Phase::Queued;
        }
        let stage = first.task.stage();
        let of_stage = self.plan.iter().filter(|planned| planned.task.stage() == stage);
        let (mut done, mut total) = (0, 0);
        for planned in of_stage {
            total += 1;
            done += u32::from(is_done(planned.task));
        }
        Phase::Running { stage, done, total }
    }
}
