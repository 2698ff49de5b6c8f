//! What becomes of leases.

use super::Machine;
use super::memory::MemoryModel;
use super::words::{Answer, Command, Step};
use super::workers::Held;
use crate::failure::{Counts, Failure, FailureClass, Lapse};
use crate::ids::{ArtifactId, JobId, LeaseId, WorkerId};
use crate::job::Job;
use crate::plan::Task;
use crate::record::{End, Output, Record};

impl<M: MemoryModel> Machine<M> {
    pub(super) fn progress(&mut self, worker: WorkerId, lease: &LeaseId) -> Answer {
        let now = self.now;
        let Some(held) = self.workers.held(worker, lease) else { return Answer::Stale };
        held.progress = now;
        self.heard(worker)
    }

    pub(super) fn completed(
        &mut self,
        step: &mut Step,
        worker: WorkerId,
        lease: LeaseId,
        output: Output,
    ) -> Answer {
        if self.let_go(worker, &lease).is_none() {
            return if self.is_taken(&lease, &output) { Answer::Already } else { Answer::Stale };
        }
        let LeaseId { job: id, task, epoch } = lease;
        let Some(job) = self.leased(worker, &lease) else { return Answer::Stale };
        if job.is_cancelled() {
            self.lapse(step, worker, lease, Lapse::Stopped);
            return Answer::Stale;
        }
        if !job.is_result(task, &output) {
            let why = format!("{task} was answered with a result that it cannot have");
            self.lapse(step, worker, lease, Lapse::Unverified(why));
            return Answer::Stale;
        }
        let receipt = output.artifact;
        self.write(step, id, Record::Completed { task, epoch, at: self.now, output });
        if task == Task::Publish {
            let proofs = self.job(id).and_then(Job::proofs).unwrap_or_default();
            self.end(step, id, End::Succeeded { proofs, receipt });
        }
        Answer::Done
    }

    /// Whether the lease's result was taken and is this.
    fn is_taken(&self, lease: &LeaseId, output: &Output) -> bool {
        let attempts = self.job(lease.job).and_then(|job| job.attempts(lease.task));
        attempts.is_some_and(|attempts| {
            attempts.epoch == lease.epoch
                && attempts.output.as_ref().is_some_and(|taken| taken.artifact == output.artifact)
        })
    }

    pub(super) fn lapsed(&mut self, step: &mut Step, worker: WorkerId, lease: LeaseId, why: Lapse) -> Answer {
        let Some(held) = self.let_go(worker, &lease) else { return Answer::Stale };
        if self.leased(worker, &lease).is_none() {
            return Answer::Stale;
        }
        // What counts nothing is ours to say: a worker that says it without having been told to stop would be given the task again, for ever.
        let why = match why {
            Lapse::Stopped | Lapse::Evicted | Lapse::Restarted if held.stopping.is_none() => {
                let what = "a worker let go of a task that it was not told to stop; see its log";
                Lapse::Failed(Failure::new(FailureClass::Internal, what))
            }
            why => why.bounded(),
        };
        self.lapse(step, worker, lease, why);
        Answer::Done
    }

    pub(super) fn worker_gone(&mut self, step: &mut Step, worker: WorkerId) -> Answer {
        let Some(gone) = self.workers.alive.remove(&worker) else { return Answer::UnknownWorker };
        // What others left to it, because they had failed it, they may try again.
        self.is_changed[gone.spec.side as usize] = true;
        for (lease, held) in gone.held {
            let why = if held.stopping.is_some() { Lapse::Stopped } else { Lapse::WorkerLost };
            self.lapse(step, worker, lease, why);
        }
        Answer::Done
    }

    /// Ends a worker's process. `why` says of each of its leases why it is over.
    pub(super) fn kill(&mut self, step: &mut Step, worker: WorkerId, why: impl Fn(&Held) -> Lapse) {
        let Some(gone) = self.workers.alive.remove(&worker) else { return };
        self.is_changed[gone.spec.side as usize] = true;
        step.commands.push(Command::Kill { worker });
        for (lease, held) in gone.held {
            let why = if held.stopping.is_some() { Lapse::Stopped } else { why(&held) };
            self.lapse(step, worker, lease, why);
        }
    }

    /// Gives up a lease of the coordinator's own that does not get on: its thread is forgotten, its neighbours go on.
    pub(super) fn abandon(&mut self, step: &mut Step, worker: WorkerId, lease: LeaseId) {
        let Some(held) = self.let_go(worker, &lease) else { return };
        step.commands.push(Command::Abandon { worker, lease });
        let why = if held.stopping.is_some() { Lapse::Stopped } else { Lapse::Stalled };
        self.lapse(step, worker, lease, why);
    }

    /// The live job of a lease that is live, and this worker's.
    fn leased(&self, worker: WorkerId, lease: &LeaseId) -> Option<&Job> {
        let job = self.job(lease.job)?;
        let live = job.leases().get(&lease.task)?;
        (live.epoch == lease.epoch && live.worker == worker).then_some(job)
    }

    /// A lease that its worker has not in hands any more is over without a result. Nothing, if it was not live.
    fn lapse(&mut self, step: &mut Step, worker: WorkerId, lease: LeaseId, why: Lapse) {
        let LeaseId { job: id, task, epoch } = lease;
        let Some(job) = self.leased(worker, &lease) else { return };
        let is_cancelled = job.is_cancelled();
        let lost = match &why {
            Lapse::InputLost(artifact) => Some(self.lost(id, task, *artifact)),
            _ => None,
        };
        let why = match lost {
            Some(Lost::Nothing) => Lapse::Failed(Failure::new(
                FailureClass::Internal,
                format!("{task} misses an input that it does not take; this is a bug in Aludel, report it"),
            )),
            _ => why,
        };
        self.write(step, id, Record::Released { task, epoch, at: self.now, why: why.clone() });
        if is_cancelled {
            if self.job(id).is_some_and(|job| job.leases().is_empty()) {
                self.end(step, id, End::Cancelled);
            }
            return;
        }
        match lost {
            Some(Lost::Batch) => {
                let what = "a batch is missing or damaged on the disk; check the disk, then submit again under another key";
                self.end(step, id, End::Failed(Failure::new(FailureClass::Internal, what)));
            }
            Some(Lost::Output(task)) => {
                self.write(step, id, Record::OutputLost { task });
                self.retry(step, id, task, &why);
            }
            Some(Lost::Nothing) | None => self.retry(step, id, task, &why),
        }
    }

    /// After a failure of a task was counted: it may be tried again, or its job fails.
    fn retry(&mut self, step: &mut Step, id: JobId, task: Task, why: &Lapse) {
        let Some(attempts) = self.job(id).and_then(|job| job.attempts(task)) else { return };
        let (policy, counts) = (&self.policy, why.counts(task.side()));
        let is_over = counts == Counts::Final
            || attempts.infrastructure > policy.most_infrastructure
            || attempts.logic > policy.most_logic;
        let failures = match why {
            Lapse::NoRoom => attempts.no_room,
            _ if counts == Counts::Infrastructure => attempts.infrastructure,
            _ => 0,
        };
        if is_over {
            self.end(step, id, End::Failed(why.failure(task)));
        } else if failures > 0 {
            self.delay(id, task, self.now.after(policy.delay_ms(failures)));
        }
    }

    /// What a task's missing input is.
    fn lost(&self, id: JobId, task: Task, artifact: ArtifactId) -> Lost {
        let Some(job) = self.job(id) else { return Lost::Nothing };
        let Some(planned) = job.planned(task) else { return Lost::Nothing };
        let makes = |before: &&Task| job.output(**before).is_some_and(|output| output.artifact == artifact);
        if let Some(maker) = planned.after.iter().find(makes) {
            return Lost::Output(*maker);
        }
        let inputs = job.inputs(planned).unwrap_or_default();
        if inputs.contains(&artifact) { Lost::Batch } else { Lost::Nothing }
    }
}

/// A missing input.
#[derive(Clone, Copy)]
enum Lost {
    /// The result of a task.
    Output(Task),
    /// What the client gave.
    Batch,
    /// No input of the task.
    Nothing,
}
