//! Forced withdrawals: who may ask, what is paid to whom, and that nobody who may ask is turned away.

use aludel_bench::{FUNDS, TOKEN, account, owner};
use aludel_circuits::transaction::columns::CellAccess;
use aludel_protocol::{
    AccountId, Amount, BatchNumber, Digest, F, L1Address, NoOp, Payload, QueueItem, TokenId, Withdrawal, fe,
};
use p3_field::PrimeCharacteristicRing;

use super::{BROKEN, Class, Control, Crime, NATIVE, Trial, UNBALANCED, item, items};
use crate::witness::{Forgery, Lawless, advance, balance, set_balance};

/// What is forged here.
pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "another_than_the_owner_asks",
        class: Class::Theft,
        tries: "forces the withdrawal of an account that is another's",
        ends: &[BROKEN, UNBALANCED],
        commit: another_than_the_owner_asks,
    },
    Crime {
        name: "another_address_is_paid",
        class: Class::Theft,
        tries: "pays what an owner forced to another address",
        ends: &[BROKEN, UNBALANCED],
        commit: another_address_is_paid,
    },
    Crime {
        name: "more_than_the_balance_is_paid",
        class: Class::Inflation,
        tries: "pays a forced withdrawal more than the balance",
        ends: &[BROKEN, UNBALANCED],
        commit: more_than_the_balance_is_paid,
    },
    Crime {
        name: "the_items_amount_is_paid",
        class: Class::Inflation,
        tries: "pays what a forced withdrawal names, not what the account holds",
        ends: &[UNBALANCED],
        commit: the_items_amount_is_paid,
    },
    Crime {
        name: "the_balance_stays_in_place",
        class: Class::Inflation,
        tries: "pays a forced withdrawal and leaves the balance",
        ends: &[BROKEN, UNBALANCED],
        commit: the_balance_stays_in_place,
    },
    Crime {
        name: "another_balance_is_taken",
        class: Class::Theft,
        tries: "takes the native balance for a forced withdrawal of a token",
        ends: &[BROKEN],
        commit: another_balance_is_taken,
    },
    Crime {
        name: "sequence_epoch_key_account_and_owner_stay",
        class: Class::Theft,
        tries: "changes an account or its owner beside a forced withdrawal",
        ends: &[BROKEN],
        commit: sequence_epoch_key_account_and_owner_stay,
    },
    Crime {
        name: "the_counter_poses_as_an_owner",
        class: Class::Theft,
        tries: "takes the counter of account numbers for an owner",
        ends: &[BROKEN, UNBALANCED],
        commit: the_counter_poses_as_an_owner,
    },
    Crime {
        name: "an_owner_is_called_another",
        class: Class::Censorship,
        tries: "turns an owner away as another",
        ends: &[BROKEN, UNBALANCED],
        commit: an_owner_is_called_another,
    },
    Crime {
        name: "an_account_is_called_missing",
        class: Class::Censorship,
        tries: "turns a forced withdrawal away from an account that exists",
        ends: &[BROKEN, UNBALANCED],
        commit: an_account_is_called_missing,
    },
    Crime {
        name: "nobody_is_forced",
        class: Class::Inflation,
        tries: "forces an account that does not exist to pay",
        ends: &[BROKEN],
        commit: nobody_is_forced,
    },
];

/// The same tools in honest hands.
pub(super) const CONTROLS: &[Control] = &[
    Control {
        name: "honest_forced_withdrawals_are_accepted",
        does: "forces withdrawals as owners may",
        commit: honest_forced_withdrawals_are_accepted,
    },
    Control {
        name: "honest_refusals_to_force_are_accepted",
        does: "turns away who is no owner, or names no account",
        commit: honest_refusals_to_force_are_accepted,
    },
];

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

fn honest_forced_withdrawals_are_accepted(t: &mut Trial) {
    let forgery = item(asked(NATIVE), None);
    assert_eq!(forgery.trees[0].1, [leaf(NATIVE, FUNDS, owner(1))]);
    t.accepted(&forgery);
    let forgery = after_deposit(asked(TOKEN), None);
    assert_eq!(forgery.trees[0].1, [leaf(TOKEN, HELD, owner(1))]);
    t.accepted(&forgery);
    // Of a balance that was never written, and again.
    t.accepted(&item(asked(TOKEN), None));
    t.accepted(&items(Lawless::new(), &[(asked(NATIVE), None), (asked(NATIVE), None)]));
    // The amount that the item names counts for nothing.
    t.accepted(&item(QueueItem { amount: Amount(1 << 100), ..asked(NATIVE) }, None));
}

fn honest_refusals_to_force_are_accepted(t: &mut Trial) {
    t.accepted(&item(QueueItem { l1: owner(2), ..asked(NATIVE) }, Some(NoOp::NotOwner)));
    let nobody = QueueItem { account: AccountId(9), ..asked(NATIVE) };
    t.accepted(&item(nobody, Some(NoOp::ForcedNoAccount)));
    t.accepted(&item(QueueItem { account: AccountId(0), ..asked(NATIVE) }, Some(NoOp::ForcedNoAccount)));
}

fn another_than_the_owner_asks(t: &mut Trial) {
    let thief = |token| QueueItem { l1: owner(2), ..asked(token) };
    for (forgery, row) in [(item(thief(NATIVE), None), 0), (after_deposit(thief(TOKEN), None), 1)] {
        t.refused(&forgery, &["transaction: the owner asks"], BROKEN);
        let mut forgery = forgery;
        forgery.edit(row, |r| read_owner(&mut r.accounts[2], owner(2)));
        t.refused(&forgery, &["bus cell"], UNBALANCED);
    }
}

/// The owner asks, and the leaf is somebody else's.
fn another_address_is_paid(t: &mut Trial) {
    let mut forgery = item(asked(NATIVE), None);
    forgery.plant(0, leaf(NATIVE, FUNDS, owner(2)));
    t.refused(&forgery, &["bus hash24"], UNBALANCED);
    // The row names the address, too, in an item that L1 does not know.
    let mut forgery = item(asked(NATIVE), None);
    let queue = forgery.says.next.queue;
    forgery.edit(0, |r| r.l1 = owner(2).limbs());
    forgery.requeue();
    forgery.plant(0, leaf(NATIVE, FUNDS, owner(2)));
    t.refused(&forgery, &["transaction: the owner asks"], BROKEN);
    forgery.says.next.queue = queue;
    t.refused(&forgery, &["bus boundary", "transaction: the owner asks"], BROKEN);
}

fn more_than_the_balance_is_paid(t: &mut Trial) {
    for (forge, row, token, held) in
        [(item as fn(QueueItem, Option<NoOp>) -> Forgery, 0, NATIVE, FUNDS), (after_deposit, 1, TOKEN, HELD)]
    {
        let mut forgery = forge(asked(token), None);
        forgery.plant(row, leaf(token, held + 1, owner(1)));
        t.refused(&forgery, &["bus hash24"], UNBALANCED);
        // The row read more than the cell holds.
        forgery.edit(row, |r| r.balances[0].before[0] += F::ONE);
        let by = match token {
            NATIVE => (&["transaction: native balance before"], BROKEN),
            _ => (&["bus cell"], UNBALANCED),
        };
        t.refused(&forgery, by.0, by.1);
    }
}

/// What the item's amount says is paid, not what the account holds.
fn the_items_amount_is_paid(t: &mut Trial) {
    let mut forgery = item(QueueItem { amount: Amount(FUNDS + 1), ..asked(NATIVE) }, None);
    forgery.plant(0, leaf(NATIVE, FUNDS + 1, owner(1)));
    t.refused(&forgery, &["bus hash24"], UNBALANCED);
}

/// What was paid out stays, all of it or a part.
fn the_balance_stays_in_place(t: &mut Trial) {
    for kept in [FUNDS, 1] {
        let mut l = Lawless::new();
        let mut entry = l.item(asked(NATIVE), None);
        l.alter(&mut entry, 0, |p| set_balance(p, kept));
        l.seal(vec![entry]);
        let mut forgery = l.write();
        t.refused(&forgery, &["transaction: who is forced keeps nothing"], BROKEN);
        forgery.edit(0, |r| r.balances[0].after = [F::ZERO; 8]);
        t.refused(&forgery, &["transaction: native balance after"], BROKEN);
    }
    let mut l = Lawless::new();
    let deposit = QueueItem::to_account(account(1), TOKEN, Amount(HELD), owner(1));
    let funded = l.item(deposit, None);
    let mut entry = l.item(asked(TOKEN), None);
    l.undo(&mut entry, 3);
    assert_eq!(entry.accesses[3].map(|access| balance(&access.new)), Some(HELD));
    l.seal(vec![funded, entry]);
    let mut forgery = l.write();
    t.refused(&forgery, &["transaction: who is forced keeps nothing"], BROKEN);
    forgery.edit(1, |r| r.balances[0].after = [F::ZERO; 8]);
    t.refused(&forgery, &["bus cell"], UNBALANCED);
}

/// The native balance of who is forced to pay another token.
fn another_balance_is_taken(t: &mut Trial) {
    let mut l = Lawless::new();
    let mut entry = l.item(asked(TOKEN), None);
    l.alter(&mut entry, 0, |p| set_balance(p, 0));
    l.seal(vec![entry]);
    t.refused(&l.write(), &["transaction: native balance stays"], BROKEN);
}

fn sequence_epoch_key_account_and_owner_stay(t: &mut Trial) {
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
        t.refused(&l.write(), &["transaction: who is forced only pays"], BROKEN);
    }
    let mut l = Lawless::new();
    let mut entry = l.item(asked(NATIVE), None);
    l.alter(&mut entry, 2, |p| p.0[..10].copy_from_slice(&owner(2).limbs()));
    l.seal(vec![entry]);
    t.refused(&l.write(), &["transaction: no effect on the owner"], BROKEN);
}

/// The system's slot 0 is the counter, which reads as the owner of account 0: whose limbs are the next number.
fn the_counter_poses_as_an_owner(t: &mut Trial) {
    let mut bytes = [0; 20];
    bytes[1] = 4;
    for token in [NATIVE, TOKEN] {
        let posing = QueueItem::forced(AccountId(0), token, L1Address(bytes));
        let mut forgery = item(posing, None);
        t.refused(&forgery, &["transaction: sender exists"], BROKEN);
        forgery.edit(0, |r| {
            r.accounts[0].old[Payload::EXISTS] = F::ONE;
            r.accounts[0].new[Payload::EXISTS] = F::ONE;
        });
        t.refused(&forgery, &["bus cell"], UNBALANCED);
        t.accepted(&item(posing, Some(NoOp::ForcedNoAccount)));
        t.refused(&item(posing, Some(NoOp::NotOwner)), &NOBODY, BROKEN);
    }
}

/// What refuses a claim that an account is another's, where there is no account and the counter is who asks.
const NOBODY: [&str; 2] = ["transaction: another owner than who asks", "transaction: sender exists"];

/// An exit is censored: the owner asked.
fn an_owner_is_called_another(t: &mut Trial) {
    for token in [NATIVE, TOKEN] {
        let mut forgery = item(asked(token), Some(NoOp::NotOwner));
        t.refused(&forgery, &["transaction: another owner than who asks"], BROKEN);
        forgery.edit(0, |r| r.difference = core::array::from_fn(|i| fe(i as u32 + 1)));
        t.refused(&forgery, &["transaction: another owner than who asks"], BROKEN);
        // The row reads another owner, by one limb, or none.
        forgery.edit(0, |r| {
            r.difference = [F::ZERO; 11];
            r.difference[3] = F::ONE;
            r.accounts[2].old[3] -= F::ONE;
            r.accounts[2].new[3] -= F::ONE;
        });
        t.refused(&forgery, &["bus cell"], UNBALANCED);
        let mut forgery = item(asked(token), Some(NoOp::NotOwner));
        forgery.edit(0, |r| {
            r.difference = [F::ZERO; 11];
            r.difference[10] = F::ONE;
            (r.accounts[2].old, r.accounts[2].new) = (Payload::EMPTY.0, Payload::EMPTY.0);
        });
        t.refused(&forgery, &["bus cell"], UNBALANCED);
    }
}

/// An exit is censored: the account exists, and who asks need not even be its owner.
fn an_account_is_called_missing(t: &mut Trial) {
    for asks in [asked(NATIVE), QueueItem { l1: owner(2), ..asked(NATIVE) }] {
        let mut forgery = item(asks, Some(NoOp::ForcedNoAccount));
        t.refused(&forgery, &["transaction: no account to force"], BROKEN);
        forgery.edit(0, |r| (r.accounts[0].old, r.accounts[0].new) = (Payload::EMPTY.0, Payload::EMPTY.0));
        t.refused(&forgery, &["bus cell"], UNBALANCED);
        // Another account is asked, which does not exist.
        let mut forgery = item(QueueItem { account: AccountId(9), ..asks }, Some(NoOp::ForcedNoAccount));
        forgery.edit(0, |r| r.account = [fe(2), F::ZERO]);
        forgery.requeue();
        t.refused(&forgery, &["transaction: the item names who is forced"], BROKEN);
    }
}

/// Who does not exist pays: nothing, but a leaf would come of it.
fn nobody_is_forced(t: &mut Trial) {
    let nobody = QueueItem { account: AccountId(9), ..asked(NATIVE) };
    let by = ["transaction: sender exists", "transaction: the owner asks"];
    t.refused(&item(nobody, None), &by, BROKEN);
}
