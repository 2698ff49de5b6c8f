//! Why shards are not folded.

use aludel_circuits::TraceError;
use aludel_circuits::recursion::Unsatisfied;
use aludel_protocol::fold::Gap;
use aludel_protocol::{BatchNumber, Statement};
use aludel_verifier::{KeyError, Role, VerifyError};

use crate::prove::ProveError;

/// The batches of a statement, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batches(BatchNumber, BatchNumber);

impl Batches {
    /// Of a statement.
    pub const fn of(statement: &Statement) -> Self {
        Self(statement.prev.number, statement.next.number)
    }
}

impl core::fmt::Display for Batches {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} to {}", u64::from(self.0.0) + 1, self.1)
    }
}

/// No proof was made.
#[derive(Debug, thiserror::Error)]
pub enum AggregateError {
    /// No proof was given.
    #[error("no shard proof was given; name at least one")]
    Nothing,
    /// The proof is folded already.
    #[error("the proof is of {role} and not of a shard; give the shards that it covers")]
    NoShard {
        /// What it is.
        role: Role,
    },
    /// The proof cannot be joined.
    #[error("the proof is of {role}, which nothing is made of; join lifts and joins")]
    NotJoined {
        /// What it is.
        role: Role,
    },
    /// Batches are missing between two runs.
    #[error(
        "a gap: the statement of batches {first} is followed by that of batches {second}; give the proofs of the batches between them too"
    )]
    Missing {
        /// The earlier run.
        first: Batches,
        /// The later run.
        second: Batches,
    },
    /// Two runs have batches in common.
    #[error(
        "an overlap: the statement of batches {first} is followed by that of batches {second}; give each batch in one proof only"
    )]
    Overlap {
        /// The earlier run.
        first: Batches,
        /// The later run.
        second: Batches,
    },
    /// Two runs meet and are of different chains, rules or histories.
    #[error(
        "the statement of batches {second} does not follow that of batches {first}: {gap}; give proofs of one history"
    )]
    Differs {
        /// The earlier run.
        first: Batches,
        /// The later run.
        second: Batches,
        /// Where they differ.
        gap: Gap,
    },
    /// A step without what it takes.
    #[error("a step of the plan lacks its inputs; this is a bug in Aludel")]
    Plan,
    /// A proof that was given does not verify.
    #[error(transparent)]
    Refused(#[from] VerifyError),
    /// This build has no good key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A verified proof does not satisfy its circuit.
    #[error(
        "{role}: a verified proof does not satisfy its circuit ({unsatisfied}); this is a bug in Aludel, or the machine is faulty"
    )]
    Unsatisfied {
        /// What was to be made.
        role: Role,
        /// Where.
        unsatisfied: Unsatisfied,
    },
    /// The traces do not fit.
    #[error("{role}: {error}; this is a bug in Aludel")]
    Trace {
        /// What was to be made.
        role: Role,
        /// Why.
        error: TraceError,
    },
    /// The proof system failed.
    #[error(transparent)]
    Prove(#[from] ProveError),
}

impl AggregateError {
    /// Two statements of which the second does not follow the first.
    pub fn gap(first: &Statement, second: &Statement, gap: Gap) -> Self {
        let (ends, begins) = (first.next.number, second.prev.number);
        let (first, second) = (Batches::of(first), Batches::of(second));
        // Chain, version and configuration are compared before: batches of another chain are no neighbours.
        match gap.field {
            "number" if begins > ends => Self::Missing { first, second },
            "number" => Self::Overlap { first, second },
            _ => Self::Differs { first, second, gap },
        }
    }
}

#[cfg(test)]
mod tests {
    use aludel_protocol::fold::fold;
    use aludel_protocol::{ChainId, Checkpoint, Digest};

    use super::*;

    fn run(chain: u64, from: u32, to: u32) -> Statement {
        let at = |number| Checkpoint { number: BatchNumber(number), ..Checkpoint::genesis(Digest::ZERO) };
        Statement::new(ChainId(chain), at(from), at(to))
    }

    #[test]
    fn what_does_not_follow_is_named() {
        let first = run(1, 0, 3);
        let named = |second: Statement| {
            let gap = fold(&first, &second).expect_err("it does not follow");
            AggregateError::gap(&first, &second, gap).to_string()
        };
        let gap = "a gap: the statement of batches 1 to 3 is followed by that of batches 6 to 9";
        assert!(named(run(1, 5, 9)).starts_with(gap));
        let overlap = "an overlap: the statement of batches 1 to 3 is followed by that of batches 3 to 9";
        assert!(named(run(1, 2, 9)).starts_with(overlap));
        // Whatever its batches, another chain's is no neighbour.
        for from in [0, 3, 5] {
            let other = named(run(2, from, 9));
            assert!(other.contains("chain_id is 2 where the run before it ends at 1"), "{other}");
        }
    }
}
