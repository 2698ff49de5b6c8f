//! Chip `signature`: see `docs/decisions/0001-chip-layout.md`.

mod air;
pub mod columns;
#[cfg(test)]
mod tests;
pub mod trace;

pub use air::Signature;
pub use trace::generate;

/// Rows of one signature: 1 message hash, 23 leaf rows, 20 tree rows, 1 key row.
pub const BLOCK: usize = 45;
