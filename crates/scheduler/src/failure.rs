//! Why a job failed, why a lease ended without a result, and what that counts as.

use core::fmt;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::ids::ArtifactId;
use crate::plan::{Side, Task};

/// What sort of failure it is. The numbers are part of the API and of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum FailureClass {
    /// The input is not what it should be.
    Input = 1,
    /// The batches break a rule: no proof of them exists.
    Unsatisfied = 2,
    /// The input is larger than any shape.
    Limit = 3,
    /// The deadline passed.
    Deadline = 4,
    /// No memory or no disk for it.
    Capacity = 5,
    /// Made for another version, or for another set of keys.
    VersionMismatch = 6,
    /// A device or a worker failed.
    Device = 7,
    /// A fault of this program.
    Internal = 8,
}

impl FailureClass {
    /// Every class.
    pub const ALL: [Self; 8] = [
        Self::Input,
        Self::Unsatisfied,
        Self::Limit,
        Self::Deadline,
        Self::Capacity,
        Self::VersionMismatch,
        Self::Device,
        Self::Internal,
    ];

    /// Its number.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Whether the same request, under another key, can succeed.
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::Deadline | Self::Capacity | Self::Device | Self::Internal => true,
            Self::Input | Self::Unsatisfied | Self::Limit | Self::VersionMismatch => false,
        }
    }
}

/// Why a job, or an attempt at a task, failed.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, thiserror::Error)]
#[error("{sentence}")]
pub struct Failure {
    /// What sort.
    pub class: FailureClass,
    /// What happened and what to do about it.
    pub sentence: String,
}

impl Failure {
    /// Bytes of a sentence at most: workers write them.
    pub const MAX_SENTENCE: usize = 1024;

    /// A failure; what is too long of its sentence is left out.
    pub fn new(class: FailureClass, sentence: impl Into<String>) -> Self {
        let mut sentence: String = sentence.into();
        sentence.truncate(sentence.floor_char_boundary(Self::MAX_SENTENCE));
        Self { class, sentence }
    }
}

/// Why a lease ended without a result.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Lapse {
    /// The worker's process ended.
    WorkerLost,
    /// The worker sent no heartbeat for too long.
    Silent,
    /// The worker lives and does not get on.
    Stalled,
    /// The worker was killed because of another task.
    Evicted,
    /// The worker says why.
    Failed(Failure),
    /// The result does not verify, or is not of this task: why.
    Unverified(String),
    /// An input is not there, or not what its name says.
    InputLost(ArtifactId),
    /// The coordinator began anew.
    Restarted,
    /// The job was cancelled, or ended.
    Stopped,
    /// There was no room for the result on the disk.
    NoRoom,
}

/// What a lapse counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Of no retry.
    Nothing,
    /// Machines fail.
    Infrastructure,
    /// Programs fail.
    Logic,
    /// No retry would change it.
    Final,
}

impl Lapse {
    /// What it counts as, for a task of this side whose lease it was. Restarts are counted apart, see
    /// [`Policy::most_restarts`](crate::machine::Policy::most_restarts).
    pub const fn counts(&self, side: Side) -> Counts {
        match self {
            Self::WorkerLost | Self::Silent | Self::Stalled => Counts::Infrastructure,
            Self::Unverified(_) => Counts::Logic,
            Self::Evicted | Self::InputLost(_) | Self::Restarted | Self::Stopped | Self::NoRoom => {
                Counts::Nothing
            }
            Self::Failed(failure) => match failure.class {
                FailureClass::Device | FailureClass::Capacity => Counts::Infrastructure,
                FailureClass::Internal | FailureClass::Deadline => Counts::Logic,
                FailureClass::Input
                | FailureClass::Unsatisfied
                | FailureClass::Limit
                | FailureClass::VersionMismatch => match side {
                    Side::Coordinator => Counts::Final,
                    // The coordinator's check has passed: a worker that says otherwise is of another build, or broken.
                    Side::Device => Counts::Logic,
                },
            },
        }
    }

    /// The same, with no more words than a log holds.
    #[must_use]
    pub fn bounded(self) -> Self {
        match self {
            Self::Failed(failure) => Self::Failed(Failure::new(failure.class, failure.sentence)),
            Self::Unverified(why) => Self::Unverified(Failure::new(FailureClass::Internal, why).sentence),
            other => other,
        }
    }

    /// The failure of a job that may not try this task again.
    pub fn failure(&self, task: Task) -> Failure {
        let internal = |sentence: String| Failure::new(FailureClass::Internal, sentence);
        let device = |what: &str| {
            let remedy = "see the worker's log and `aludel devices`, then submit again under another key";
            Failure::new(FailureClass::Device, format!("{what} too often; {remedy}"))
        };
        match self {
            Self::WorkerLost => device("workers ended while they worked on one task,"),
            Self::Silent => device("workers fell silent over one task,"),
            Self::Stalled => {
                device("workers made no progress on one task for longer than the setting `stall` allows,")
            }
            Self::Failed(Failure {
                class: FailureClass::Input | FailureClass::Limit | FailureClass::VersionMismatch,
                sentence,
            }) if task.side() == Side::Device => internal(format!(
                "workers refused {task}, whose input the coordinator had found right; run workers of the coordinator's build and check their \
                 devices, else report this: {sentence}"
            )),
            Self::Failed(failure) => failure.clone(),
            Self::Unverified(why) => internal(format!(
                "a worker's result was refused too often; check its device, then report this: {why}"
            )),
            Self::InputLost(artifact) => internal(format!(
                "{artifact} is missing or damaged too often; check the disk, then submit again under another key"
            )),
            Self::Restarted if task.side() == Side::Coordinator => internal(format!(
                "the service ended too often while it was at {task} of this job; see its log for how it ended, report that, and give the \
                 service more memory if it had too little"
            )),
            Self::Evicted | Self::Restarted | Self::Stopped | Self::NoRoom => {
                internal("a task that was stopped failed its job; this is a bug in Aludel, report it".into())
            }
        }
    }
}

/// What happened, as the end of a sentence.
impl fmt::Display for Lapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WorkerLost => "its worker ended",
            Self::Silent => "its worker fell silent",
            Self::Stalled => "it made no progress",
            Self::Evicted => "its worker was killed because of another task",
            Self::Failed(failure) => &failure.sentence,
            Self::Unverified(why) => return write!(f, "its result was refused: {why}"),
            Self::InputLost(artifact) => return write!(f, "{artifact} was missing or damaged"),
            Self::Restarted => "the service began anew",
            Self::Stopped => "it was stopped",
            Self::NoRoom => "its result found no room on the disk",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_are_cut_between_characters() {
        let failure = Failure::new(FailureClass::Device, "ü".repeat(600));
        assert_eq!(failure.sentence.len(), Failure::MAX_SENTENCE);
        let failure = Failure::new(FailureClass::Device, format!("x{}", "ü".repeat(600)));
        assert_eq!(failure.sentence.len(), Failure::MAX_SENTENCE - 1);
        let long = Lapse::Unverified("x".repeat(5000)).bounded();
        assert_eq!(long, Lapse::Unverified("x".repeat(Failure::MAX_SENTENCE)));
    }

    #[test]
    fn numbers_of_classes_stay() {
        assert_eq!(FailureClass::ALL.map(FailureClass::number), [1, 2, 3, 4, 5, 6, 7, 8]);
        for class in FailureClass::ALL {
            let byte = borsh::to_vec(&class).expect("writes");
            assert_eq!(byte, [class as u8]);
        }
    }
}
