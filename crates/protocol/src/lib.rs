//! The words that both sides of a proof share: field and hash aliases, identifiers, records with their one
//! canonical encoding, the statement that a proof makes, and the constants of the protocol.
//!
//! It holds no state machine (that is the ledger), no constraints (the circuits) and does no I/O. Everything
//! that is hashed anywhere in Aludel is hashed through [`hash`], so a change of parameters is a change of one
//! file.

#![forbid(unsafe_code)]

pub mod cell;
pub mod claim;
pub mod codec;
pub mod field;
pub mod fold;
pub mod grinding;
pub mod hash;
pub mod ids;
pub mod params;
pub mod pubdata;
pub mod records;
pub mod statement;
pub mod trees;
pub mod xmss;

pub use cell::{CellAddress, Payload, Space};
pub use claim::{Claim, ClaimError};
pub use field::{Challenge, F, Limbs, PackedF, fe};
pub use hash::Digest;
pub use ids::{
    AccountId, Amount, BatchNumber, ChainId, Epoch, Fee, L1Address, QueueIndex, Sequence, TokenId,
};
pub use pubdata::{PubdataError, PublishedBatch, PublishedEntry, PublishedTransaction};
pub use records::{
    Action, Batch, Entry, Header, KeyBytes, KeyDigest, NoOp, Packed, QueueItem, Request, Signature,
    SignedTransaction, Transaction, Withdrawal,
};
pub use statement::{Checkpoint, Statement};
