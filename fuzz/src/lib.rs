//! Fuzz targets: one function a decoder of untrusted or stored bytes, from any bytes to a [`Verdict`].
//!
//! A target panics where a decoder breaks a promise: it panics itself, takes more memory than its input allows, or
//! accepts bytes that are not canonical or mean something that they cannot. [`driver`] runs a target on mutations
//! of valid inputs, by one seed, with no files; [`Target::run`] is also all that libFuzzer needs
//! (`README.md`). Test code: nothing here is part of what users run.

#![forbid(unsafe_code)]

pub mod corpus;
pub mod driver;
pub mod edits;
pub mod kind;
#[cfg(feature = "libfuzzer")]
pub mod libfuzzer;
pub mod memory;
pub mod mutate;
pub mod outline;
pub mod round_trip;
pub mod targets;
pub mod world;

pub use kind::Kind;

/// What a decoder said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The bytes decoded, and everything that the target asserts of the value holds.
    Accepted,
    /// The bytes were refused with an error.
    Refused,
}

/// A decoder with what feeds it.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name: that of its test, of its libFuzzer binary and of its folder in `corpus/`.
    pub name: &'static str,
    /// What it decodes, of which it shares the time.
    pub kind: Kind,
    /// Decodes any bytes. Panics where the decoder breaks a promise.
    pub run: fn(&[u8]) -> Verdict,
    /// Inputs that must be accepted, from which others are made.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub fn all() -> Vec<Target> {
    use targets::{
        batch, claim, key, keystore, packed, proof, pubdata, queue, state, statement, transaction,
    };
    let families: [&[Target]; 11] = [
        transaction::TARGETS,
        batch::TARGETS,
        queue::TARGETS,
        statement::TARGETS,
        key::TARGETS,
        keystore::TARGETS,
        packed::TARGETS,
        state::TARGETS,
        pubdata::TARGETS,
        claim::TARGETS,
        proof::TARGETS,
    ];
    families.concat()
}

/// The target of a name.
pub fn find(name: &str) -> Option<Target> {
    all().into_iter().find(|target| target.name == name)
}
