//! Why a key cannot be made and why a proof is refused.

use aludel_protocol::codec::DecodeError;
use aludel_protocol::{ChainId, Digest};

use crate::role::Role;

/// The command that rewrites the manifest of keys.
pub const REWRITE_KEYS: &str = "cargo run --release -p aludel-recursion --bin keys";

/// A key cannot be made. Each is a fault of this build, never of a proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The machine breaks a rule that soundness rests on.
    #[error("chip {chip}: {reason}; correct the chip")]
    Chip {
        /// The chip.
        chip: &'static str,
        /// The rule.
        reason: String,
    },
    /// The chips together break such a rule.
    #[error("machine: {reason}; correct its chips or its shape")]
    Machine {
        /// The rule.
        reason: String,
    },
    /// The preprocessed columns cannot be committed.
    #[error("preprocessed columns cannot be committed: {reason}")]
    Commit {
        /// Plonky3's reason.
        reason: String,
    },
    /// The manifest lacks a role or does not parse.
    #[error("the built-in manifest of keys has no good entry for {role}: {reason}; run `{REWRITE_KEYS}`")]
    Manifest {
        /// The role.
        role: Role,
        /// What is wrong.
        reason: String,
    },
    /// A shard's role where a folded proof's is wanted.
    #[error("{role} has the key of a shard and none of a folded proof; ask for a shard's key")]
    NotFolded {
        /// The role.
        role: Role,
    },
    /// The chips of this build are not those of the manifest.
    #[error(
        "the key of {role} is {found} and the manifest pins {pinned}: if the change is meant, run `{REWRITE_KEYS}` and commit the result"
    )]
    Unannounced {
        /// The role.
        role: Role,
        /// In the manifest.
        pinned: Digest,
        /// Derived from the chips.
        found: Digest,
    },
}

/// A proof is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// No proof of a version that this build reads, or a damaged one.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The shape's number is none of ours.
    #[error("no shape has number {number}; use the build that made this proof")]
    UnknownShape {
        /// The number in the proof.
        number: u8,
    },
    /// The numbers of role and shape are none of ours.
    #[error("no folded proof has role {} and shape {}; use the build that made this proof", numbers[0], numbers[1])]
    UnknownRole {
        /// The numbers in the proof.
        numbers: [u8; 2],
    },
    /// The proof has another role or shape than the key.
    #[error("the proof is of {found} and the key of {expected}; use the key of the proof's role")]
    OtherRole {
        /// The key's.
        expected: Role,
        /// The proof's.
        found: Role,
    },
    /// More bytes than any proof of the shape has.
    #[error("{found} bytes are more than a proof of {role} can have ({limit}); fetch it again")]
    TooLong {
        /// What the key is of.
        role: Role,
        /// Bytes that a proof may have.
        limit: usize,
        /// Bytes given.
        found: usize,
    },
    /// The bytes decode, but are not what encoding gives.
    #[error("the encoding is not canonical; fetch the proof again or ask who made it")]
    NotCanonical,
    /// A part of the proof has another size than the key demands.
    #[error("{part}: expected {expected}, found {found}; no prover of this role makes that")]
    Layout {
        /// The part.
        part: &'static str,
        /// By the key.
        expected: usize,
        /// In the proof.
        found: usize,
    },
    /// The statement is of another protocol version.
    #[error(
        "protocol version {found}, and this build verifies version {expected}; use the build that made the proof"
    )]
    ProtocolVersion {
        /// This build's.
        expected: u32,
        /// The statement's.
        found: u16,
    },
    /// The statement is of other rules.
    #[error("configuration {found}, and this build's is {expected}; use the build that made the proof")]
    Configuration {
        /// This build's.
        expected: Digest,
        /// The statement's.
        found: Digest,
    },
    /// The statement covers no batch, or runs backwards.
    #[error("batches from {prev} to {next}: the statement must end after it begins")]
    Order {
        /// Number before the first batch.
        prev: u32,
        /// Number of the last batch.
        next: u32,
    },
    /// The statement is of another rollup.
    #[error("a proof for chain {found} was offered where chain {expected} is expected")]
    Chain {
        /// Expected.
        expected: ChainId,
        /// In the statement.
        found: ChainId,
    },
    /// The statement is another one than the caller expects.
    #[error("the proof says something else: expected statement {expected}, found {found}")]
    Statement {
        /// Digest of the expected statement.
        expected: Digest,
        /// Digest of the proof's.
        found: Digest,
    },
    /// The proof is false.
    #[error("the proof does not hold: {reason}")]
    Refused {
        /// Plonky3's reason.
        reason: String,
    },
    /// This build's key is broken: our bug, not the proof's.
    #[error(transparent)]
    Key(#[from] KeyError),
}
