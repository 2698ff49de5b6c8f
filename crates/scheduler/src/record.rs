//! The lines of a job's log.

use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest as _, Sha256};

use crate::failure::{Failure, Lapse};
use crate::ids::{ArtifactId, Epoch, Millis, WorkerId};
use crate::plan::{Cut, Task};
use crate::request::{Batch, Request};

/// What a task made.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Output {
    /// Its bytes: a proof; of a check the statement of its segment; of `verify` the statement of all; of `publish` the receipt.
    pub artifact: ArtifactId,
    /// How many those are.
    pub bytes: u64,
    /// Of a check the shards of its segment, in order; else none.
    pub cuts: Vec<Cut>,
}

/// How a job ends.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum End {
    /// With these proofs, verified as they lie on the disk.
    Succeeded {
        /// The root, or the shards' in order.
        proofs: Vec<ArtifactId>,
        /// What it cost.
        receipt: ArtifactId,
    },
    /// Without.
    Failed(Failure),
    /// The client asked for it.
    Cancelled,
    /// The deadline came first: what the job waited for.
    Expired(Failure),
}

/// A line of a job's log. Its number is its place, from 0.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Record {
    /// The job is there. The first line, and no other.
    Accepted {
        /// When.
        at: Millis,
        /// What was asked for.
        request: Request,
    },
    /// More batches.
    InputAdded {
        /// When.
        at: Millis,
        /// In order.
        batches: Vec<Batch>,
    },
    /// There will be no more batches.
    InputSealed {
        /// When.
        at: Millis,
    },
    /// A worker has a task.
    Leased {
        /// The task.
        task: Task,
        /// One more than the task's last.
        epoch: Epoch,
        /// The worker.
        worker: WorkerId,
        /// When.
        at: Millis,
    },
    /// The lease's result.
    Completed {
        /// The task.
        task: Task,
        /// The lease's.
        epoch: Epoch,
        /// When.
        at: Millis,
        /// What it made.
        output: Output,
    },
    /// The lease is over without a result.
    Released {
        /// The task.
        task: Task,
        /// The lease's.
        epoch: Epoch,
        /// When.
        at: Millis,
        /// Why.
        why: Lapse,
    },
    /// A result is missing or damaged; the task is to be done again.
    OutputLost {
        /// The task that made it.
        task: Task,
    },
    /// Nothing will be leased any more.
    CancelRequested {
        /// When.
        at: Millis,
    },
    /// The last line.
    Ended {
        /// When.
        at: Millis,
        /// How.
        end: End,
    },
}

/// Where a log ends: how many records it has, and which. Who continues a log names its head, so that it can be continued by those alone who know all of it:
/// a number would also fit a log of equal length and other records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Records.
    pub count: u32,
    /// A hash of all of them; 0 of none.
    pub digest: u64,
}

impl Head {
    /// The head behind one more record.
    #[must_use]
    pub fn after(self, record: &Record) -> Self {
        self.after_bytes(&record.encode())
    }

    /// The same, of its bytes.
    #[must_use]
    pub fn after_bytes(self, record: &[u8]) -> Self {
        let hash = Sha256::new_with_prefix(self.count.to_le_bytes()).chain_update(self.digest.to_le_bytes());
        let hash: [u8; 32] = hash.chain_update(record).finalize().into();
        let digest = u64::from_le_bytes(core::array::from_fn(|i| hash[i]));
        Self { count: self.count.saturating_add(1), digest }
    }
}

/// The version of the encoding, the first byte of each.
const VERSION: u8 = 1;

/// Bytes that are no record of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    /// Another version's, or none.
    #[error(
        "a record of version {found:?} where this build reads version {VERSION}; use the build that wrote it"
    )]
    Version {
        /// The first byte.
        found: Option<u8>,
    },
    /// Damaged.
    #[error("a record that cannot be read ({reason}); the log is damaged")]
    Body {
        /// What is wrong with it.
        reason: String,
    },
}

impl Record {
    /// When it was written; `None` of what says no time.
    pub const fn at(&self) -> Option<Millis> {
        match self {
            Self::Accepted { at, .. }
            | Self::InputAdded { at, .. }
            | Self::InputSealed { at }
            | Self::Leased { at, .. }
            | Self::Completed { at, .. }
            | Self::Released { at, .. }
            | Self::CancelRequested { at }
            | Self::Ended { at, .. } => Some(*at),
            Self::OutputLost { .. } => None,
        }
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        self.serialize(&mut bytes).expect("writing to a vector does not fail");
        bytes
    }

    /// Reads bytes.
    ///
    /// # Errors
    /// They are not what [`Record::encode`] makes.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadRecord> {
        match bytes.split_first() {
            Some((&VERSION, body)) => {
                Self::try_from_slice(body).map_err(|e| BadRecord::Body { reason: e.to_string() })
            }
            first => Err(BadRecord::Version { found: first.map(|(byte, _)| *byte) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_of_all_records_in_their_order() {
        let [a, b] = [Record::InputSealed { at: Millis(1) }, Record::CancelRequested { at: Millis(1) }];
        let head =
            |records: &[&Record]| records.iter().fold(Head::default(), |head, record| head.after(record));
        let mut heads =
            [&[][..], &[&a], &[&b], &[&a, &b], &[&b, &a], &[&a, &a], &[&b, &b], &[&a, &a, &b]].map(head);
        assert_eq!(heads.map(|head| head.count), [0, 1, 1, 2, 2, 2, 2, 3]);
        heads.sort_by_key(|head| head.digest);
        assert!(heads.windows(2).all(|pair| pair[0].digest != pair[1].digest));
    }

    #[test]
    fn records_read_back_and_nothing_else_does() {
        let task = Task::Join { first: 2, end: 4 };
        let output = Output {
            artifact: ArtifactId([1; 32]),
            bytes: 7,
            cuts: vec![Cut { batches: 1, shape: crate::plan::ShapeNumber(2), statement: vec![5; 9] }],
        };
        let records = [
            Record::InputSealed { at: Millis(2) },
            Record::InputAdded { at: Millis(2), batches: vec![] },
            Record::OutputLost { task },
            Record::Leased { task, epoch: Epoch(1), worker: WorkerId(2), at: Millis(3) },
            Record::Completed { task: Task::Check { segment: 0 }, epoch: Epoch(1), at: Millis(9), output },
            Record::Released { task, epoch: Epoch(1), at: Millis(4), why: Lapse::Unverified("no".into()) },
        ];
        for record in records {
            let bytes = record.encode();
            assert_eq!(Record::decode(&bytes), Ok(record));
            for len in 1..bytes.len() {
                assert!(matches!(Record::decode(&bytes[..len]), Err(BadRecord::Body { .. })), "{len}");
            }
            let longer = [&bytes[..], &[0]].concat();
            assert!(matches!(Record::decode(&longer), Err(BadRecord::Body { .. })));
        }
        assert_eq!(Record::decode(&[]), Err(BadRecord::Version { found: None }));
        assert_eq!(Record::decode(&[2, 2]), Err(BadRecord::Version { found: Some(2) }));
    }
}
