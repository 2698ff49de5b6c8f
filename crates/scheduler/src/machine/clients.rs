//! What clients want.

use super::Machine;
use super::memory::MemoryModel;
use super::words::{Answer, Refusal, Step};
use crate::ids::{JobId, LeaseId};
use crate::job::{Job, Lease};
use crate::record::{End, Head, Record};
use crate::request::{Batch, Request};

impl<M: MemoryModel> Machine<M> {
    pub(super) fn submit(&mut self, step: &mut Step, id: JobId, request: Request) -> Answer {
        if let Some(live) = self.jobs.get(&id) {
            let is_same = live.job.request().digest() == request.digest();
            return if is_same { Answer::Already } else { Answer::Refused(Refusal::KeyTaken) };
        }
        if let Err(refusal) = self.check(&request) {
            return Answer::Refused(refusal);
        }
        let record = Record::Accepted { at: self.now, request };
        let job = Job::begin(&record).expect("a log begins with a request");
        step.write(id, Head::default(), record);
        self.insert(id, job);
        Answer::Done
    }

    fn check(&self, request: &Request) -> Result<(), Refusal> {
        let (now, policy) = (self.now, &self.policy);
        let deadline = request.deadline;
        match () {
            () if self.is_draining => Err(Refusal::Draining),
            () if deadline <= now || deadline > now.after(policy.most_ahead_ms) => {
                Err(Refusal::Deadline { deadline, now, most_ms: policy.most_ahead_ms })
            }
            () if request.batches.is_empty() && request.is_sealed => Err(Refusal::NoBatches),
            () => {
                check_order(None, &request.batches)?;
                self.check_count(0, request.batches.len())?;
                // Last, so that a client whose request can never be is told so.
                self.check_all(request.batches.len())?;
                let most = policy.most_jobs;
                if self.jobs.len() < most { Ok(()) } else { Err(Refusal::Busy { most }) }
            }
        }
    }

    /// Whether a job of so many batches may have so many more.
    fn check_count(&self, there: usize, more: usize) -> Result<(), Refusal> {
        let most = self.policy.most_batches;
        if there.saturating_add(more) <= most { Ok(()) } else { Err(Refusal::TooManyBatches { most }) }
    }

    /// Whether all jobs together may have so many more.
    fn check_all(&self, more: usize) -> Result<(), Refusal> {
        let most = self.policy.most_batches_in_all;
        if self.batches.saturating_add(more) <= most {
            Ok(())
        } else {
            Err(Refusal::TooManyBatchesInAll { most })
        }
    }

    pub(super) fn add_input(
        &mut self,
        step: &mut Step,
        id: JobId,
        segment: u32,
        batches: Vec<Batch>,
    ) -> Answer {
        let Some(live) = self.jobs.get(&id) else { return Answer::NotLive };
        let segments = live.job.segments();
        if segments.get(segment as usize).is_some_and(|there| there.batches == batches) {
            return Answer::Already;
        }
        let expected = u32::try_from(segments.len()).unwrap_or(u32::MAX);
        let refusal = match () {
            () if live.job.is_cancelled() => Err(Refusal::Cancelled),
            () if live.job.is_sealed() => Err(Refusal::Sealed),
            () if segment != expected => Err(Refusal::Segment { expected, found: segment }),
            () if batches.is_empty() => Err(Refusal::NoBatches),
            () if segments.len() >= self.policy.most_segments => {
                Err(Refusal::TooManySegments { most: self.policy.most_segments })
            }
            () => check_order(live.job.last_batch(), &batches)
                .and_then(|()| self.check_count(live.job.batch_count(), batches.len()))
                .and_then(|()| self.check_all(batches.len())),
        };
        if let Err(refusal) = refusal {
            return Answer::Refused(refusal);
        }
        self.batches += batches.len();
        self.write(step, id, Record::InputAdded { at: self.now, batches });
        Answer::Done
    }

    pub(super) fn seal_input(&mut self, step: &mut Step, id: JobId) -> Answer {
        let Some(live) = self.jobs.get(&id) else { return Answer::NotLive };
        match () {
            () if live.job.is_sealed() => Answer::Already,
            () if live.job.is_cancelled() => Answer::Refused(Refusal::Cancelled),
            () if live.job.segments().is_empty() => Answer::Refused(Refusal::NoBatches),
            () => {
                self.write(step, id, Record::InputSealed { at: self.now });
                Answer::Done
            }
        }
    }

    pub(super) fn cancel(&mut self, step: &mut Step, id: JobId) -> Answer {
        let Some(live) = self.jobs.get(&id) else { return Answer::NotLive };
        if live.job.is_cancelled() {
            return Answer::Cancelling;
        }
        let leases = live.job.leases().clone();
        self.write(step, id, Record::CancelRequested { at: self.now });
        if leases.is_empty() {
            self.end(step, id, End::Cancelled);
            return Answer::Done;
        }
        for (task, Lease { epoch, worker, .. }) in leases {
            self.stop(step, worker, LeaseId { job: id, task, epoch });
        }
        Answer::Cancelling
    }
}

/// Batches follow one another, and what is there.
fn check_order(last: Option<&Batch>, batches: &[Batch]) -> Result<(), Refusal> {
    let numbers = last.into_iter().chain(batches).map(|batch| u64::from(batch.number.0));
    let pairs = numbers.clone().zip(numbers.skip(1));
    match pairs.into_iter().find(|(before, number)| before + 1 != *number) {
        Some((before, found)) => Err(Refusal::Order { expected: before + 1, found }),
        None => Ok(()),
    }
}
