//! Transfers.

use aludel_bench::TOKEN;
use aludel_protocol::{BatchNumber, F, Transaction, fe};
use p3_field::PrimeCharacteristicRing;

use super::{BROKEN, Class, Control, Crime, Trial, UNBALANCED, five, honest, one, pay};
use crate::witness::{Forgery, Lawless, gain};

/// What is forged here.
pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "theft",
        class: Class::Theft,
        tries: "signs away what is another wallet's",
        ends: &[UNBALANCED],
        commit: theft,
    },
    Crime {
        name: "a_transfer_without_a_signature",
        class: Class::Theft,
        tries: "pays without a signature",
        ends: &[UNBALANCED],
        commit: a_transfer_without_a_signature,
    },
    Crime {
        name: "a_signature_for_another_message",
        class: Class::Theft,
        tries: "pays more than was signed",
        ends: &[UNBALANCED],
        commit: a_signature_for_another_message,
    },
    Crime {
        name: "inflation",
        class: Class::Inflation,
        tries: "credits the recipient more than the sender pays",
        ends: &[BROKEN],
        commit: inflation,
    },
    Crime {
        name: "inflation_in_the_state_alone",
        class: Class::Inflation,
        tries: "leaves more in the state than the last access wrote",
        ends: &[UNBALANCED],
        commit: inflation_in_the_state_alone,
    },
    Crime {
        name: "replay",
        class: Class::Replay,
        tries: "executes one transfer in two batches",
        ends: &[BROKEN, UNBALANCED],
        commit: replay,
    },
    Crime {
        name: "replay_over_a_dropped_write",
        class: Class::Replay,
        tries: "replays over an account read as it was before",
        ends: &[UNBALANCED],
        commit: replay_over_a_dropped_write,
    },
    Crime {
        name: "overdraft",
        class: Class::Inflation,
        tries: "pays more than the balance",
        ends: &[BROKEN, UNBALANCED],
        commit: overdraft,
    },
    Crime {
        name: "another_fee",
        class: Class::WrongFee,
        tries: "credits the operator another fee than the sender pays and signed",
        ends: &[BROKEN, UNBALANCED],
        commit: another_fee,
    },
    Crime {
        name: "a_dropped_write",
        class: Class::DroppedWrite,
        tries: "leaves cells in the state as they were before they were written",
        ends: &[UNBALANCED],
        commit: a_dropped_write,
    },
    Crime {
        name: "a_transfer_past_its_batch",
        class: Class::Replay,
        tries: "executes a transfer after it expired",
        ends: &[UNBALANCED],
        commit: a_transfer_past_its_batch,
    },
];

/// The same tools in honest hands.
pub(super) const CONTROLS: &[Control] = &[Control {
    name: "without_a_crime_nothing_is_refused",
    does: "pays",
    commit: without_a_crime_nothing_is_refused,
}];

fn without_a_crime_nothing_is_refused(t: &mut Trial) {
    t.accepted(&honest(five()));
}

/// Wallet 0 signs away what is wallet 1's.
fn theft(t: &mut Trial) {
    t.refused(&one(five(), |l, t| l.sign(0, t)), &["bus auth"], UNBALANCED);
}

fn a_transfer_without_a_signature(t: &mut Trial) {
    t.refused(&one(five(), |_, t| t), &["bus auth"], UNBALANCED);
}

/// The signature is good, and of a transfer of five.
fn a_signature_for_another_message(t: &mut Trial) {
    let forgery = one(five(), |l, t| {
        let signed = l.sign(1, t);
        Transaction { action: pay(2, 500), ..signed }
    });
    t.refused(&forgery, &["bus auth"], UNBALANCED);
}

/// The recipient is credited more than the sender pays; memory and state root follow.
fn inflation(t: &mut Trial) {
    let mut l = Lawless::new();
    let transfer = l.draft(1, five());
    let transfer = l.sign(1, transfer);
    let mut entry = l.transact(transfer);
    l.alter(&mut entry, 1, |p| gain(p, 1 << 90));
    l.seal(vec![entry]);
    t.refused(&l.write(), &["transaction: recipient gains the amount"], BROKEN);
}

/// The state after it holds more than the last access wrote.
fn inflation_in_the_state_alone(t: &mut Trial) {
    let mut forgery = honest(five());
    let cell = forgery.cells.last_mut().expect("the shard touches cells");
    cell.last.0[19] += F::ONE;
    forgery.settle();
    t.refused(&forgery, &["bus cell"], UNBALANCED);
}

/// One transfer in two batches, its signature verified twice.
fn replayed() -> Forgery {
    let mut l = Lawless::new();
    let transfer = l.draft(1, five());
    let transfer = l.sign(1, transfer);
    l.signed.extend_from_within(..);
    for _ in 0..2 {
        let entry = l.transact(transfer);
        l.seal(vec![entry]);
    }
    l.write()
}

fn replay(t: &mut Trial) {
    let by = ["bus auth", "bus range16", "transaction: epoch is not used yet"];
    t.refused(&replayed(), &by, BROKEN);
    // With the distance to a used epoch as the field has it: -1.
    let mut forgery = replayed();
    forgery.edit(2, |r| r.epoch_gap = [F::NEG_ONE, F::ZERO]);
    t.refused(&forgery, &["bus auth", "bus range16"], UNBALANCED);
}

/// The account is read as it was before the first transfer, sequence, epoch and balance.
fn replay_over_a_dropped_write(t: &mut Trial) {
    let mut forgery = replayed();
    let first = forgery.row(0);
    forgery.edit(2, |r| {
        (r.accounts[0], r.balances[0], r.increment) = (first.accounts[0], first.balances[0], first.increment);
        (r.increment_carry, r.epoch_gap) = (first.increment_carry, first.epoch_gap);
        r.digest = first.digest;
    });
    t.refused(&forgery, &["bus cell"], UNBALANCED);
}

fn overdraft(t: &mut Trial) {
    let forgery = one(five(), |l, t| l.sign(1, Transaction { token: TOKEN, ..t }));
    t.refused(&forgery, &["transaction: sender pays amount and fee"], BROKEN);
    // The last limb takes the loss instead of a borrow that it does not have.
    let mut forgery = one(five(), |l, t| l.sign(1, Transaction { token: TOKEN, ..t }));
    forgery.edit(0, |r| r.balances[0].after[7] -= fe(1 << 16));
    t.refused(&forgery, &["bus cell", "bus range16"], UNBALANCED);
}

/// More or less than was signed, by the operator's cell alone and with a sender who pays as much.
fn another_fee(t: &mut Trial) {
    for gained in [1, 1u128.wrapping_neg()] {
        let mut l = Lawless::new();
        let transfer = l.draft(1, five());
        let transfer = l.sign(1, transfer);
        let mut entry = l.transact(transfer);
        l.alter(&mut entry, 2, |p| gain(p, gained));
        l.seal(vec![entry]);
        t.refused(&l.write(), &["transaction: operator gains the fee"], BROKEN);
    }
    let fee = |fee| move |t| Transaction { fee, ..t };
    for other in [0, 2] {
        t.refused(&one(five(), |l, t| fee(other)(l.sign(1, t))), &["bus auth"], UNBALANCED);
    }
}

/// What the sender paid comes back, or never reaches the recipient.
fn a_dropped_write(t: &mut Trial) {
    for i in 0..3 {
        for time in [honest(five()).cells[i].time, 0] {
            let mut forgery = honest(five());
            let initial = forgery.cells[i].initial;
            (forgery.cells[i].last, forgery.cells[i].time) = (initial, time);
            forgery.settle();
            t.refused(&forgery, &["bus cell"], UNBALANCED);
        }
    }
}

/// Its last batch is the one before.
fn a_transfer_past_its_batch(t: &mut Trial) {
    let forgery = one(five(), |l, t| l.sign(1, Transaction { expiry: BatchNumber(1), ..t }));
    t.refused(&forgery, &["bus range16"], UNBALANCED);
}
