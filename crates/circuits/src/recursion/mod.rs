//! Recursion: programs that verify proofs, and the machine that runs them. See `docs/decisions/0007-recursion.md`.
//!
//! A [`Program`] is fixed when its key is made: which row computes what, every address of the memory and how often
//! it is read are preprocessed columns. A [`Circuit`] writes one, [`execute()`] runs it over a witness,
//! and eight chips hold the trace to it:
//!
//! | chip | a row |
//! |---|---|
//! | [`alu`] | four operations of the challenge field |
//! | [`bits`] | one bit of a drawn element, the index and the point that it makes |
//! | [`caps`] | an entry of the cap of a Merkle tree |
//! | [`pack`] | five base field elements as one challenge |
//! | [`path`] | one node of a Merkle tree |
//! | [`public`] | public values, held to the memory |
//! | [`sponge`] | one block of a hash, reduced by Horner's rule as it is absorbed |
//! | [`transcript`] | one permutation of the Fiat-Shamir sponge |
//!
//! Values pass between rows through a write-once memory ([`Bus::Value`](crate::Bus::Value)). A cell of it has one writer, which the key names; so
//! whatever reads it reads what was written.

pub mod alu;
pub mod bits;
pub mod caps;
pub mod circuit;
pub mod execute;
pub mod extension;
pub mod machine;
pub mod pack;
pub mod path;
pub mod program;
pub mod public;
pub mod sponge;
#[cfg(test)]
mod tests;
pub mod transcript;

pub use circuit::Circuit;
pub use execute::{Execution, Unsatisfied, execute};
pub use machine::{Heights, RecursionChip};
pub use program::{Port, Program, Value};
