//! Untrusted bytes in, verdict out: what a light client or an auditor takes.
//!
//! [`verify()`] decodes a proof of a shard or a root, checks every size in it against the built-in key of its role, and only then
//! hands it to Plonky3's verifier. No unsafe, no panic on untrusted bytes, no I/O; the `README.md` of this crate
//! lists every path on which Plonky3 could panic and what closes it.
//!
//! The prover lives elsewhere, but what both sides must agree on lives here: the [`config`], the
//! [`parameters`] with their [`mod@security`], the [`keys`] and the [`format`](mod@format).

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions
    )
)]

pub mod challenger;
pub mod config;
pub mod error;
pub mod fingerprint;
pub mod format;
pub mod key_set;
pub mod keys;
pub mod layout;
pub mod machine;
pub mod manifest;
pub mod parameters;
pub mod role;
pub mod security;
pub mod verify;

pub use error::{KeyError, VerifyError};
pub use key_set::KeySet;
pub use keys::{Key, ShardKey};
pub use machine::Machine;
pub use role::Role;
pub use security::{Security, security};
pub use verify::{Expectations, verify};
