//! Transfers.

use aludel_bench::TOKEN;
use aludel_protocol::{BatchNumber, F, Transaction, fe};
use p3_field::PrimeCharacteristicRing;

use super::{BROKEN, UNBALANCED, accepted, five, honest, one, pay, refused};
use crate::forgery::Forgery;
use crate::lawless::Lawless;
use crate::payload::gain;

#[test]
fn without_a_crime_nothing_is_refused() {
    accepted(&honest(five()));
}

/// Wallet 0 signs away what is wallet 1's.
#[test]
fn theft() {
    refused(&one(five(), |l, t| l.sign(0, t)), &["bus auth"], UNBALANCED);
}

#[test]
fn a_transfer_without_a_signature() {
    refused(&one(five(), |_, t| t), &["bus auth"], UNBALANCED);
}

/// The signature is good, and of a transfer of five.
#[test]
fn a_signature_for_another_message() {
    let forgery = one(five(), |l, t| {
        let signed = l.sign(1, t);
        Transaction { action: pay(2, 500), ..signed }
    });
    refused(&forgery, &["bus auth"], UNBALANCED);
}

/// The recipient is credited more than the sender pays; memory and state root follow.
#[test]
fn inflation() {
    let mut l = Lawless::new();
    let transfer = l.draft(1, five());
    let transfer = l.sign(1, transfer);
    let mut entry = l.transact(transfer);
    l.alter(&mut entry, 1, |p| gain(p, 1 << 90));
    l.seal(vec![entry]);
    refused(&l.write(), &["transaction: recipient gains the amount"], BROKEN);
}

/// The state after it holds more than the last access wrote.
#[test]
fn inflation_in_the_state_alone() {
    let mut forgery = honest(five());
    let cell = forgery.cells.last_mut().expect("the shard touches cells");
    cell.last.0[19] += F::ONE;
    forgery.settle();
    refused(&forgery, &["bus cell"], UNBALANCED);
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

#[test]
fn replay() {
    let by = ["bus auth", "bus range16", "transaction: epoch is not used yet"];
    refused(&replayed(), &by, BROKEN);
    // With the distance to a used epoch as the field has it: -1.
    let mut forgery = replayed();
    forgery.edit(2, |r| r.epoch_gap = [F::NEG_ONE, F::ZERO]);
    refused(&forgery, &["bus auth", "bus range16"], UNBALANCED);
}

/// The account is read as it was before the first transfer, sequence, epoch and balance.
#[test]
fn replay_over_a_dropped_write() {
    let mut forgery = replayed();
    let first = forgery.row(0);
    forgery.edit(2, |r| {
        (r.accounts[0], r.balances[0], r.increment) = (first.accounts[0], first.balances[0], first.increment);
        (r.increment_carry, r.epoch_gap) = (first.increment_carry, first.epoch_gap);
        r.digest = first.digest;
    });
    refused(&forgery, &["bus cell"], UNBALANCED);
}

#[test]
fn overdraft() {
    let forgery = one(five(), |l, t| l.sign(1, Transaction { token: TOKEN, ..t }));
    refused(&forgery, &["transaction: sender pays amount and fee"], BROKEN);
    // The last limb takes the loss instead of a borrow that it does not have.
    let mut forgery = one(five(), |l, t| l.sign(1, Transaction { token: TOKEN, ..t }));
    forgery.edit(0, |r| r.balances[0].after[7] -= fe(1 << 16));
    refused(&forgery, &["bus cell", "bus range16"], UNBALANCED);
}

/// What the sender paid comes back, or never reaches the recipient.
#[test]
fn a_dropped_write() {
    for i in 0..3 {
        for time in [honest(five()).cells[i].time, 0] {
            let mut forgery = honest(five());
            let initial = forgery.cells[i].initial;
            (forgery.cells[i].last, forgery.cells[i].time) = (initial, time);
            forgery.settle();
            refused(&forgery, &["bus cell"], UNBALANCED);
        }
    }
}

/// Its last batch is the one before.
#[test]
fn a_transfer_past_its_batch() {
    let forgery = one(five(), |l, t| l.sign(1, Transaction { expiry: BatchNumber(1), ..t }));
    refused(&forgery, &["bus range16"], UNBALANCED);
}
