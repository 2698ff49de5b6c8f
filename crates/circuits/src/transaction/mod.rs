//! Chip `transaction`: the ledger's rules, one row an entry. See `docs/decisions/0001-chip-layout.md`.

mod accesses;
mod air;
mod amounts;
mod authorisation;
mod calls;
#[cfg(any(test, feature = "tamper"))]
pub mod cases;
pub mod columns;
mod flow;
mod items;
mod kinds;
mod ranges;
mod rows;
#[cfg(test)]
mod tests;
pub mod trace;
mod withdrawals;

pub use air::{MAX_LOG_HEIGHT, Transaction};
pub use trace::{Event, ExecutedBatch, ExecutedEntry, Progress, TransactionTrace, generate};
