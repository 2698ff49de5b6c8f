//! Why a job failed, why a lease ended without a result, and what that counts as.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::ids::ArtifactId;

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
    /// What it counts as, for the task whose lease it was.
    pub const fn counts(&self) -> Counts {
        match self {
            Self::WorkerLost | Self::Silent | Self::Stalled => Counts::Infrastructure,
            Self::Unverified(_) => Counts::Logic,
            Self::Evicted | Self::InputLost(_) | Self::Restarted | Self::Stopped => Counts::Nothing,
            Self::Failed(failure) => match failure.class {
                FailureClass::Device | FailureClass::Capacity => Counts::Infrastructure,
                FailureClass::Unsatisfied | FailureClass::Internal | FailureClass::Deadline => Counts::Logic,
                FailureClass::Input | FailureClass::Limit | FailureClass::VersionMismatch => Counts::Final,
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

    /// The failure of a job that may not try again.
    pub fn failure(&self) -> Failure {
        let device = |what: &str| {
            let remedy = "see the worker's log and `aludel devices`, then submit again under another key";
            Failure::new(FailureClass::Device, format!("{what} too often; {remedy}"))
        };
        match self {
            Self::WorkerLost => device("workers ended while they worked on one task,"),
            Self::Silent => device("workers fell silent over one task,"),
            Self::Stalled => device("workers made no progress on one task,"),
            Self::Failed(failure) => failure.clone(),
            Self::Unverified(why) => Failure::new(
                FailureClass::Internal,
                format!("a worker's result was refused too often; check its device, then report this: {why}"),
            ),
            Self::InputLost(artifact) => Failure::new(
                FailureClass::Internal,
                format!(
                    "{artifact} is missing or damaged too often; check the disk, then submit again under another key"
                ),
            ),
            Self::Evicted | Self::Restarted | Self::Stopped => Failure::new(
                FailureClass::Internal,
                "a task that was stopped failed its job; this is a bug in Aludel, report it",
            ),
        }
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
