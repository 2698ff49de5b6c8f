//! Traces in, proofs out.
//!
//! [`Prover`] holds what proving a shape needs, checks the traces' sizes, runs Plonky3's `prove_batch` with the
//! verifier crate's configuration, and verifies each proof before it leaves. [`aggregate`](mod@aggregate) folds the proofs of many shards into
//! one. [`profile`] accounts for the time.

#![forbid(unsafe_code)]

pub mod aggregate;
pub mod machine;
pub mod profile;
pub mod prove;

pub use machine::Provable;
pub use prove::{ProveError, Prover, Stats, VerifiedProof};
