//! Events of a job as a stream, and waiting for its end.

use std::time::Duration;

use aludel_proto::prover_v1::event::What;
use aludel_proto::prover_v1::{self as api, Event, Proof, WatchProofResponse};
use aludel_scheduler::{Epoch, Failure, FailureClass, Job, JobId, Lapse, Record, Task};
use tokio::time::{Instant, timeout_at};

use super::proof::{end_failure, failure, no_proof, stage, state, timestamp};
use super::reason::{Reason, Refused};
use super::stream::{Messages, Outlet, streamed};
use super::trace::Trace;
use super::{Service, blocking};
use crate::coordinator::Coordinator;

/// Events that are made ready at a time.
const PAGE: usize = 4096;

impl Service {
    /// The proof when it has ended, or when the time is up.
    pub(super) async fn wait_for(&self, id: JobId, most: Duration) -> Result<Proof, Refused> {
        let _permit = self.stream()?;
        let until = Instant::now() + most;
        let mut notices = self.coordinator.subscribe(id);
        let mut seen = 0_u32;
        loop {
            notices.borrow_and_update();
            let coordinator = self.coordinator.clone();
            let read = move || {
                let rest = coordinator.log(id, seen)?;
                let is_ended = matches!(rest.last(), Some(Record::Ended { .. }));
                Ok((u32::try_from(rest.len()).unwrap_or(u32::MAX), is_ended))
            };
            let (more, is_ended) = blocking(read).await?;
            seen = seen.saturating_add(more);
            if seen == 0 {
                return Err(no_proof(id));
            }
            if is_ended {
                break;
            }
            tokio::select! {
                changed = timeout_at(until, notices.changed()) => if !matches!(changed, Ok(Ok(()))) { break },
                () = self.closing() => return Err(stopping()),
            }
        }
        Ok(self.known(id).await?.proof())
    }

    /// Begins to tell a client everything from an event on.
    pub(super) async fn watch(
        &self,
        id: JobId,
        from: u32,
        trace: Trace,
    ) -> Result<Messages<WatchProofResponse>, Refused> {
        let permit = self.stream()?;
        let next = self.known(id).await?.job.head().count;
        if from > next {
            let message =
                format!("proof {id} has {next} events, numbered from 0; there is no number {from} yet");
            return Err(Refused::new(Reason::EventBehindEnd, message));
        }
        let service = self.clone();
        let tell = |outlet| async move { service.tell(id, from, &outlet).await };
        Ok(streamed(trace, permit, self.limits.patience, tell))
    }

    async fn tell(&self, id: JobId, from: u32, outlet: &Outlet<WatchProofResponse>) -> Result<(), Refused> {
        let mut notices = self.coordinator.subscribe(id);
        let mut reader = Reader::new(id, from);
        loop {
            notices.borrow_and_update();
            let coordinator = self.coordinator.clone();
            let (read, page) = blocking(move || reader.read(&coordinator)).await?;
            reader = read;
            for message in page.messages {
                tokio::select! {
                    put = outlet.put(message) => put?,
                    () = self.closing() => return Err(stopping()),
                }
            }
            match page.then {
                Then::Ended => return Ok(()),
                Then::More => continue,
                Then::Wait => {}
            }
            tokio::select! {
                changed = notices.changed() => changed.map_err(|_| stopping())?,
                () = outlet.gone() => return Ok(()),
                () = self.closing() => return Err(stopping()),
            }
        }
    }
}

fn stopping() -> Refused {
    Refused::new(Reason::Stopping, "the service is about to stop; connect again and go on")
}

/// Where a watch stands.
struct Reader {
    id: JobId,
    /// The first event that the client wants.
    from: u32,
    job: Option<Job>,
}

struct Page {
    messages: Vec<WatchProofResponse>,
    then: Then,
}

enum Then {
    /// There are more events already.
    More,
    /// There will be more.
    Wait,
    /// There are none.
    Ended,
}

impl Reader {
    const fn new(id: JobId, from: u32) -> Self {
        Self { id, from, job: None }
    }

    /// The events that are there and were not read, at most a page of them.
    fn read(mut self, coordinator: &Coordinator) -> Result<(Self, Page), Refused> {
        let next = self.job.as_ref().map_or(0, |job| job.head().count);
        let log = coordinator.log(self.id, next)?;
        let mut messages = Vec::new();
        let mut is_all = true;
        for (record, number) in log.iter().zip(next..) {
            if messages.len() == PAGE {
                is_all = false;
                break;
            }
            self.take(record)?;
            if number >= self.from {
                messages.push(self.message(number, record));
            }
        }
        let is_ended = self.job.as_ref().is_some_and(|job| job.end().is_some());
        let then = match (is_all, is_ended) {
            (false, _) => Then::More,
            (true, true) => Then::Ended,
            (true, false) => Then::Wait,
        };
        Ok((self, Page { messages, then }))
    }

    fn take(&mut self, record: &Record) -> Result<(), Refused> {
        let taken = match &mut self.job {
            Some(job) => job.apply(record),
            None => Job::begin(record).map(|job| self.job = Some(job)),
        };
        taken.map_err(|e| Refused::new(Reason::DamagedLog, format!("the log of proof {}: {e}", self.id)))
    }

    fn message(&self, number: u32, record: &Record) -> WatchProofResponse {
        let (state, progress) = match &self.job {
            Some(job) => state(job),
            None => (api::State::Unspecified, None),
        };
        WatchProofResponse { event: Some(event(self.id, number, record)), state: state.into(), progress }
    }
}

fn event(id: JobId, number: u32, record: &Record) -> Event {
    let what = match record {
        Record::Accepted { .. } => What::Accepted(api::Accepted {}),
        Record::InputAdded { batches, .. } => {
            let batches = u32::try_from(batches.len()).unwrap_or(u32::MAX);
            What::InputAdded(api::InputAdded { batches })
        }
        Record::InputSealed { .. } => What::InputSealed(api::InputSealed {}),
        Record::Leased { task, epoch, worker, .. } => {
            let started = api::TaskStarted { task: Some(shown(*task, *epoch)), worker: worker.0 };
            What::TaskStarted(started)
        }
        Record::Completed { task, epoch, output, .. } => {
            let done = api::TaskDone { task: Some(shown(*task, *epoch)), bytes: output.bytes };
            What::TaskDone(done)
        }
        Record::Released { task, epoch, why, .. } => {
            let failure = lapse(why).map(|why| failure(id, &why));
            What::TaskReleased(api::TaskReleased { task: Some(shown(*task, *epoch)), failure })
        }
        Record::OutputLost { task } => {
            What::ResultLost(api::ResultLost { task: Some(shown(*task, Epoch(0))) })
        }
        Record::CancelRequested { .. } => What::CancelRequested(api::CancelRequested {}),
        Record::Ended { end, .. } => {
            let state = match end {
                aludel_scheduler::End::Succeeded { .. } => api::State::Succeeded,
                aludel_scheduler::End::Failed(_) => api::State::Failed,
                aludel_scheduler::End::Cancelled => api::State::Cancelled,
                aludel_scheduler::End::Expired(_) => api::State::Expired,
            };
            What::Ended(api::Ended { state: state.into(), failure: end_failure(id, end) })
        }
    };
    Event { number, time: record.at().map(timestamp), what: Some(what) }
}

fn shown(task: Task, epoch: Epoch) -> api::Task {
    api::Task { stage: stage(task.stage()).into(), name: task.to_string(), attempt: epoch.0 }
}

/// Why an attempt failed; nothing where it was stopped and nothing failed.
fn lapse(why: &Lapse) -> Option<Failure> {
    let device = |what: &str| Some(Failure::new(FailureClass::Device, what));
    match why {
        Lapse::Restarted | Lapse::Stopped | Lapse::Evicted => None,
        Lapse::NoRoom => Some(Failure::new(
            FailureClass::Capacity,
            "its result found no room on the disk; it is tried again",
        )),
        Lapse::WorkerLost => device("its worker ended; it is tried again"),
        Lapse::Silent => device("its worker fell silent; it is tried again"),
        Lapse::Stalled => device("its worker made no progress; it is tried again"),
        Lapse::InputLost(id) => {
            device(&format!("artifact {id}, which it takes, is missing or damaged; it is made again"))
        }
        Lapse::Failed(failure) => Some(failure.clone()),
        Lapse::Unverified(reason) => {
            Some(Failure::new(FailureClass::Internal, format!("its result was refused: {reason}")))
        }
    }
}
