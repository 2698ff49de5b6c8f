//! Forced withdrawals: who may ask, what is paid to whom, and that nobody who may ask is turned away.

use aludel_bench::{FUNDS, TOKEN, account, owner};
use aludel_circuits::transaction::columns::CellAccess;
use aludel_protocol::{
    AccountId, Amount, BatchNumber, Digest, F, L1Address, NoOp, Payload, QueueItem, TokenId, Withdrawal, fe,
};
use p3_field::PrimeCharacteristicRing;

use super::{BROKEN, NATIVE, UNBALANCED, accepted, item, items, refused};
use crate::forgery::Forgery;
use crate::lawless::Lawless;
use crate::payload::{advance, balance, set_balance};

/// What wallet 1 holds of the other token.
const HELD: u128 = 70;

/// Wallet 1's owner forces its account to pay out.
fn asked(token: TokenId) -> QueueItem {
    QueueItem::forced(account(1), token, owner(1))
}

/// A deposit of the other token to wallet 1, then an item; row 1 is the item's.
fn after_deposit(item: QueueItem, no_op: Option<NoOp>) -> Forgery {
    let deposit = QueueItem::to_account(account(1), TOKEN, Amount(HELD), owner(1));
    items(Lawless::new(), &[(deposit, None), (item, no_op)])
}

/// The leaf of the shard's only withdrawal.
fn leaf(token: TokenId, amount: u128, to: L1Address) -> Digest {
    Withdrawal { number: BatchNumber(2), index: 0, token, amount: Amount(amount), to }.digest()
}

/// Has a row read an `l1_owner` that is not there.
fn read_owner(access: &mut CellAccess<F>, owner: L1Address) {
    access.old[..10].copy_from_slice(&owner.limbs());
    access.new = access.old;
}

#[test]
fn honest_forced_withdrawals_are_accepted() {
    let forgery = item(asked(NATIVE), None);
    assert_eq!(forgery.trees[0].1, [leaf(NATIVE, FUNDS, owner(1))]);
    accepted(&forgery);
    let forgery = after_deposit(asked(TOKEN), None);
    assert_eq!(forgery.trees[0].1, [leaf(TOKEN, HELD, owner(1))]);
    accepted(&forgery);
    // Of a balance that was never written, and again.
    accepted(&item(asked(TOKEN), None));
    accepted(&items(Lawless::new(), &[(asked(NATIVE), None), (asked(NATIVE), None)]));
    // The amount that the item names counts for nothing.
    accepted(&item(QueueItem { amount: Amount(1 << 100), ..asked(NATIVE) }, None));
}

#[test]
fn honest_refusals_to_force_are_accepted() {
    accepted(&item(QueueItem { l1: owner(2), ..asked(NATIVE) }, Some(NoOp::NotOwner)));
    let nobody = QueueItem { account: AccountId(9), ..asked(NATIVE) };
    accepted(&item(nobody, Some(NoOp::ForcedNoAccount)));
    accepted(&item(QueueItem { account: AccountId(0), ..asked(NATIVE) }, Some(NoOp::ForcedNoAccount)));
}

#[test]
fn another_than_the_owner_asks() {
    let thief = |token| QueueItem { l1: owner(2), ..asked(token) };
    for (forgery, row) in [(item(thief(NATIVE), None), 0), (after_deposit(thief(TOKEN), None), 1)] {
        refused(&forgery, &["transaction: the owner asks"], BROKEN);
        let mut forgery = forgery;
        forgery.edit(row, |r| read_owner(&mut r.accounts[2], owner(2)));
        refused(&forgery, &["bus cell"], UNBALANCED);
    }
}

/// The owner asks, and the leaf is somebody else's.
#[test]
fn another_address_is_paid() {
    let mut forgery = item(asked(NATIVE), None);
    forgery.plant(0, leaf(NATIVE, FUNDS, owner(2)));
    refused(&forgery, &["bus hash24"], UNBALANCED);
    // The row names the address, too, in an item that L1 does not know.
    let mut forgery = item(asked(NATIVE), None);
    let queue = forgery.says.next.queue;
    forgery.edit(0, |r| r.l1 = owner(2).limbs());
    forgery.requeue();
    forgery.plant(0, leaf(NATIVE, FUNDS, owner(2)));
    refused(&forgery, &["transaction: the owner asks"], BROKEN);
    forgery.says.next.queue = queue;
    refused(&forgery, &["bus boundary", "transaction: the owner asks"], BROKEN);
}

#[test]
fn more_than_the_balance_is_paid() {
    for (forge, row, token, held) in
        [(item as fn(QueueItem, Option<NoOp>) -> Forgery, 0, NATIVE, FUNDS), (after_deposit, 1, TOKEN, HELD)]
    {
        let mut forgery = forge(asked(token), None);
        forgery.plant(row, leaf(token, held + 1, owner(1)));
        refused(&forgery, &["bus hash24"], UNBALANCED);
        // The row read more than the cell holds.
        forgery.edit(row, |r| r.balances[0].before[0] += F::ONE);
        let by = match token {
            NATIVE => (&["transaction: native balance before"], BROKEN),
            _ => (&["bus cell"], UNBALANCED),
        };
        refused(&forgery, by.0, by.1);
    }
}

/// What the item's amount says is paid, not what the account holds.
#[test]
fn the_items_amount_is_paid() {
    let mut forgery = item(QueueItem { amount: Amount(FUNDS + 1), ..asked(NATIVE) }, None);
    forgery.plant(0, leaf(NATIVE, FUNDS + 1, owner(1)));
    refused(&forgery, &["bus hash24"], UNBALANCED);
}

/// What was paid out stays, all of it or a part.
#[test]
fn the_balance_stays_in_place() {
    for kept in [FUNDS, 1] {
        let mut l = Lawless::new();
        let mut entry = l.item(asked(NATIVE), None);
        l.alter(&mut entry, 0, |p| set_balance(p, kept));
        l.seal(vec![entry]);
        let mut forgery = l.write();
        refused(&forgery, &["transaction: who is forced keeps nothing"], BROKEN);
        forgery.edit(0, |r| r.balances[0].after = [F::ZERO; 8]);
        refused(&forgery, &["transaction: native balance after"], BROKEN);
    }
    let mut l = Lawless::new();
    let deposit = QueueItem::to_account(account(1), TOKEN, Amount(HELD), owner(1));
    let funded = l.item(deposit, None);
    let mut entry = l.item(asked(TOKEN), None);
    l.undo(&mut entry, 3);
    assert_eq!(entry.accesses[3].map(|access| balance(&access.new)), Some(HELD));
    l.seal(vec![funded, entry]);
    let mut forgery = l.write();
    refused(&forgery, &["transaction: who is forced keeps nothing"], BROKEN);
    forgery.edit(1, |r| r.balances[0].after = [F::ZERO; 8]);
    refused(&forgery, &["bus cell"], UNBALANCED);
}

/// The native balance of who is forced to pay another token.
#[test]
fn another_balance_is_taken() {
    let mut l = Lawless::new();
    let mut entry = l.item(asked(TOKEN), None);
    l.alter(&mut entry, 0, |p| set_balance(p, 0));
    l.seal(vec![entry]);
    refused(&l.write(), &["transaction: native balance stays"], BROKEN);
}

#[test]
fn sequence_epoch_key_account_and_owner_stay() {
    let changes: [fn(&mut Payload); 4] = [
        |p| advance(p, Payload::SEQUENCE),
        |p| p.0[Payload::NEXT_EPOCH] += F::ONE,
        |p| p.0[Payload::KEY] += F::ONE,
        |p| *p = Payload::EMPTY,
    ];
    for change in changes {
        let mut l = Lawless::new();
        let mut entry = l.item(asked(NATIVE), None);
        l.alter(&mut entry, 0, change);
        l.seal(vec![entry]);
        refused(&l.write(), &["transaction: who is forced only pays"], BROKEN);
    }
    let mut l = Lawless::new();
    let mut entry = l.item(asked(NATIVE), None);
    l.alter(&mut entry, 2, |p| p.0[..10].copy_from_slice(&owner(2).limbs()));
    l.seal(vec![entry]);
    refused(&l.write(), &["transaction: no effect on the owner"], BROKEN);
}

/// The system's slot 0 is the counter, which reads as the owner of account 0: whose limbs are the next number.
#[test]
fn the_counter_poses_as_an_owner() {
    let mut bytes = [0; 20];
    bytes[1] = 4;
    for token in [NATIVE, TOKEN] {
        let posing = QueueItem::forced(AccountId(0), token, L1Address(bytes));
        let mut forgery = item(posing, None);
        refused(&forgery, &["transaction: sender exists"], BROKEN);
        forgery.edit(0, |r| {
            r.accounts[0].old[Payload::EXISTS] = F::ONE;
            r.accounts[0].new[Payload::EXISTS] = F::ONE;
        });
        refused(&forgery, &["bus cell"], UNBALANCED);
        accepted(&item(posing, Some(NoOp::ForcedNoAccount)));
        refused(&item(posing, Some(NoOp::NotOwner)), &NOBODY, BROKEN);
    }
}

/// What refuses a claim that an account is another's, where there is no account and the counter is who asks.
const NOBODY: [&str; 2] = ["transaction: another owner than who asks", "transaction: sender exists"];

/// An exit is censored: the owner asked.
#[test]
fn an_owner_is_called_another() {
    for token in [NATIVE, TOKEN] {
        let mut forgery = item(asked(token), Some(NoOp::NotOwner));
        refused(&forgery, &["transaction: another owner than who asks"], BROKEN);
        forgery.edit(0, |r| r.difference = core::array::from_fn(|i| fe(i as u32 + 1)));
        refused(&forgery, &["transaction: another owner than who asks"], BROKEN);
        // The row reads another owner, by one limb, or none.
        forgery.edit(0, |r| {
            r.difference = [F::ZERO; 11];
            r.difference[3] = F::ONE;
            r.accounts[2].old[3] -= F::ONE;
            r.accounts[2].new[3] -= F::ONE;
        });
        refused(&forgery, &["bus cell"], UNBALANCED);
        let mut forgery = item(asked(token), Some(NoOp::NotOwner));
        forgery.edit(0, |r| {
            r.difference = [F::ZERO; 11];
            r.difference[10] = F::ONE;
            (r.accounts[2].old, r.accounts[2].new) = (Payload::EMPTY.0, Payload::EMPTY.0);
        });
        refused(&forgery, &["bus cell"], UNBALANCED);
    }
}

/// An exit is censored: the account exists, and who asks need not even be its owner.
#[test]
fn an_account_is_called_missing() {
    for asks in [asked(NATIVE), QueueItem { l1: owner(2), ..asked(NATIVE) }] {
        let mut forgery = item(asks, Some(NoOp::ForcedNoAccount));
        refused(&forgery, &["transaction: no account to force"], BROKEN);
        forgery.edit(0, |r| (r.accounts[0].old, r.accounts[0].new) = (Payload::EMPTY.0, Payload::EMPTY.0));
        refused(&forgery, &["bus cell"], UNBALANCED);
        // Another account is asked, which does not exist.
        let mut forgery = item(QueueItem { account: AccountId(9), ..asks }, Some(NoOp::ForcedNoAccount));
        forgery.edit(0, |r| r.account = [fe(2), F::ZERO]);
        forgery.requeue();
        refused(&forgery, &["transaction: the item names who is forced"], BROKEN);
    }
}

/// Who does not exist pays: nothing, but a leaf would come of it.
#[test]
fn nobody_is_forced() {
    let nobody = QueueItem { account: AccountId(9), ..asked(NATIVE) };
    let by = ["transaction: sender exists", "transaction: the owner asks"];
    refused(&item(nobody, None), &by, BROKEN);
}
