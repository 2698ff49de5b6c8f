//! Chips, the buses between them and the machine that joins them.
//!
//! A chip is a folder: `columns.rs` (a row, with the formula above each column), `air.rs` (constraints and bus
//! messages), `trace.rs` (rows from events), `tests.rs` (each corruption and the constraint that names it).
//! Chips are written once against [`builder::ChipBuilder`]; Plonky3's prover and verifier, and our own checker
//! that names what breaks, all run that one text.

#![forbid(unsafe_code)]

pub mod builder;
pub mod bus;
pub mod cell;
pub mod chain;
pub mod check;
pub mod chip;
pub mod columns;
pub mod hash24;
mod lanes;
pub mod machine;
pub mod node;
pub mod poseidon2;
pub mod range16;
pub mod recursion;
pub mod shape;
pub mod signature;
pub mod statement;
#[cfg(any(test, feature = "tamper"))]
pub mod tamper;
pub mod transaction;

pub use builder::ChipBuilder;
pub use bus::Bus;
pub use chip::{Chip, Tables, TraceError};
pub use machine::MachineChip;
pub use shape::Shape;
