//! The rules: what one entry of a batch does to the cells.
//!
//! An entry first drafts its accesses, each reading what the entry's earlier accesses left; only a whole draft is
//! written, so a refused entry changes nothing. The rules are those of the `transaction` chip
//! (`docs/decisions/0004-whole-ledger.md`).

mod authority;
mod cells;
mod draft;
mod queue_item;
mod refusal;
mod transaction;

use aludel_protocol::cell::Accesses;
use aludel_protocol::ids::{AccountId, Amount, BatchNumber, ChainId, L1Address, TokenId};
use aludel_protocol::records::{Entry, KeyDigest, NoOp, Withdrawal};

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

/// What an entry did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// The cells that it touched.
    pub accesses: Accesses,
    /// Why an item of the L1 queue did not take effect; nothing where it did, and for transactions.
    pub no_op: Option<NoOp>,
    /// What leaves the ledger: of a withdrawal, signed or forced, and of a refund.
    pub payout: Option<Payout>,
}

/// An amount that leaves the ledger, before it has its place among the batch's withdrawals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout {
    /// The token.
    pub token: TokenId,
    /// How much; a forced withdrawal of nothing pays 0.
    pub amount: Amount,
    /// Who may claim it.
    pub to: L1Address,
}

impl Payout {
    /// The withdrawal that it is at place `index` of batch `number`.
    pub const fn withdrawal(self, number: BatchNumber, index: u16) -> Withdrawal {
        let Self { token, amount, to } = self;
        Withdrawal { number, index, token, amount, to }
    }
}

/// Applies one entry.
///
/// `authorise` says whether the entry's signature is one of the key with this digest; it is asked at most once,
/// after every other rule, and not for items of the L1 queue. Each of those has an outcome: it takes effect, or
/// [`Executed::no_op`] says why it does not.
///
/// # Errors
/// [`ExecuteError::Refused`] where a rule forbids the transaction, [`ExecuteError::Fault`] where the cells are not
/// what a state holds. Neither changes a cell, and an item of the L1 queue is never refused.
pub fn execute<C: Cells>(
    cells: &mut C,
    context: &Context,
    entry: &Entry,
    authorise: impl FnOnce(&KeyDigest) -> Result<(), String>,
) -> Result<Executed, ExecuteError> {
    let executed = draft(cells, context, entry, authorise)?;
    write(cells, &executed.accesses)?;
    Ok(executed)
}

/// What an entry would do: [`execute`] without [`write`].
pub(crate) fn draft<C: Cells>(
    cells: &C,
    context: &Context,
    entry: &Entry,
    authorise: impl FnOnce(&KeyDigest) -> Result<(), String>,
) -> Result<Executed, ExecuteError> {
    match entry {
        Entry::Transaction(signed) => transaction::draft(cells, context, &signed.transaction, authorise),
        Entry::Queue(item) => Ok(queue_item::draft(cells, item)?),
    }
}

/// Writes what was drafted.
pub(crate) fn write<C: Cells>(cells: &mut C, accesses: &Accesses) -> Result<(), Fault> {
    for access in accesses.iter().flatten() {
        cells.set(&access.at, access.new)?;
    }
    Ok(())
}
