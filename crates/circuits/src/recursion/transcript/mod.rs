//! Chip `transcript`: see `docs/decisions/0007-recursion.md`.

mod air;
pub mod columns;
pub mod trace;

pub(super) use air::constrain;
