//! What is published of a batch: all that its effect depends on, beside the state and the L1 queue
//! (`docs/decisions/0004-whole-ledger.md`, "Published data").
//!
//! One canonical form: what decodes re-encodes to the same bytes. A body is `number, operator, count of entries` and the
//! entries; every integer is a [`varint`] in its shortest form. An entry begins with a head byte:
//!
//! | bits | of the head |
//! |---|---|
//! | 0, 1 | kind: 0 run of queue items, 1 transfer, 2 withdrawal, 3 rotation |
//! | 2 | a token follows: it is not 0 |
//! | 3 | an epoch jump follows: it is not 0 |
//! | 4, 5 | 0: the fee is 0; else it follows, in units of `1, 10^6, 10^12` |
//! | 6, 7 | the amount is in units of `1, 10^4, 10^8, 10^12` |
//!
//! A run goes on with its length, at least 1, and no run follows another. A transaction goes on with `from`, then as the
//! head says `token`, `fee`, `jump`, then by kind: `to, amount`; `amount`, 20 bytes of L1 address; 32 bytes of key. A unit
//! is the largest that divides the value (of an amount of 0: 1), so each value has one form. Of 18 decimals few are
//! used: units keep round amounts and fees at two or three bytes, and cost no byte where they do not help.
//!
//! It holds no sequence, expiry, chain id or signature: the state has the first, and no effect depends on the rest.

mod error;
mod read;
mod unit;
pub mod varint;
mod write;

use crate::ids::{AccountId, BatchNumber, Fee, TokenId};
use crate::records::Action;

pub use error::{Field, Problem, PubdataError};
pub use read::Reader;

/// What is published of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedBatch {
    /// The batch.
    pub number: BatchNumber,
    /// The account that received its fees.
    pub operator: AccountId,
    entries: Vec<PublishedEntry>,
}

/// What is published of one entry, or of consecutive items of the L1 queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishedEntry {
    /// The next items of the L1 queue, which has the rest.
    Queue {
        /// How many, at least one.
        items: u32,
    },
    /// A transaction.
    Transaction(PublishedTransaction),
}

/// What is published of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedTransaction {
    /// Who paid amount and fee.
    pub from: AccountId,
    /// The token of amount and fee.
    pub token: TokenId,
    /// What the operator received.
    pub fee: Fee,
    /// The transaction's epoch less the first that the account had not used.
    pub epoch_jump: u32,
    /// What it did.
    pub action: Action,
}

impl PublishedBatch {
    /// A batch without entries.
    pub const fn new(number: BatchNumber, operator: AccountId) -> Self {
        Self { number, operator, entries: Vec::new() }
    }

    /// The entries; no run of queue items follows another.
    pub fn entries(&self) -> &[PublishedEntry] {
        &self.entries
    }

    /// Appends one item of the L1 queue.
    pub fn push_item(&mut self) {
        match self.entries.last_mut() {
            Some(PublishedEntry::Queue { items }) if *items < u32::MAX => *items += 1,
            _ => self.entries.push(PublishedEntry::Queue { items: 1 }),
        }
    }

    /// Appends a transaction.
    pub fn push_transaction(&mut self, transaction: PublishedTransaction) {
        self.entries.push(PublishedEntry::Transaction(transaction));
    }
}
