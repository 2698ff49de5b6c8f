//! A job as clients see it, and what they write of it as the scheduler reads it.

use std::time::Duration;

use aludel_proto::prover_v1::{self as api, Artifact, Progress, Proof, ProofSpec};
use aludel_protocol::{BatchNumber, ChainId, Digest};
use aludel_scheduler::artifacts::Pin;
use aludel_scheduler::plan::results;
use aludel_scheduler::{
    Batch, End, Failure, FailureClass, Job, JobId, Millis, Phase, Priority, Record, Stage, Target, Task,
};
use prost_types::Timestamp;

use super::reason::{Reason, Refused};
use crate::coordinator::Coordinator;

/// Where a proof ends if the client does not say.
const DEADLINE_MS: u64 = 24 * 3_600_000;

/// A job that is there.
#[derive(Debug)]
pub(super) struct Known {
    pub id: JobId,
    pub job: Job,
    /// When it ended.
    pub ended: Option<Millis>,
}

impl Known {
    /// Reads a job's log; it is on the disk, so this waits.
    pub fn read(coordinator: &Coordinator, id: JobId) -> Result<Self, Refused> {
        let log = coordinator.log(id, 0)?;
        if log.is_empty() {
            return Err(no_proof(id));
        }
        let damaged = |e| Refused::new(Reason::DamagedLog, format!("the log of proof {id}: {e}"));
        let job = Job::of(&log).map_err(damaged)?;
        let ended = log.last().and_then(|record| match record {
            Record::Ended { at, .. } => Some(*at),
            _ => None,
        });
        Ok(Self { id, job, ended })
    }

    /// As clients see it.
    pub fn proof(&self) -> Proof {
        let Self { id, job, ended } = self;
        let (state, progress) = state(job);
        let (artifacts, receipt) = made(job);
        Proof {
            id: id.to_string(),
            spec: Some(spec(job)),
            state: state.into(),
            progress,
            accept_time: Some(timestamp(job.accepted())),
            end_time: ended.map(timestamp),
            failure: job.end().and_then(|end| end_failure(*id, end)),
            artifacts,
            receipt,
            next_event: job.head().count,
            segments: u32::try_from(job.segments().len()).unwrap_or(u32::MAX),
            input_sealed: job.is_sealed(),
            batches: u32::try_from(job.batches().count()).unwrap_or(u32::MAX),
        }
    }
}

pub(super) fn no_proof(id: JobId) -> Refused {
    Refused::new(Reason::NoProof, format!("there is no proof {id}"))
}

/// The proofs and the receipt of a job that has succeeded.
fn made(job: &Job) -> (Vec<Artifact>, Option<Artifact>) {
    if !matches!(job.end(), Some(End::Succeeded { .. })) {
        return (Vec::new(), None);
    }
    let artifact = |task: Task| {
        let output = job.output(task)?;
        Some(Artifact { id: output.artifact.to_string(), size: output.bytes })
    };
    let shards = u32::try_from(job.shards().count()).unwrap_or(u32::MAX);
    let proofs = results(job.request().target, shards).into_iter().filter_map(artifact).collect();
    (proofs, artifact(Task::Publish))
}

fn spec(job: &Job) -> ProofSpec {
    let request = job.request();
    ProofSpec {
        chain_id: request.chain.0,
        target: match request.target {
            Target::Shards => api::Target::Shards,
            Target::Root => api::Target::Root,
        }
        .into(),
        key_set: bytes_of(&request.keys),
        deadline: Some(timestamp(request.deadline)),
        priority: match request.priority {
            Priority::High => api::Priority::High,
            Priority::Normal => api::Priority::Normal,
            Priority::Low => api::Priority::Low,
        }
        .into(),
    }
}

/// What a spec asks for; its batches come elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub chain: ChainId,
    pub target: Target,
    pub deadline: Millis,
    pub priority: Priority,
}

/// Reads a spec.
pub(super) fn asked(spec: &ProofSpec, coordinator: &Coordinator) -> Result<Asked, Refused> {
    let keys = coordinator.judge().keys();
    let priority = match api::Priority::try_from(spec.priority) {
        Ok(api::Priority::High) => Priority::High,
        Ok(api::Priority::Normal | api::Priority::Unspecified) => Priority::Normal,
        Ok(api::Priority::Low) => Priority::Low,
        Err(_) => {
            return Err(Refused::new(
                Reason::UnknownPriority,
                format!("there is no priority {}", spec.priority),
            ));
        }
    };
    let target = target(spec.target)?;
    let expected = bytes_of(&keys);
    if !spec.key_set.is_empty() && spec.key_set != expected {
        let found = hex::encode(spec.key_set.get(..32).unwrap_or(&spec.key_set));
        let expected = hex::encode(expected);
        let message = format!("the set of keys of this prover is {expected}, not {found}");
        return Err(Refused::new(Reason::OtherKeys, message));
    }
    let deadline = match &spec.deadline {
        Some(given) => coordinator.of_wall(millis(given)?),
        None => coordinator.now().after(DEADLINE_MS),
    };
    Ok(Asked { chain: ChainId(spec.chain_id), target, deadline, priority })
}

/// The target of a number.
pub(super) fn target(number: i32) -> Result<Target, Refused> {
    match api::Target::try_from(number) {
        Ok(api::Target::Shards) => Ok(Target::Shards),
        Ok(api::Target::Root) => Ok(Target::Root),
        Ok(api::Target::Unspecified) => Err(Refused::new(Reason::NoTarget, "no target is given")),
        Err(_) => Err(Refused::new(Reason::UnknownTarget, format!("there is no target {number}"))),
    }
}

/// A batch that a client brought: judged, then kept. It is hashed and written, so this waits.
pub(super) fn keep(coordinator: &Coordinator, chain: ChainId, bytes: &[u8]) -> Result<(Batch, Pin), Refused> {
    let number = judged(coordinator, chain, bytes)?;
    let pin = coordinator.keep_input(bytes)?;
    Ok((kept(number, &pin), pin))
}

/// A batch that is kept.
pub(super) fn kept(number: BatchNumber, pin: &Pin) -> Batch {
    Batch { number, artifact: pin.id(), bytes: pin.bytes() }
}

/// Which batch of a chain these bytes are.
pub(super) fn judged(
    coordinator: &Coordinator,
    chain: ChainId,
    bytes: &[u8],
) -> Result<BatchNumber, Refused> {
    let (found, number) = coordinator.judge().batch(bytes).map_err(|failure| {
        let reason = match failure.class {
            FailureClass::VersionMismatch => Reason::BatchVersion,
            _ => Reason::BadBatch,
        };
        Refused::new(reason, failure)
    })?;
    if found != chain {
        let message = format!("batch {number} is of chain {found}, and the proof is of chain {chain}");
        return Err(Refused::new(Reason::OtherChain, message));
    }
    Ok(number)
}

/// Where a job is, with its progress while it runs.
pub(super) fn state(job: &Job) -> (api::State, Option<Progress>) {
    let state = match job.phase() {
        // Between the last task's record and the end's: nothing is left to do, and no input is waited for.
        Phase::WaitingInput if job.is_published() => {
            let progress = Progress { stage: api::Stage::Publish.into(), done: 1, total: 1 };
            return (api::State::Running, Some(progress));
        }
        Phase::Queued => api::State::Queued,
        Phase::WaitingInput => api::State::WaitingInput,
        Phase::Running { stage: at, done, total } => {
            let progress = Progress { stage: stage(at).into(), done, total };
            return (api::State::Running, Some(progress));
        }
        Phase::Cancelling => api::State::Cancelling,
        Phase::Succeeded => api::State::Succeeded,
        Phase::Failed => api::State::Failed,
        Phase::Cancelled => api::State::Cancelled,
        Phase::Expired => api::State::Expired,
    };
    (state, None)
}

/// A stage by its name in the API.
pub(super) const fn stage(stage: Stage) -> api::Stage {
    match stage {
        Stage::Check => api::Stage::Check,
        Stage::Prove => api::Stage::Prove,
        Stage::Lift => api::Stage::Lift,
        Stage::Join => api::Stage::Join,
        Stage::Root => api::Stage::Root,
        Stage::Verify => api::Stage::Verify,
        Stage::Publish => api::Stage::Publish,
    }
}

/// A failure of a job. Every line of the log about a job has the job's id.
pub(super) fn failure(id: JobId, failure: &Failure) -> api::Failure {
    api::Failure {
        class: i32::from(failure.class as u8),
        retryable: failure.class.is_retryable(),
        message: failure.sentence.clone(),
        trace_id: id.to_string(),
    }
}

/// Why a job ended without proofs that nobody cancelled.
pub(super) fn end_failure(id: JobId, end: &End) -> Option<api::Failure> {
    match end {
        End::Failed(why) | End::Expired(why) => Some(failure(id, why)),
        End::Succeeded { .. } | End::Cancelled => None,
    }
}

/// 32 bytes.
pub(super) fn bytes_of(digest: &Digest) -> Vec<u8> {
    borsh::to_vec(digest).unwrap_or_default()
}

/// A time of the scheduler in the API.
pub(super) fn timestamp(at: Millis) -> Timestamp {
    let seconds = i64::try_from(at.0 / 1000).unwrap_or(i64::MAX);
    let nanos = i32::try_from(at.0 % 1000 * 1_000_000).unwrap_or(0);
    Timestamp { seconds, nanos }
}

fn millis(at: &Timestamp) -> Result<Millis, Refused> {
    let bad = || Refused::new(Reason::BadTime, format!("{} s and {} ns are no time", at.seconds, at.nanos));
    let seconds = u64::try_from(at.seconds).map_err(|_| bad())?;
    let nanos = u32::try_from(at.nanos).ok().filter(|nanos| *nanos < 1_000_000_000).ok_or_else(bad)?;
    Ok(Millis(seconds.saturating_mul(1000)).after(u64::from(nanos / 1_000_000)))
}

/// A duration that a client gives.
pub(super) fn duration(given: &prost_types::Duration) -> Result<Duration, Refused> {
    // It would normalise what is none.
    let is_one = given.seconds >= 0 && (0..1_000_000_000).contains(&given.nanos);
    let read = is_one.then(|| Duration::try_from(*given).ok()).flatten();
    let bad = || format!("{} s and {} ns are no duration", given.seconds, given.nanos);
    read.ok_or_else(|| Refused::new(Reason::BadTime, bad()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_and_what_is_none_is_refused() {
        for at in [0, 999, 1000, 1_764_000_000_123].map(Millis) {
            assert_eq!(millis(&timestamp(at)), Ok(at));
        }
        for (seconds, nanos) in [(-1, 0), (5, -1), (5, 1_000_000_000), (i64::MIN, i32::MIN)] {
            assert_eq!(millis(&Timestamp { seconds, nanos }).map_err(|e| e.reason), Err(Reason::BadTime));
            let given = prost_types::Duration { seconds, nanos };
            assert_eq!(duration(&given).map_err(|e| e.reason), Err(Reason::BadTime));
        }
        let far = Timestamp { seconds: i64::MAX, nanos: 999_999_999 };
        assert_eq!(millis(&far), Ok(Millis(u64::MAX)));
        let half = prost_types::Duration { seconds: 1, nanos: 500_000_000 };
        assert_eq!(duration(&half), Ok(Duration::from_millis(1500)));
    }

    #[test]
    fn classes_have_the_same_numbers_in_the_api() {
        for class in FailureClass::ALL {
            let shown = api::FailureClass::try_from(i32::from(class as u8)).expect("is one");
            assert_eq!(format!("{shown:?}"), format!("{class:?}"));
        }
    }
}
