//! Records with one encoding each as bytes and as field elements (what is hashed). What Ethereum hashes is
//! [`Packed`]; the rest is borsh.

mod header;
mod packed;
mod queue;
mod signature;
mod transaction;
mod withdrawal;

use crate::field::F;
use crate::hash::Digest;

pub use header::{Batch, Entry, HEADER_FIELDS, Header, publish, publish_item};
pub use packed::Packed;
pub(crate) use packed::packed;
pub use queue::{KeyBytes, NoOp, QUEUE_ITEM_FIELDS, QueueItem, Request};
pub use signature::Signature;
pub(crate) use signature::words;
pub use transaction::{
    Action, PUBLIC_FIELDS, REST_AT, ROTATE_FIELDS, SignedTransaction, TRANSFER_FIELDS, Transaction,
    TransactionDigests, WITHDRAW_FIELDS, transaction_version,
};
pub use withdrawal::{Withdrawal, WithdrawalPath, WithdrawalTree, no_withdrawals};

/// Digest of a public key, whatever the scheme: what an account's leaf holds.
pub type KeyDigest = Digest;

/// Joins parts into a record of exactly `N` elements.
pub(crate) fn join<const N: usize>(parts: &[&[F]]) -> [F; N] {
    let joined = parts.concat();
    joined.try_into().unwrap_or_else(|v: Vec<F>| unreachable!("a record of {N} fields has {}", v.len()))
}
