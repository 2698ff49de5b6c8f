//! Chip `node`: see `docs/decisions/0001-chip-layout.md`.

mod air;
#[cfg(any(test, feature = "tamper"))]
pub mod cases;
pub mod columns;
#[cfg(test)]
mod free;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
pub mod trace;

pub use air::Node;
pub use trace::generate;
