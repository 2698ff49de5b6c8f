//! Whether a chain that somebody made is the one that statements speak of.

use core::fmt;

use aludel_protocol::ids::{BatchNumber, ChainId};
use aludel_protocol::params::{PROTOCOL_VERSION, config_digest};
use aludel_protocol::statement::{Checkpoint, Statement};

/// A part of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointField {
    /// How many items of the L1 queue were consumed.
    QueueIndex,
    /// Their rolling digest.
    Queue,
    /// The rolling digest of headers.
    Headers,
    /// The root of the state.
    StateRoot,
}

impl fmt::Display for CheckpointField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueueIndex => "count of L1 queue items (the published data are not the chain's)",
            Self::Queue => "digest of the L1 queue (the queue is not the chain's)",
            Self::Headers => "digest of headers (the published data are not the chain's)",
            Self::StateRoot => "root of the state (published data and queue fit; report this)",
        })
    }
}

/// A checkpoint that is not the statement's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The first part that differs.
    pub field: CheckpointField,
    /// The last point before it that a statement knows, if any does.
    pub fits_until: Option<BatchNumber>,
    /// The statement's.
    pub expected: Checkpoint,
    /// What was made.
    pub found: Checkpoint,
}

/// Why a chain is not the one of a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// A statement of another rollup.
    #[error("statement {statement} is of chain {found}, not of {expected}")]
    Chain {
        /// Which of the statements, from 0.
        statement: usize,
        /// The chain that is checked.
        expected: ChainId,
        /// The statement's.
        found: ChainId,
    },
    /// A statement of other rules.
    #[error(
        "statement {statement} is of version {found} or of other parameters, this build has version {PROTOCOL_VERSION}; use the build that proved it"
    )]
    Rules {
        /// Which of the statements, from 0.
        statement: usize,
        /// Its version.
        found: u16,
    },
    /// A checkpoint differs.
    #[error("after batch {}, statement {statement} has another {}; it {}",
        misfit.expected.number, misfit.field, since(misfit))]
    Differs {
        /// Which of the statements, from 0.
        statement: usize,
        /// Where and how.
        misfit: Box<Misfit>,
    },
    /// The chain was not made as far as that.
    #[error(
        "statement {statement} speaks of batch {number}, which was not made; give the published data up to it"
    )]
    Unreached {
        /// Which of the statements, from 0.
        statement: usize,
        /// The point that was not met.
        number: BatchNumber,
    },
}

fn since(misfit: &Misfit) -> String {
    match misfit.fits_until {
        Some(number) => format!("fits a statement after batch {number}"),
        None => "fits no statement before".to_owned(),
    }
}

/// Statements, against each checkpoint of a chain in order.
#[derive(Clone, Debug)]
pub struct Checks {
    /// What is still to come, the last first: which statement, and its point.
    pending: Vec<(usize, Checkpoint)>,
    fits_until: Option<BatchNumber>,
}

impl Checks {
    /// Checks of both ends of each statement.
    ///
    /// # Errors
    /// Where one is of another chain, version or configuration.
    pub fn new(chain_id: ChainId, statements: &[Statement]) -> Result<Self, StatementError> {
        for (statement, s) in statements.iter().enumerate() {
            if s.chain_id != chain_id {
                return Err(StatementError::Chain { statement, expected: chain_id, found: s.chain_id });
            }
            if u32::from(s.protocol_version) != PROTOCOL_VERSION || s.config != config_digest() {
                return Err(StatementError::Rules { statement, found: s.protocol_version });
            }
        }
        let ends = |(i, s): (usize, &Statement)| [(i, s.prev), (i, s.next)];
        let mut pending: Vec<_> = statements.iter().enumerate().flat_map(ends).collect();
        pending.sort_by_key(|(statement, at)| core::cmp::Reverse((at.number, *statement)));
        Ok(Self { pending, fits_until: None })
    }

    /// Compares the next checkpoint of the chain, the one before its first batch included, with every end of a
    /// statement there; returns how many there were.
    ///
    /// # Errors
    /// Where one differs, and where one lies before this point and was not met.
    pub fn at(&mut self, found: &Checkpoint) -> Result<usize, StatementError> {
        let mut met = 0;
        while let Some((statement, expected)) = self.pending.last().copied() {
            if expected.number > found.number {
                break;
            }
            if expected.number < found.number {
                return Err(StatementError::Unreached { statement, number: expected.number });
            }
            self.compare(statement, &expected, found)?;
            self.pending.pop();
            met += 1;
        }
        if met > 0 {
            self.fits_until = Some(found.number);
        }
        Ok(met)
    }

    fn compare(
        &self,
        statement: usize,
        expected: &Checkpoint,
        found: &Checkpoint,
    ) -> Result<(), StatementError> {
        let differs = [
            (CheckpointField::QueueIndex, expected.queue_index != found.queue_index),
            (CheckpointField::Queue, expected.queue != found.queue),
            (CheckpointField::Headers, expected.headers != found.headers),
            (CheckpointField::StateRoot, expected.state_root != found.state_root),
        ];
        let Some((field, _)) = differs.into_iter().find(|(_, differs)| *differs) else { return Ok(()) };
        let (expected, found, fits_until) = (*expected, *found, self.fits_until);
        Err(StatementError::Differs {
            statement,
            misfit: Box::new(Misfit { field, fits_until, expected, found }),
        })
    }

    /// That nothing is left to compare.
    ///
    /// # Errors
    /// Where an end of a statement was not met.
    pub fn finish(&self) -> Result<(), StatementError> {
        match self.pending.last() {
            None => Ok(()),
            Some((statement, at)) => {
                Err(StatementError::Unreached { statement: *statement, number: at.number })
            }
        }
    }
}
