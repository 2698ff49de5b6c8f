//! Chip `hash24`: see `docs/decisions/0001-chip-layout.md`.

mod air;
#[cfg(any(test, feature = "tamper"))]
pub mod cases;
pub mod columns;
#[cfg(test)]
mod tests;
pub mod trace;

pub use air::Hash24;
pub use trace::generate;
