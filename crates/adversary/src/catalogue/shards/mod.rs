//! Whole shards as adversaries write them: consistent in everything but what the crime takes. Our checker names
//! what is left over, and the verifier refuses the proof.

mod chain;
mod empty;
mod forced;
mod pubdata;
mod refunds;
mod rotation;
mod transfers;
mod withdrawals;

use aludel_bench::{account, owner};
use aludel_protocol::{Action, Amount, NoOp, QueueItem, TokenId, Transaction};

use super::{Chapter, Class, Control, Crime, Ending, Trial};
use crate::witness::{Forgery, Lawless};

/// Every file here.
pub(super) const CHAPTERS: &[Chapter] = &[
    Chapter { name: "chain", crimes: chain::CRIMES, controls: chain::CONTROLS },
    Chapter { name: "empty", crimes: empty::CRIMES, controls: empty::CONTROLS },
    Chapter { name: "forced", crimes: forced::CRIMES, controls: forced::CONTROLS },
    Chapter { name: "pubdata", crimes: pubdata::CRIMES, controls: pubdata::CONTROLS },
    Chapter { name: "refunds", crimes: refunds::CRIMES, controls: refunds::CONTROLS },
    Chapter { name: "rotation", crimes: rotation::CRIMES, controls: rotation::CONTROLS },
    Chapter { name: "transfers", crimes: transfers::CRIMES, controls: transfers::CONTROLS },
    Chapter { name: "withdrawals", crimes: withdrawals::CRIMES, controls: withdrawals::CONTROLS },
];

/// What the verifier says of broken constraints of `transaction`, the seventh chip.
const BROKEN: Ending = Ending::Refused("mismatch at index 6");
/// What it says where only a bus does not balance.
pub(super) const UNBALANCED: Ending = Ending::Refused("terminal sum");

const NATIVE: TokenId = TokenId(0);

/// One batch with one transaction of wallet 1, after it was drafted and signed as told.
fn one(action: Action, write: impl FnOnce(&mut Lawless, Transaction) -> Transaction) -> Forgery {
    let mut l = Lawless::new();
    let draft = l.draft(1, action);
    let transaction = write(&mut l, draft);
    let entry = l.transact(transaction);
    l.seal(vec![entry]);
    l.write()
}

/// [`one`] as it should be.
fn honest(action: Action) -> Forgery {
    one(action, |l, t| l.sign(1, t))
}

/// One batch of items of the L1 queue, each with what becomes of it.
fn items(mut l: Lawless, items: &[(QueueItem, Option<NoOp>)]) -> Forgery {
    let entries = items.iter().map(|(item, no_op)| l.item(*item, *no_op)).collect();
    l.seal(entries);
    l.write()
}

/// [`items`] of one.
fn item(item: QueueItem, no_op: Option<NoOp>) -> Forgery {
    items(Lawless::new(), &[(item, no_op)])
}

/// To pay a wallet.
fn pay(to: usize, amount: u128) -> Action {
    Action::Transfer { to: account(to), amount: Amount(amount) }
}

/// A transfer of five to wallet 2.
fn five() -> Action {
    pay(2, 5)
}

/// To withdraw to a wallet's L1 owner.
fn withdraw(to: usize, amount: u128) -> Action {
    Action::Withdraw { to: owner(to), amount: Amount(amount) }
}

/// A deposit of the native token to a wallet's account, refunded to wallet 1's L1 owner.
fn deposit(to: usize, amount: u128) -> QueueItem {
    QueueItem::to_account(account(to), NATIVE, Amount(amount), owner(1))
}

/// A shard that pays five, as it should be.
pub(super) fn paid() -> Forgery {
    honest(five())
}
