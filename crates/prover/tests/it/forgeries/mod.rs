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

use std::collections::BTreeSet;

use aludel_bench::{account, owner};
use aludel_protocol::{Action, Amount, NoOp, QueueItem, Statement, TokenId, Transaction};
use aludel_verifier::VerifyError;
use aludel_verifier::verify::{Expectations, verify};

use crate::forgery::Forgery;
use crate::lawless::Lawless;
use crate::slice::{PROVER, verdict};

/// What the verifier says of broken constraints of `transaction`, the seventh chip.
const BROKEN: &str = "mismatch at index 6";
/// What it says where only a bus does not balance.
const UNBALANCED: &str = "terminal sum";

const NATIVE: TokenId = TokenId(0);

fn prove(forgery: &Forgery) -> (BTreeSet<String>, Vec<u8>) {
    let traces = forgery.traces();
    let mains: Vec<_> = traces.chips().iter().map(|(_, main, _)| main.clone()).collect();
    (traces.refused_by(), PROVER.prove_unverified(&mains, &forgery.says).expect("a forger gets its bytes"))
}

#[track_caller]
fn refused(forgery: &Forgery, by: &[&str], reason: &str) {
    let (found, bytes) = prove(forgery);
    assert_eq!(found, by.iter().map(ToString::to_string).collect());
    match verdict(&bytes) {
        Err(VerifyError::Refused { reason: found }) => assert!(found.contains(reason), "{found}"),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn accepted(forgery: &Forgery) -> Vec<u8> {
    let (found, bytes) = prove(forgery);
    assert_eq!(found, BTreeSet::new());
    assert_eq!(verdict(&bytes), Ok(forgery.says));
    bytes
}

/// Proves what it did, which is not what L1 expects, and is refused where it says what L1 expects.
#[track_caller]
fn another_queue(mut forgery: Forgery, l1: Statement) {
    let wants = Expectations { statement: Some(l1), chain_id: None };
    assert!(matches!(verify(&accepted(&forgery), &wants), Err(VerifyError::Statement { .. })));
    forgery.says = l1;
    refused(&forgery, &["bus boundary"], UNBALANCED);
}

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
