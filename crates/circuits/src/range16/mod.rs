//! Chip `range16`: see `docs/decisions/0001-chip-layout.md`.

mod air;
#[cfg(any(test, feature = "tamper"))]
pub mod cases;
pub mod columns;
#[cfg(test)]
mod tests;
pub mod trace;

pub use air::Range16;
pub use trace::generate;
