//! Chip `public`: see `docs/decisions/0007-recursion.md`.

mod air;
#[cfg(any(test, feature = "tamper"))]
pub mod cases;
pub mod columns;
pub mod trace;

pub(super) use air::constrain;
