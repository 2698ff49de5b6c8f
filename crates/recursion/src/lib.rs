//! Programs that verify proofs: the verifier as a circuit, generic over the machine whose proofs it verifies, and the witnesses that it
//! runs on. See `docs/decisions/0007-recursion.md`.
//!
//! Nothing here is needed to verify a proof of such a program: its chips are in `aludel_circuits`, its key is pinned in
//! `aludel_verifier`. What is here makes the key, and the traces.
//!
//! | stage | file |
//! |---|---|
//! | what a circuit knows of the machine that it verifies | `child.rs` |
//! | a proof as a circuit reads it, in the order of the transcript | `witness.rs` |
//! | the stages in order | `verify.rs` |
//! | transcript | `transcript.rs` |
//! | constraints at the out-of-domain point | `constraints.rs` |
//! | openings, reduced | `opening.rs` |
//! | the low-degree test | `folding.rs` |
//! | Merkle trees | `merkle.rs` |
//! | keys of a set, statements | `keys.rs`, `statement.rs` |
//! | whole programs | `programs.rs` |
//! | the keys that follow | `manifest.rs` |

#![forbid(unsafe_code)]

mod child;
mod constraints;
mod folding;
mod keys;
pub mod manifest;
mod merkle;
mod opening;
mod powers;
mod programs;
mod statement;
mod terms;
mod transcript;
mod verify;
mod witness;

pub use child::{Child, ChildChip, Group, Matrix, Segment};
pub use keys::{KeySource, KeyWitness, member};
pub use programs::{JoinChild, JoinWitness, LiftWitness, RootWitness, join, lift, root};
pub use statement::StatementValues;
pub use verify::{KeyValues, Source, Verified, verify};
pub use witness::{ChildWitness, FoldWitness, InputWitness};
