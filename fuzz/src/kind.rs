//! What is fuzzed, in kinds of equal time: a minute each in the tests, an hour each when a release is made.

use core::fmt;
use std::time::Duration;

use crate::all;

/// What a target decodes. Targets of a kind share its time evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Proofs against a key.
    Verify,
    /// Proofs as bytes.
    Proof,
    /// Statements, what is claimed under one, and the records that Ethereum hashes.
    Statement,
    /// Sealed batches.
    Batch,
    /// Signed transactions.
    Transaction,
    /// The L1 queue.
    Queue,
    /// Every format that is written by hand.
    Json,
    /// Keystores and the record of their use.
    Keystore,
    /// Published data, what is rebuilt from it, and the file of a state.
    State,
}

impl Kind {
    /// Every kind, in the order in which their hours run.
    pub const ALL: [Self; 9] = [
        Self::Verify,
        Self::Proof,
        Self::Statement,
        Self::Batch,
        Self::Transaction,
        Self::Queue,
        Self::Json,
        Self::Keystore,
        Self::State,
    ];

    /// The share of each of its targets in a time for all of them.
    ///
    /// # Panics
    /// Where the kind has no target.
    pub fn share(self, time: Duration) -> Duration {
        let targets = all().iter().filter(|target| target.kind == self).count();
        time / u32::try_from(targets).expect("few targets")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Verify => "verify",
            Self::Proof => "proof",
            Self::Statement => "statement",
            Self::Batch => "batch",
            Self::Transaction => "transaction",
            Self::Queue => "queue",
            Self::Json => "json",
            Self::Keystore => "keystore",
            Self::State => "state",
        })
    }
}
