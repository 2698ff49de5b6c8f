//! What a client is told of a job.

use super::Job;
use crate::plan::Stage;
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
            Some(End::Expired(_)) => return Phase::Expired,
            None => {}
        }
        if self.is_cancelled {
            return Phase::Cancelling;
        }
        let Some(stage) = self.graph.first_stage() else {
            return Phase::WaitingInput;
        };
        if self.attempts.is_empty() {
            return Phase::Queued;
        }
        let (done, total) = self.graph.stage(stage);
        Phase::Running { stage, done, total }
    }
}
