//! Forged proofs, for tests: what an adversary could hand to the verifier, and what the verifier must say.
//!
//! [`prover`] makes a proof from whatever it is told: traces, heights, public values, preprocessed columns, lookup
//! columns and their sums, quotients, openings, folds, queries; each lie followed through in the transcript. [`catalogue`]
//! is what is tried with it, and with whole witnesses that break a rule of the ledger. [`honest`] and [`toy`] are the
//! machines that all of it begins with; [`alone`] is one chip of the real one, for forged traces by the hundred;
//! [`fields`] takes a proof apart into what can be changed in it; [`transcript`] lists what of it a verifier absorbs.
//!
//! For tests only, and never a dependency of anything but tests: `cargo nextest run -p aludel-adversary`.

#![forbid(unsafe_code)]

pub mod alone;
pub mod catalogue;
pub mod fields;
pub mod honest;
pub mod prover;
pub mod toy;
pub mod transcript;
mod witness;
