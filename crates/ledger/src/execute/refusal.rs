//! Why an entry was not applied.

use core::fmt;

use aludel_protocol::cell::{CellAddress, PayloadError};
use aludel_protocol::ids::{AccountId, Amount, BatchNumber, ChainId, Epoch, Fee, Sequence, TokenId};
use serde::Serialize;

use crate::multiproof::NotOpened;
use crate::store::StoreError;

/// What an account is to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Pays amount and fee.
    Sender,
    /// Receives the amount.
    Recipient,
    /// Receives the fee.
    Operator,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Operator => "operator",
        })
    }
}

/// A rule that forbids a transaction, which changed nothing. Items of the L1 queue are never refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Refusal {
    /// Signed for another rollup.
    #[error("signed for chain {found}, this is chain {expected}: sign it for this chain")]
    Chain {
        /// This chain.
        expected: ChainId,
        /// The transaction's.
        found: ChainId,
    },
    /// Signed for another version of the protocol.
    #[error("signed for protocol version {found}, this is {expected}: sign it with a wallet of this version")]
    Version {
        /// This version.
        expected: u16,
        /// The transaction's.
        found: u16,
    },
    /// Too late.
    #[error("expired: batch {expiry} was the last to include it and this is batch {number}: sign it anew")]
    Expired {
        /// The last batch that may include it.
        expiry: BatchNumber,
        /// The batch being made.
        number: BatchNumber,
    },
    /// The system account signs nothing.
    #[error("account {account} is the system's and signs nothing: sign with an account of yours")]
    System {
        /// The system account.
        account: AccountId,
    },
    /// An account of the entry does not exist.
    #[error("{role} {account} does not exist: a deposit to its key creates an account")]
    NoAccount {
        /// What it is to the entry.
        role: Role,
        /// Its number.
        account: AccountId,
    },
    /// Not the account's next transaction.
    #[error(
        "account {account} is at sequence {expected}, the transaction carries {found}: sign it with the account's"
    )]
    Sequence {
        /// The sender.
        account: AccountId,
        /// Its sequence.
        expected: Sequence,
        /// The transaction's.
        found: Sequence,
    },
    /// The account has no further sequence.
    #[error(
        "account {account} has used its last sequence, {sequence}: move its funds by a forced withdrawal"
    )]
    LastSequence {
        /// The sender.
        account: AccountId,
        /// Its sequence.
        sequence: Sequence,
    },
    /// A one-time key that may have been used.
    #[error(
        "account {account} has used its one-time keys below {expected}, the transaction's is {found}: sign it at an unused one"
    )]
    UsedEpoch {
        /// The sender.
        account: AccountId,
        /// The first epoch that is free.
        expected: Epoch,
        /// The transaction's.
        found: Epoch,
    },
    /// The last one-time key admits only a rotation; there is none after it.
    #[error(
        "one-time key {found} of account {account} is its last and signs only a rotation: rotate the key"
    )]
    LastEpoch {
        /// The sender.
        account: AccountId,
        /// The transaction's epoch, a key's last.
        found: Epoch,
    },
    /// Keys have no such epoch.
    #[error(
        "a key has the one-time keys below {limit}, the transaction of account {account} names {found}: sign it with an unused one of those"
    )]
    NoEpoch {
        /// The sender.
        account: AccountId,
        /// The first epoch that no key has.
        limit: Epoch,
        /// The transaction's.
        found: Epoch,
    },
    /// Amount and fee together exceed what a balance holds.
    #[error("amount {amount} and fee {fee} of account {account} together exceed 2^128 - 1: lower the amount")]
    Total {
        /// The sender.
        account: AccountId,
        /// The transaction's amount.
        amount: Amount,
        /// The transaction's fee.
        fee: Fee,
    },
    /// Too little.
    #[error(
        "account {account} holds {found} of token {token}, amount and fee are {expected}: lower them or deposit more"
    )]
    Balance {
        /// The sender.
        account: AccountId,
        /// The token of amount and fee.
        token: TokenId,
        /// Amount and fee.
        expected: Amount,
        /// The balance.
        found: Amount,
    },
    /// More than a balance holds.
    #[error(
        "{role} {account} holds {found} of token {token}: {credit} more exceed 2^128 - 1: lower the amount or use another account"
    )]
    Overflow {
        /// What it is to the entry.
        role: Role,
        /// Its number.
        account: AccountId,
        /// The token credited.
        token: TokenId,
        /// The balance.
        found: Amount,
        /// What is to be added.
        credit: Amount,
    },
    /// Not signed by the account's key.
    #[error(
        "no signature of account {account} for one-time key {epoch}: {problem}; sign with the key that the account holds"
    )]
    Signature {
        /// The sender.
        account: AccountId,
        /// The transaction's epoch.
        epoch: Epoch,
        /// What the signature scheme says.
        problem: String,
    },
}

/// Cells that are not what a state holds: a damaged store, a wrong multiproof, or our bug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The multiproof lacks a cell.
    #[error(transparent)]
    NotOpened(#[from] NotOpened),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A payload that its place does not admit.
    #[error("cell {at:?}: {error}")]
    Payload {
        /// The cell.
        at: CellAddress,
        /// What is wrong with it.
        error: PayloadError,
    },
    /// A cell of an account that does not exist yet is not empty.
    #[error("cell {at:?} of an account yet to be created is not empty; the store is damaged: rebuild it")]
    Occupied {
        /// The cell.
        at: CellAddress,
    },
}

/// Why an entry was not applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecuteError {
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The cells cannot be trusted.
    #[error(transparent)]
    Fault(#[from] Fault),
}
