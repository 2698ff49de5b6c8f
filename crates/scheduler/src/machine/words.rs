//! What a machine is told and what it says.

use crate::failure::Lapse;
use crate::ids::{ArtifactId, JobId, LeaseId, Millis, WorkerId};
use crate::plan::{ShapeNumber, Side};
use crate::record::{Head, Output, Record};
use crate::request::{Batch, Request};

/// What a worker can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerSpec {
    /// Which tasks are for it.
    pub side: Side,
    /// Bytes that its tasks may take together.
    pub memory_bytes: u64,
    /// Tasks that it does at a time.
    pub slots: usize,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A client asks for a job. Its batches are artifacts already.
    Submit {
        /// The job of its key, of which the store has no log that ended.
        job: JobId,
        /// What it asks for.
        request: Request,
    },
    /// A client gives more batches.
    AddInput {
        /// The job.
        job: JobId,
        /// Number of this segment of the input, from 0, those of the request counted.
        segment: u32,
        /// In order.
        batches: Vec<Batch>,
    },
    /// A client has given all batches.
    SealInput {
        /// The job.
        job: JobId,
    },
    /// A client wants no result any more.
    Cancel {
        /// The job.
        job: JobId,
    },
    /// A worker begins.
    Register {
        /// A number above that of every worker before.
        worker: WorkerId,
        /// What it can do.
        spec: WorkerSpec,
    },
    /// A worker lives.
    Heartbeat {
        /// The worker.
        worker: WorkerId,
    },
    /// A worker gets on with a task.
    Progress {
        /// The worker.
        worker: WorkerId,
        /// Its lease.
        lease: LeaseId,
    },
    /// A worker is done with a task, and its result lies in the artifacts and was verified.
    Completed {
        /// The worker.
        worker: WorkerId,
        /// Its lease.
        lease: LeaseId,
        /// The result.
        output: Output,
    },
    /// A worker has given up a task, or its result was refused.
    Lapsed {
        /// The worker.
        worker: WorkerId,
        /// Its lease.
        lease: LeaseId,
        /// Why. [`Lapse::InputLost`] only after the coordinator has looked itself; [`Lapse::NoRoom`] is the coordinator's to say.
        why: Lapse,
    },
    /// A worker's process has ended.
    WorkerGone {
        /// The worker.
        worker: WorkerId,
    },
    /// Nothing new is to be begun: the process is about to end.
    Drain,
    /// Time passes. No other input makes it pass, so that what waits to be handled is handled first: a heartbeat that has come counts.
    Tick,
}

/// What the one who brought an input is told, once the records are durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Done,
    /// It was so already.
    Already,
    /// The job is being cancelled; a worker still has to let go.
    Cancelling,
    /// The result or the message is of no lease of this worker that is live: forget it.
    Stale,
    /// The machine has no such worker: it was taken for dead. It must end, and a new one begin.
    UnknownWorker,
    /// The machine has no such job: it has ended, or never was. The store knows.
    NotLive,
    /// It cannot be.
    Refused(Refusal),
}

/// Why a wish is refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The process is about to end.
    #[error("the service is about to stop; try again in a moment")]
    Draining,
    /// Too many jobs.
    #[error("{most} jobs are queued or at work, which is the most; wait for some of them to end")]
    Busy {
        /// The bound.
        most: usize,
    },
    /// The key has another job.
    #[error("the idempotency key was used for another request; use a new key for a new job")]
    KeyTaken,
    /// The deadline cannot be.
    #[error("the deadline must lie ahead by at most {most_ms} ms, and it is at {} where it is {}", deadline.0, now.0)]
    Deadline {
        /// What was asked for.
        deadline: Millis,
        /// The machine's time.
        now: Millis,
        /// The bound.
        most_ms: u64,
    },
    /// Nothing to prove.
    #[error("there are no batches; give at least one")]
    NoBatches,
    /// Too many batches.
    #[error("a job has at most {most} batches; make several jobs of them")]
    TooManyBatches {
        /// The bound.
        most: usize,
    },
    /// Too many segments.
    #[error(
        "the input of a job comes in at most {most} segments; give more batches in each, or make several jobs of them"
    )]
    TooManySegments {
        /// The bound.
        most: usize,
    },
    /// Too many batches in all jobs together.
    #[error(
        "the jobs that are queued or at work have as many batches as they may, {most}; wait for some of them to end"
    )]
    TooManyBatchesInAll {
        /// The bound.
        most: usize,
    },
    /// Batches do not follow one another.
    #[error("batch {found} comes where batch {expected} must; give the batches of one chain in order")]
    Order {
        /// The number that would follow.
        expected: u64,
        /// The one that came.
        found: u64,
    },
    /// The input was said to be whole.
    #[error("the input of this job is sealed; make another job for further batches")]
    Sealed,
    /// Segments must come in order, and a segment stays what it is.
    #[error(
        "segment {found} of the input comes where segment {expected} must, or it came before and was another; go on with segment {expected}"
    )]
    Segment {
        /// The next one.
        expected: u32,
        /// The one that came.
        found: u32,
    },
    /// The job is being cancelled.
    #[error("the job is cancelled; submit another one")]
    Cancelled,
    /// A worker's number is not above those before.
    #[error("worker {} registers where numbers above {} are new; give each process the next number", found.0, highest.0)]
    WorkerNumber {
        /// The highest so far.
        highest: WorkerId,
        /// The one that came.
        found: WorkerId,
    },
}

/// What is to be done once the records are durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A worker begins a task.
    Assign {
        /// The worker.
        worker: WorkerId,
        /// Under this lease.
        lease: LeaseId,
        /// What it takes, in order.
        inputs: Vec<ArtifactId>,
        /// Of what concerns one shard, its shape.
        shape: Option<ShapeNumber>,
    },
    /// A worker lets a task go, and says so.
    Stop {
        /// The worker.
        worker: WorkerId,
        /// The lease that it had.
        lease: LeaseId,
    },
    /// A worker's process ends now. Its number is not used again.
    Kill {
        /// The worker.
        worker: WorkerId,
    },
    /// The coordinator forgets the thread of its own that has this lease, and passes on nothing that it still says: its place is free, its neighbours go on.
    /// Nothing, if no thread has it.
    Abandon {
        /// The coordinator's worker.
        worker: WorkerId,
        /// The lease that its thread had.
        lease: LeaseId,
    },
}

impl Command {
    /// The job for whose sake it is; `None` of what is carried out whatever became of that job's append, for it is about what the worker does.
    pub const fn job(&self) -> Option<JobId> {
        match self {
            Self::Assign { lease, .. } | Self::Stop { lease, .. } => Some(lease.job),
            Self::Kill { .. } | Self::Abandon { .. } => None,
        }
    }
}

/// Records to be appended to one job's log, all or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// The job.
    pub job: JobId,
    /// Where its log must end; at nothing where it must not be there.
    pub expected: Head,
    /// In order.
    pub records: Vec<Record>,
}

/// What follows from an input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "what is not appended did not happen"]
pub struct Step {
    /// To be made durable before anything else; at most one a job.
    pub appends: Vec<Append>,
    /// To be carried out then.
    pub commands: Vec<Command>,
    /// To be said then.
    pub answer: Answer,
}

impl Step {
    pub(super) const fn new() -> Self {
        Self { appends: Vec::new(), commands: Vec::new(), answer: Answer::Done }
    }

    pub(super) fn write(&mut self, job: JobId, head: Head, record: Record) {
        match self.appends.iter_mut().find(|append| append.job == job) {
            Some(append) => append.records.push(record),
            None => self.appends.push(Append { job, expected: head, records: vec![record] }),
        }
    }
}
