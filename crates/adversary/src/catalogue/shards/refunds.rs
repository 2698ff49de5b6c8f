//! Deposits that are refunded, and those that should have been.

use aludel_bench::{FUNDS, Scenario, TOKEN, account, owner};
use aludel_protocol::{
    AccountId, Amount, BatchNumber, CellAddress, Digest, F, L1Address, NoOp, Payload, QueueItem, TokenId,
    Withdrawal, fe,
};
use p3_field::{Field, PrimeCharacteristicRing};

use super::{BROKEN, Class, Control, Crime, Ending, NATIVE, Trial, UNBALANCED, deposit, item, items};
use crate::catalogue::trial::prove;
use crate::honest::{number_from, verdict};
use crate::witness::{Forgery, Lawless, gain};

/// What is forged here.
pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "another_amount_or_address_is_refunded",
        class: Class::Inflation,
        tries: "refunds another amount, or to another address",
        ends: &[UNBALANCED],
        commit: another_amount_or_address_is_refunded,
    },
    Crime {
        name: "another_item_is_refunded",
        class: Class::Inflation,
        tries: "refunds an item that L1 does not know",
        ends: &[UNBALANCED, Ending::Statement],
        commit: another_item_is_refunded,
    },
    Crime {
        name: "a_refund_and_a_credit",
        class: Class::Inflation,
        tries: "refunds a deposit and credits it",
        ends: &[BROKEN],
        commit: a_refund_and_a_credit,
    },
    Crime {
        name: "a_refund_and_a_credit_of_another_token",
        class: Class::Inflation,
        tries: "refunds a deposit of a token and credits it",
        ends: &[UNBALANCED],
        commit: a_refund_and_a_credit_of_another_token,
    },
    Crime {
        name: "a_credit_and_a_refund",
        class: Class::Inflation,
        tries: "credits a deposit and has it leave",
        ends: &[BROKEN],
        commit: a_credit_and_a_refund,
    },
    Crime {
        name: "a_deposit_that_is_kept",
        class: Class::Censorship,
        tries: "neither credits a deposit nor refunds it",
        ends: &[BROKEN],
        commit: a_deposit_that_is_kept,
    },
    Crime {
        name: "an_account_is_called_missing",
        class: Class::Censorship,
        tries: "refunds a deposit to an account that exists",
        ends: &[BROKEN, UNBALANCED],
        commit: an_account_is_called_missing,
    },
    Crime {
        name: "a_missing_account_is_credited",
        class: Class::Inflation,
        tries: "credits an account that does not exist",
        ends: &[BROKEN],
        commit: a_missing_account_is_credited,
    },
    Crime {
        name: "room_is_called_overflow",
        class: Class::Censorship,
        tries: "refunds a deposit for which there is room",
        ends: &[BROKEN, UNBALANCED],
        commit: room_is_called_overflow,
    },
    Crime {
        name: "an_overflow_is_credited",
        class: Class::Inflation,
        tries: "credits a deposit for which there is no room",
        ends: &[BROKEN, UNBALANCED],
        commit: an_overflow_is_credited,
    },
    Crime {
        name: "numbers_are_called_used_up",
        class: Class::Censorship,
        tries: "refuses an account while numbers are left",
        ends: &[BROKEN, UNBALANCED],
        commit: numbers_are_called_used_up,
    },
    Crime {
        name: "a_number_beyond_the_last",
        class: Class::StateRoot,
        tries: "goes on from the last account number",
        ends: &[BROKEN],
        commit: a_number_beyond_the_last,
    },
    Crime {
        name: "a_known_kind_is_called_unknown",
        class: Class::Censorship,
        tries: "refunds an item of a known kind as unknown",
        ends: &[BROKEN, UNBALANCED],
        commit: a_known_kind_is_called_unknown,
    },
    Crime {
        name: "items_are_taken_for_others",
        class: Class::Inflation,
        tries: "executes items as of another kind than they are",
        ends: &[BROKEN],
        commit: items_are_taken_for_others,
    },
];

/// The same tools in honest hands.
pub(super) const CONTROLS: &[Control] = &[Control {
    name: "honest_refunds_are_accepted",
    does: "refunds what must be, and credits what can be",
    commit: honest_refunds_are_accepted,
}];

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

fn honest_refunds_are_accepted(t: &mut Trial) {
    for (forgery, item) in refunds() {
        assert_eq!(forgery.trees[0].1, [leaf(&item, item.amount.0, owner(1))]);
        t.accepted(&forgery);
    }
    // Of another token, whose balance has room for just as much.
    let most = QueueItem { token: TOKEN, ..deposit(1, u128::MAX) };
    let one = QueueItem { amount: Amount(1), ..most };
    t.accepted(&items(Lawless::new(), &[(most, None), (one, Some(NoOp::Overflow))]));
    t.accepted(&item(deposit(1, u128::MAX - FUNDS), None));
    t.accepted(&item(deposit(1, u128::MAX - FUNDS + 1), Some(NoOp::Overflow)));
    t.accepted(&item(to_key(), None));
}

/// The leaf says more, or somebody else, than the row.
fn another_amount_or_address_is_refunded(t: &mut Trial) {
    for (forgery, item) in refunds() {
        for other in [leaf(&item, item.amount.0 ^ 1, owner(1)), leaf(&item, item.amount.0, owner(2))] {
            let mut forgery = forgery.clone();
            forgery.plant(0, other);
            t.refused(&forgery, &["bus hash24"], UNBALANCED);
        }
    }
}

/// The row says it, too, of an item that L1 does not know.
fn another_item_is_refunded(t: &mut Trial) {
    let (honest, item) = refunds().remove(0);
    let mut more = honest.clone();
    more.edit(0, |r| r.amount[0] += F::ONE);
    more.plant(0, leaf(&item, item.amount.0 + 1, owner(1)));
    let mut other = honest.clone();
    other.edit(0, |r| r.l1 = owner(2).limbs());
    other.plant(0, leaf(&item, item.amount.0, owner(2)));
    for mut forgery in [more, other] {
        t.refused(&forgery, &["bus hash24"], UNBALANCED);
        forgery.requeue();
        t.another_queue(forgery, honest.says);
    }
}

fn a_refund_and_a_credit(t: &mut Trial) {
    for (to, claim) in [(lost(NATIVE), NoOp::NoAccount), (too_much(), NoOp::Overflow)] {
        let mut l = Lawless::new();
        let mut entry = l.item(to, Some(claim));
        l.alter(&mut entry, 1, |p| gain(p, 70));
        l.seal(vec![entry]);
        t.refused(&l.write(), &[NAMED], BROKEN);
    }
    // The counter of a chain that is full goes on.
    let mut l = full();
    let mut entry = l.item(to_key(), Some(NoOp::NoNumber));
    l.alter(&mut entry, 0, |p| p.0[0] = F::ZERO);
    l.seal(vec![entry]);
    t.refused(&l.write(), &["transaction: no effect on the account that is asked"], BROKEN);
}

/// The balance of another token grows, in the state alone and by the row.
fn a_refund_and_a_credit_of_another_token(t: &mut Trial) {
    let most = QueueItem { token: TOKEN, ..deposit(1, u128::MAX) };
    let mut l = Lawless::new();
    let first = l.item(QueueItem { amount: Amount(7), ..most }, None);
    let mut entry = l.item(most, Some(NoOp::Overflow));
    l.alter(&mut entry, 4, |p| gain(p, 70));
    l.seal(vec![first, entry]);
    t.refused(&l.write(), &["bus cell"], UNBALANCED);
}

/// It is credited, and leaves all the same.
fn a_credit_and_a_refund(t: &mut Trial) {
    let item_of = deposit(1, 70);
    let mut forgery = item(item_of, None);
    forgery.trees = vec![(BatchNumber(2), vec![leaf(&item_of, 70, owner(1))])];
    forgery.replant();
    t.refused(&forgery, &["bus node", "transaction: a tree has a withdrawal"], BROKEN);
    forgery.edit(1, |r| r.state.withdrawals = F::ONE);
    forgery.replant();
    t.refused(&forgery, &["bus node", "transaction: withdrawals are counted"], BROKEN);
}

/// Neither is it credited nor does it leave.
fn a_deposit_that_is_kept(t: &mut Trial) {
    for (mut forgery, _) in refunds() {
        forgery.trees.clear();
        forgery.replant();
        t.refused(&forgery, &["bus node", "transaction: no withdrawal is left out"], BROKEN);
    }
}

fn an_account_is_called_missing(t: &mut Trial) {
    let mut forgery = item(deposit(1, 70), Some(NoOp::NoAccount));
    t.refused(&forgery, &["transaction: no account to credit"], BROKEN);
    forgery.edit(0, |r| (r.accounts[1].old, r.accounts[1].new) = (Payload::EMPTY.0, Payload::EMPTY.0));
    t.refused(&forgery, &["bus cell"], UNBALANCED);
    // Another account is asked.
    let mut forgery = item(lost(NATIVE), Some(NoOp::NoAccount));
    forgery.edit(0, |r| r.account = [fe(2), F::ZERO]);
    forgery.requeue();
    t.refused(&forgery, &["transaction: the item names who is credited"], BROKEN);
}

/// A deposit to nobody is credited, or called too much for a balance that nobody has.
fn a_missing_account_is_credited(t: &mut Trial) {
    let exists = ["transaction: recipient exists", "transaction: recipient only gains"];
    t.refused(&item(lost(NATIVE), None), &exists, BROKEN);
    t.refused(&item(lost(TOKEN), None), &exists[..1], BROKEN);
    let all = QueueItem { amount: Amount(u128::MAX), ..lost(NATIVE) };
    t.refused(&item(all, Some(NoOp::Overflow)), &["bus range16", exists[0]], BROKEN);
}

/// What there is room for is refunded: the operator keeps accounts from being funded.
fn room_is_called_overflow(t: &mut Trial) {
    for token in [NATIVE, TOKEN] {
        let mut forgery = item(QueueItem { token, ..deposit(1, 70) }, Some(NoOp::Overflow));
        t.refused(&forgery, &["bus range16"], UNBALANCED);
        forgery.edit(0, |r| r.balances[1].after[7] += fe(1 << 16));
        t.refused(&forgery, &[GAINS], BROKEN);
    }
}

fn an_overflow_is_credited(t: &mut Trial) {
    let mut forgery = item(too_much(), None);
    t.refused(&forgery, &[GAINS], BROKEN);
    // The last limb takes the carry that it does not have.
    forgery.edit(0, |r| {
        r.balances[1].after[7] += fe(1 << 16);
        r.accounts[1].new[19] += fe(1 << 16);
    });
    t.refused(&forgery, &["bus cell", "bus range16"], UNBALANCED);
    let cell = forgery.cells.iter_mut().find(|cell| cell.at == CellAddress::account(account(1)));
    cell.expect("the account is touched").last.0[19] += fe(1 << 16);
    forgery.settle();
    t.refused(&forgery, &["bus range16"], UNBALANCED);
}

fn numbers_are_called_used_up(t: &mut Trial) {
    let counter = "transaction: the counter is at its end";
    for token in [NATIVE, TOKEN] {
        let mut forgery = item(QueueItem { token, ..to_key() }, Some(NoOp::NoNumber));
        t.refused(&forgery, &[counter], BROKEN);
        forgery.edit(0, |r| {
            (r.accounts[0].old[0], r.accounts[0].old[1]) = (fe(0xffff), fe(0xffff));
            r.accounts[0].new = r.accounts[0].old;
        });
        t.refused(&forgery, &["bus cell"], UNBALANCED);
    }
}

/// The counter goes on from its end, to a number of 33 bits or to 0.
fn a_number_beyond_the_last(t: &mut Trial) {
    let forgery = items(full(), &[(to_key(), None)]);
    t.refused(&forgery, &["bus range16", "transaction: counter advances"], BROKEN);
}

fn a_known_kind_is_called_unknown(t: &mut Trial) {
    let none = "transaction: an unknown kind is none of the known";
    for known in [deposit(1, 70), to_key(), QueueItem::forced(account(1), NATIVE, owner(1))] {
        let mut forgery = item(known, Some(NoOp::UnknownKind));
        t.refused(&forgery, &[none], BROKEN);
        forgery.edit(0, |r| (r.kind_product, r.inverse) = (F::ONE, F::ONE));
        t.refused(&forgery, &["transaction: product of differences to known kinds"], BROKEN);
        // The row names another kind than L1.
        forgery.edit(0, |r| {
            r.item_kind = fe(4);
            r.kind_product = fe(6);
            r.inverse = fe(6).inverse();
        });
        t.refused(&forgery, &["bus hash24"], UNBALANCED);
    }
}

/// A row of another kind than the item's: above all, a refund of what a forced withdrawal names, which nobody paid.
fn items_are_taken_for_others(t: &mut Trial) {
    let forced = QueueItem { amount: Amount(500), ..QueueItem::forced(AccountId(9), NATIVE, owner(1)) };
    let to = |kind| QueueItem { kind, ..deposit(1, 70) };
    let claims = [
        (forced, NoOp::NoAccount),
        (to(QueueItem::TO_KEY), NoOp::ForcedNoAccount),
        (to(77), NoOp::NotOwner),
        (QueueItem { account: AccountId(9), ..to(77) }, NoOp::NoAccount),
    ];
    for (of, claim) in claims {
        let (found, bytes) = prove(&item(of, Some(claim)));
        if !found.contains(NOT_ITS_KIND) {
            t.failures.push(format!("{of:?} as {claim:?}: {found:?}"));
        }
        t.ends(NOT_ITS_KIND, verdict(&bytes), BROKEN);
    }
    t.refused(&item(forced, Some(NoOp::NoAccount)), &[NOT_ITS_KIND], BROKEN);
    // An item of no kind that is credited.
    t.refused(&item_as_deposit(77), &[NOT_ITS_KIND], BROKEN);
    t.refused(&item_as_deposit(QueueItem::FORCED), &[NOT_ITS_KIND], BROKEN);
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
