//! The rules: what one entry of a batch does to the cells.
//!
//! An entry first drafts its accesses, each reading what the entry's earlier accesses left; only a whole draft is
//! written, so a refused entry changes nothing. The rules are those of the `transaction` chip
//! (`docs/decisions/0001-chip-layout.md`).

mod authority;
mod cells;
mod deposit;
mod draft;
mod refusal;
mod transfer;

use aludel_protocol::cell::Accesses;
use aludel_protocol::ids::{AccountId, BatchNumber, ChainId};
use aludel_protocol::records::{Entry, KeyDigest};

pub use authority::Authority;
pub(crate) use authority::{Prepared, prepare};
pub use cells::{CellError, Cells, Overlay};
pub use refusal::{ExecuteError, Fault, Refusal, Role};

/// What the rules know beside the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The rollup.
    pub chain_id: ChainId,
    /// The batch that is being made.
    pub number: BatchNumber,
    /// The account that receives its fees.
    pub operator: AccountId,
}

/// Applies one entry.
///
/// `authorise` says whether the entry's signature is one of the key with this digest; it is asked at most once,
/// after every other rule, and not for items of the L1 queue.
///
/// # Errors
/// [`ExecuteError::Refused`] where a rule forbids the entry, [`ExecuteError::Fault`] where the cells are not what a
/// state holds. Neither changes a cell. A refused item of the L1 queue stops the queue, whose items are consumed
/// in order; refunds come with the withdrawals.
pub fn execute<C: Cells>(
    cells: &mut C,
    context: &Context,
    entry: &Entry,
    authorise: impl FnOnce(&KeyDigest) -> Result<(), String>,
) -> Result<Accesses, ExecuteError> {
    let accesses = match entry {
        Entry::Transfer(signed) => transfer::draft(cells, context, &signed.transfer, authorise)?,
        Entry::Queue(item) => deposit::draft(cells, item)?,
    };
    for access in accesses.iter().flatten() {
        cells.set(&access.at, access.new).map_err(Fault::from)?;
    }
    Ok(accesses)
}
