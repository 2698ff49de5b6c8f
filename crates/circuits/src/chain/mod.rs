//! Chip `chain`: the steps of XMSS hash chains, one a lane and row.
//!
//! A *walk* takes a chain's value from position `digit` to the last position and runs down consecutive rows of
//! one lane. Every row belongs to a walk; the walk at the end of a lane may be cut off, and then says nothing.
//! A walk says something only in its last row: `chain(parameter, epoch, chain, digit, end)`, where
//! `chain = (place - 6) / 8` and `digit = start - (place - 6)`. The signature chip receives chains that are
//! constants and digits in `0..7`, so `place` was `8 chain + 6` there, and `start` was `8 chain + digit`:
//! `place` grows by one a row from `start`, hence there are exactly `7 - digit` steps, each with its tweak.
//! See `docs/decisions/0001-chip-layout.md`.

mod air;
#[cfg(any(test, feature = "tamper"))]
pub mod cases;
pub mod columns;
#[cfg(test)]
mod tests;
pub mod trace;

pub use air::Chain;
pub use trace::{ChainWalk, generate};
