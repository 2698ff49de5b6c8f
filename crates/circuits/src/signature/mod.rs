//! Chip `signature`: verification of XMSS signatures, 45 rows each, on a preprocessed schedule.
//!
//! Rows of a block: 23 leaf rows absorb the 46 chain ends, two a row, and say with which digits they ask the chain
//! chip for them; 20 tree rows climb to the root; the key row hashes it to the key digest; the message row
//! hashes the message, and must give the words that the digits made. Key and message row are neighbours, so
//! the row that receives `auth(key, message, epoch)` sees both and nothing is carried through the block for it.
//! A padding block is one whose key and message row have `bit[0] = 0`; its digits are all 7.
//! See `docs/decisions/0001-chip-layout.md`.

mod air;
#[cfg(any(test, feature = "tamper"))]
pub mod cases;
pub mod columns;
mod schedule;
#[cfg(test)]
pub(crate) mod signer;
#[cfg(test)]
mod tests;
pub mod trace;

pub use air::Signature;
pub use trace::{SignatureRow, generate};

/// Rows of one signature: 23 leaf rows, 20 tree rows, 1 key row, 1 message hash.
pub const BLOCK: usize = 45;
