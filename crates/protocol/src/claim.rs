//! That a withdrawal left: a leaf, its batch's header, and the way from there to a statement.
//!
//! Who holds a proven statement needs nothing else to pay: no state, no operator. What was paid is remembered by
//! `(batch, index)`, which is one leaf.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use crate::codec::{DecodeError, Kind, decode, encode};
use crate::hash::{Digest, roll};
use crate::ids::BatchNumber;
use crate::records::{Header, Withdrawal, WithdrawalPath};
use crate::statement::Statement;

/// A withdrawal with its path to a rolling digest of headers.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize)]
pub struct Claim {
    /// What left.
    pub withdrawal: Withdrawal,
    /// From its leaf to its batch's tree.
    pub path: WithdrawalPath,
    /// Of its batch.
    pub header: Header,
    /// Rolling digest of the headers before that batch.
    pub prev_headers: Digest,
    /// Digests of the headers after it, up to the statement's last.
    pub later: Vec<Digest>,
}

/// Why a claim does not hold under a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// The withdrawal names another batch than the header.
    #[error("the withdrawal is of batch {found}, the header of batch {expected}; make the claim again")]
    Number {
        /// The header's.
        expected: BatchNumber,
        /// The withdrawal's.
        found: BatchNumber,
    },
    /// The batch has fewer withdrawals.
    #[error("withdrawal {index} of batch {number}, which has {count}; make the claim again")]
    Index {
        /// The batch.
        number: BatchNumber,
        /// The withdrawal's place.
        index: u16,
        /// How many there are.
        count: u16,
    },
    /// The path does not lead to the header's root.
    #[error("the path leads to {found}, the header of batch {number} has {expected}; make the claim again")]
    Path {
        /// The batch.
        number: BatchNumber,
        /// The header's root of withdrawals.
        expected: Digest,
        /// Where the path leads.
        found: Digest,
    },
    /// The statement ends with another batch than the headers do.
    #[error(
        "the claim's headers end with batch {found}, the statement with batch {expected}; make a claim to that one"
    )]
    End {
        /// The statement's last batch.
        expected: BatchNumber,
        /// The claim's; it may exceed every batch number.
        found: u64,
    },
    /// Header and later digests are not those of the statement's chain.
    #[error(
        "the claim's headers roll to {found}, the statement has {expected}; make the claim again, from this chain"
    )]
    Headers {
        /// The statement's rolling digest after its last batch.
        expected: Digest,
        /// The claim's.
        found: Digest,
    },
}

impl Claim {
    /// As a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(Kind::Claim, self)
    }

    /// From a file.
    ///
    /// # Errors
    /// Where the bytes are not exactly those of a claim.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(Kind::Claim, bytes)
    }

    /// Checks the claim under a statement. That the statement is proven, and that its chain is the right one, the
    /// caller holds. Its batch may lie before the statement's first: headers roll from the chain's beginning. Then all
    /// that it rests on is the statement's own beginning, which the proof takes as given.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn verify(&self, statement: &Statement) -> Result<(), ClaimError> {
        self.check_leaf()?;
        self.check_end(statement)?;
        let found = self.headers();
        match statement.next.headers {
            expected if expected == found => Ok(()),
            expected => Err(ClaimError::Headers { expected, found }),
        }
    }

    /// The rolling digest of headers to which the claim leads.
    pub fn headers(&self) -> Digest {
        let own = roll(self.prev_headers, self.header.digest());
        self.later.iter().fold(own, |headers, later| roll(headers, *later))
    }

    fn check_leaf(&self) -> Result<(), ClaimError> {
        let (header, withdrawal) = (&self.header, &self.withdrawal);
        let number = header.number;
        if withdrawal.number != number {
            return Err(ClaimError::Number { expected: number, found: withdrawal.number });
        }
        if withdrawal.index >= header.withdrawals {
            let (index, count) = (withdrawal.index, header.withdrawals);
            return Err(ClaimError::Index { number, index, count });
        }
        match withdrawal.root(&self.path) {
            found if found == header.withdrawals_root => Ok(()),
            found => Err(ClaimError::Path { number, expected: header.withdrawals_root, found }),
        }
    }

    fn check_end(&self, statement: &Statement) -> Result<(), ClaimError> {
        let expected = statement.next.number;
        let found = u64::from(self.header.number.0).saturating_add(self.later.len() as u64);
        match found == u64::from(expected.0) {
            true => Ok(()),
            false => Err(ClaimError::End { expected, found }),
        }
    }
}
