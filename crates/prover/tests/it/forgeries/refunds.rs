//! Deposits that are refunded, and those that should have been.

use aludel_bench::{FUNDS, Scenario, TOKEN, account, owner};
use aludel_protocol::{
    AccountId, Amount, BatchNumber, CellAddress, Digest, F, L1Address, NoOp, Payload, QueueItem, TokenId,
    Withdrawal, fe,
};
use p3_field::{Field, PrimeCharacteristicRing};

use super::{BROKEN, NATIVE, UNBALANCED, accepted, another_queue, deposit, item, items, refused};
use crate::forgery::Forgery;
use crate::lawless::Lawless;
use crate::payload::gain;
use crate::slice::number_from;

const NOT_ITS_KIND: &str = "transaction: the row is of the item's kind";
const NAMED: &str = "transaction: no effect on the account that is named";
const GAINS: &str = "transaction: recipient gains the amount";

/// A deposit of seventy to nobody.
fn lost(token: TokenId) -> QueueItem {
    QueueItem::to_account(AccountId(9), token, Amount(70), owner(1))
}

/// A deposit for which wallet 1's balance has no room.
fn too_much() -> QueueItem {
    deposit(1, u128::MAX)
}

fn to_key() -> QueueItem {
    let key = Digest(core::array::from_fn(|i| fe(i as u32)));
    QueueItem::to_key(key, owner(1), NATIVE, Amount(70))
}

fn unknown() -> QueueItem {
    QueueItem { kind: 77, ..deposit(1, 70) }
}

/// A chain whose account numbers are used up.
fn full() -> Lawless {
    let mut scenario = Scenario::new(1, 3);
    let openings = scenario.openings();
    scenario.seal(openings);
    number_from(&mut scenario.chain, AccountId(u32::MAX));
    Lawless::after(scenario)
}

/// The leaf of the shard's only withdrawal.
fn leaf(item: &QueueItem, amount: u128, to: L1Address) -> Digest {
    let (number, token) = (BatchNumber(2), item.token);
    Withdrawal { number, index: 0, token, amount: Amount(amount), to }.digest()
}

/// Every refund as it should be.
fn refunds() -> Vec<(Forgery, QueueItem)> {
    let of = [
        (Lawless::new(), lost(NATIVE), NoOp::NoAccount),
        (Lawless::new(), lost(TOKEN), NoOp::NoAccount),
        (Lawless::new(), too_much(), NoOp::Overflow),
        (full(), to_key(), NoOp::NoNumber),
        (full(), QueueItem { token: TOKEN, ..to_key() }, NoOp::NoNumber),
        (Lawless::new(), unknown(), NoOp::UnknownKind),
        (Lawless::new(), QueueItem { kind: 0, token: TOKEN, ..unknown() }, NoOp::UnknownKind),
        (Lawless::new(), QueueItem { kind: u16::MAX, ..unknown() }, NoOp::UnknownKind),
    ];
    of.map(|(l, item, reason)| (items(l, &[(item, Some(reason))]), item)).into()
}

#[test]
fn honest_refunds_are_accepted() {
    for (forgery, item) in refunds() {
        assert_eq!(forgery.trees[0].1, [leaf(&item, item.amount.0, owner(1))]);
        accepted(&forgery);
    }
    // Of another token, whose balance has room for just as much.
    let most = QueueItem { token: TOKEN, ..deposit(1, u128::MAX) };
    let one = QueueItem { amount: Amount(1), ..most };
    accepted(&items(Lawless::new(), &[(most, None), (one, Some(NoOp::Overflow))]));
    accepted(&item(deposit(1, u128::MAX - FUNDS), None));
    accepted(&item(deposit(1, u128::MAX - FUNDS + 1), Some(NoOp::Overflow)));
    accepted(&item(to_key(), None));
}

/// The leaf says more, or somebody else, than the row.
#[test]
fn another_amount_or_address_is_refunded() {
    for (forgery, item) in refunds() {
        for other in [leaf(&item, item.amount.0 ^ 1, owner(1)), leaf(&item, item.amount.0, owner(2))] {
            let mut forgery = forgery.clone();
            forgery.plant(0, other);
            refused(&forgery, &["bus hash24"], UNBALANCED);
        }
    }
}

/// The row says it, too, of an item that L1 does not know.
#[test]
fn another_item_is_refunded() {
    let (honest, item) = refunds().remove(0);
    let mut more = honest.clone();
    more.edit(0, |r| r.amount[0] += F::ONE);
    more.plant(0, leaf(&item, item.amount.0 + 1, owner(1)));
    let mut other = honest.clone();
    other.edit(0, |r| r.l1 = owner(2).limbs());
    other.plant(0, leaf(&item, item.amount.0, owner(2)));
    for mut forgery in [more, other] {
        refused(&forgery, &["bus hash24"], UNBALANCED);
        forgery.requeue();
        another_queue(forgery, honest.says);
    }
}

#[test]
fn a_refund_and_a_credit() {
    for (to, claim) in [(lost(NATIVE), NoOp::NoAccount), (too_much(), NoOp::Overflow)] {
        let mut l = Lawless::new();
        let mut entry = l.item(to, Some(claim));
        l.alter(&mut entry, 1, |p| gain(p, 70));
        l.seal(vec![entry]);
        refused(&l.write(), &[NAMED], BROKEN);
    }
    // The counter of a chain that is full goes on.
    let mut l = full();
    let mut entry = l.item(to_key(), Some(NoOp::NoNumber));
    l.alter(&mut entry, 0, |p| p.0[0] = F::ZERO);
    l.seal(vec![entry]);
    refused(&l.write(), &["transaction: no effect on the account that is asked"], BROKEN);
}

/// The balance of another token grows, in the state alone and by the row.
#[test]
fn a_refund_and_a_credit_of_another_token() {
    let most = QueueItem { token: TOKEN, ..deposit(1, u128::MAX) };
    let mut l = Lawless::new();
    let first = l.item(QueueItem { amount: Amount(7), ..most }, None);
    let mut entry = l.item(most, Some(NoOp::Overflow));
    l.alter(&mut entry, 4, |p| gain(p, 70));
    l.seal(vec![first, entry]);
    refused(&l.write(), &["bus cell"], UNBALANCED);
}

/// It is credited, and leaves all the same.
#[test]
fn a_credit_and_a_refund() {
    let item_of = deposit(1, 70);
    let mut forgery = item(item_of, None);
    forgery.trees = vec![(BatchNumber(2), vec![leaf(&item_of, 70, owner(1))])];
    forgery.replant();
    refused(&forgery, &["bus node", "transaction: a tree has a withdrawal"], BROKEN);
    forgery.edit(1, |r| r.state.withdrawals = F::ONE);
    forgery.replant();
    refused(&forgery, &["bus node", "transaction: withdrawals are counted"], BROKEN);
}

/// Neither is it credited nor does it leave.
#[test]
fn a_deposit_that_is_kept() {
    for (mut forgery, _) in refunds() {
        forgery.trees.clear();
        forgery.replant();
        refused(&forgery, &["bus node", "transaction: no withdrawal is left out"], BROKEN);
    }
}

#[test]
fn an_account_is_called_missing() {
    let mut forgery = item(deposit(1, 70), Some(NoOp::NoAccount));
    refused(&forgery, &["transaction: no account to credit"], BROKEN);
    forgery.edit(0, |r| (r.accounts[1].old, r.accounts[1].new) = (Payload::EMPTY.0, Payload::EMPTY.0));
    refused(&forgery, &["bus cell"], UNBALANCED);
    // Another account is asked.
    let mut forgery = item(lost(NATIVE), Some(NoOp::NoAccount));
    forgery.edit(0, |r| r.account = [fe(2), F::ZERO]);
    forgery.requeue();
    refused(&forgery, &["transaction: the item names who is credited"], BROKEN);
}

/// A deposit to nobody is credited, or called too much for a balance that nobody has.
#[test]
fn a_missing_account_is_credited() {
    let exists = ["transaction: recipient exists", "transaction: recipient only gains"];
    refused(&item(lost(NATIVE), None), &exists, BROKEN);
    refused(&item(lost(TOKEN), None), &exists[..1], BROKEN);
    let all = QueueItem { amount: Amount(u128::MAX), ..lost(NATIVE) };
    refused(&item(all, Some(NoOp::Overflow)), &["bus range16", exists[0]], BROKEN);
}

/// What there is room for is refunded: the operator keeps accounts from being funded.
#[test]
fn room_is_called_overflow() {
    for token in [NATIVE, TOKEN] {
        let mut forgery = item(QueueItem { token, ..deposit(1, 70) }, Some(NoOp::Overflow));
        refused(&forgery, &["bus range16"], UNBALANCED);
        forgery.edit(0, |r| r.balances[1].after[7] += fe(1 << 16));
        refused(&forgery, &[GAINS], BROKEN);
    }
}

#[test]
fn an_overflow_is_credited() {
    let mut forgery = item(too_much(), None);
    refused(&forgery, &[GAINS], BROKEN);
    // The last limb takes the carry that it does not have.
    forgery.edit(0, |r| {
        r.balances[1].after[7] += fe(1 << 16);
        r.accounts[1].new[19] += fe(1 << 16);
    });
    refused(&forgery, &["bus cell", "bus range16"], UNBALANCED);
    let cell = forgery.cells.iter_mut().find(|cell| cell.at == CellAddress::account(account(1)));
    cell.expect("the account is touched").last.0[19] += fe(1 << 16);
    forgery.settle();
    refused(&forgery, &["bus range16"], UNBALANCED);
}

#[test]
fn numbers_are_called_used_up() {
    let counter = "transaction: the counter is at its end";
    for token in [NATIVE, TOKEN] {
        let mut forgery = item(QueueItem { token, ..to_key() }, Some(NoOp::NoNumber));
        refused(&forgery, &[counter], BROKEN);
        forgery.edit(0, |r| {
            (r.accounts[0].old[0], r.accounts[0].old[1]) = (fe(0xffff), fe(0xffff));
            r.accounts[0].new = r.accounts[0].old;
        });
        refused(&forgery, &["bus cell"], UNBALANCED);
    }
}

/// The counter goes on from its end, to a number of 33 bits or to 0.
#[test]
fn a_number_beyond_the_last() {
    let forgery = items(full(), &[(to_key(), None)]);
    refused(&forgery, &["bus range16", "transaction: counter advances"], BROKEN);
}

#[test]
fn a_known_kind_is_called_unknown() {
    let none = "transaction: an unknown kind is none of the known";
    for known in [deposit(1, 70), to_key(), QueueItem::forced(account(1), NATIVE, owner(1))] {
        let mut forgery = item(known, Some(NoOp::UnknownKind));
        refused(&forgery, &[none], BROKEN);
        forgery.edit(0, |r| (r.kind_product, r.inverse) = (F::ONE, F::ONE));
        refused(&forgery, &["transaction: product of differences to known kinds"], BROKEN);
        // The row names another kind than L1.
        forgery.edit(0, |r| {
            r.item_kind = fe(4);
            r.kind_product = fe(6);
            r.inverse = fe(6).inverse();
        });
        refused(&forgery, &["bus hash24"], UNBALANCED);
    }
}

/// A row of another kind than the item's: above all, a refund of what a forced withdrawal names, which nobody paid.
#[test]
fn items_are_taken_for_others() {
    let forced = QueueItem { amount: Amount(500), ..QueueItem::forced(AccountId(9), NATIVE, owner(1)) };
    let to = |kind| QueueItem { kind, ..deposit(1, 70) };
    let claims = [
        (forced, NoOp::NoAccount),
        (to(QueueItem::TO_KEY), NoOp::ForcedNoAccount),
        (to(77), NoOp::NotOwner),
        (QueueItem { account: AccountId(9), ..to(77) }, NoOp::NoAccount),
    ];
    for (of, claim) in claims {
        let (found, _) = super::prove(&item(of, Some(claim)));
        assert!(found.contains(NOT_ITS_KIND), "{found:?}");
    }
    refused(&item(forced, Some(NoOp::NoAccount)), &[NOT_ITS_KIND], BROKEN);
    // An item of no kind that is credited.
    refused(&item_as_deposit(77), &[NOT_ITS_KIND], BROKEN);
    refused(&item_as_deposit(QueueItem::FORCED), &[NOT_ITS_KIND], BROKEN);
}

/// A deposit of which the row, and L1, have another kind.
fn item_as_deposit(kind: u16) -> Forgery {
    let mut forgery = item(deposit(1, 70), None);
    forgery.edit(0, |r| {
        r.item_kind = F::from_u16(kind);
        r.kind_product = (1..4).map(|known| r.item_kind - fe(known)).product();
    });
    forgery.requeue();
    forgery
}
