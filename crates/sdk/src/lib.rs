//! What a rollup links to have its batches proven.
//!
//! | to | use |
//! |---|---|
//! | make transactions, sign them, seal batches | [`rollup`] |
//! | ask a prover for proofs and follow them | [`Client`] |
//! | tell what went wrong, and whether to try again | [`Error`] |
//! | be sure of a proof, trusting no prover | [`verify()`] |
//!
//! ```no_run
//! # async fn example(batches: Vec<Vec<u8>>) -> Result<(), aludel_sdk::Error> {
//! use aludel_sdk::{Client, Expectations, SubmitOptions, Target, verify};
//! use std::time::Duration;
//!
//! let client = Client::connect("http://127.0.0.1:7370").await?;
//! let options = SubmitOptions::new(7, Target::Root, "my-chain/batches/1-8");
//! let submitted = client.submit(&options, batches).await?;
//! let proof = client.wait(&submitted.proof.id, Duration::from_secs(3600)).await?;
//! for artifact in &proof.artifacts {
//!     let bytes = client.fetch(&artifact.id).await?;
//!     let statement = verify(&bytes, &Expectations::default())?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # When things fail
//! Every call may be repeated without harm, and is, when the connection breaks or the server is not available: as often as [`Retries`] says. A submit with
//! the same key and the same batches is the same proof, whatever happened to the first. What the server refuses is [`Error::Refused`] with a number that
//! never changes its meaning (`docs/errors.md`), a remedy, and the trace id to look for in the server's log.
//!
//! `examples/payments.rs` does all of it, from keys to a verified proof.

#![forbid(unsafe_code)]

mod client;
mod error;
mod fetch;
mod retries;
pub mod rollup;
mod submit;
mod watch;

pub use aludel_proto::prover_v1::{
    Artifact, Event, Failure, FailureClass, GetCapabilitiesResponse as Capabilities, Priority, Proof, State,
    Target, WatchProofResponse as Update, event,
};
pub use aludel_verifier::{Expectations, VerifyError};
pub use client::{Client, Page};
pub use error::{Error, Refused};
pub use retries::Retries;
pub use submit::{SubmitOptions, Submitted};
pub use watch::Watch;

/// Verifies a proof here, against the keys that this build knows, and returns what it says. The prover is not trusted with it. Some tens of milliseconds of
/// the processor: call it where that may be taken.
///
/// # Errors
/// Why the proof is none, or not of what was expected.
pub fn verify(proof: &[u8], expectations: &Expectations) -> Result<aludel_protocol::Statement, VerifyError> {
    aludel_verifier::verify(proof, expectations)
}
