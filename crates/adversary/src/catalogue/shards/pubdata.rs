//! What headers say of the published entries.

use aludel_bench::account;
use aludel_circuits::transaction::columns::TransactionColumns;
use aludel_protocol::field::Limbs;
use aludel_protocol::hash::DIGEST;
use aludel_protocol::records::{publish, publish_item};
use aludel_protocol::{Digest, Epoch, F, Transaction};
use p3_field::PrimeCharacteristicRing;

use super::{BROKEN, Class, Control, Crime, Trial, UNBALANCED, deposit, five, honest, one, pay, withdraw};
use crate::witness::{Forgery, Lawless};

/// What is forged here.
pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "an_entry_that_is_not_published",
        class: Class::PublishedData,
        tries: "withholds an entry",
        ends: &[UNBALANCED],
        commit: an_entry_that_is_not_published,
    },
    Crime {
        name: "entries_published_in_another_order",
        class: Class::PublishedData,
        tries: "publishes entries in another order",
        ends: &[UNBALANCED],
        commit: entries_published_in_another_order,
    },
    Crime {
        name: "a_header_of_other_entries",
        class: Class::PublishedData,
        tries: "commits to other entries than the rows published",
        ends: &[BROKEN],
        commit: a_header_of_other_entries,
    },
    Crime {
        name: "another_recipient_is_published",
        class: Class::PublishedData,
        tries: "credits one account and publishes another",
        ends: &[UNBALANCED],
        commit: another_recipient_is_published,
    },
    Crime {
        name: "another_epoch_is_published",
        class: Class::PublishedData,
        tries: "publishes another epoch than was signed",
        ends: &[UNBALANCED],
        commit: another_epoch_is_published,
    },
    Crime {
        name: "an_item_is_published_as_a_transaction",
        class: Class::PublishedData,
        tries: "publishes an item of the queue as a transaction",
        ends: &[UNBALANCED],
        commit: an_item_is_published_as_a_transaction,
    },
];

/// The same tools in honest hands.
pub(super) const CONTROLS: &[Control] = &[Control {
    name: "what_was_done_is_published",
    does: "publishes again what was done",
    commit: what_was_done_is_published,
}];

/// One batch: a transfer, an item, another transfer, a withdrawal.
fn batch() -> Forgery {
    let mut l = Lawless::new();
    let transact = |l: &mut Lawless, wallet, action| {
        let draft = l.draft(wallet, action);
        let signed = l.sign(wallet, draft);
        l.transact(signed)
    };
    let entries = vec![
        transact(&mut l, 1, five()),
        l.item(deposit(1, 70), None),
        transact(&mut l, 2, pay(0, 6)),
        transact(&mut l, 1, withdraw(1, 7)),
    ];
    l.seal(entries);
    l.write()
}

/// As the rows should.
fn as_is(r: &TransactionColumns<F>, pubdata: Digest) -> Digest {
    match r.transfer + r.withdraw + r.rotate == F::ONE {
        true => publish(pubdata, Digest(r.inner), &recipient(r)),
        false => publish_item(pubdata),
    }
}

/// What is published beside the public digest; zero where the row credits nobody.
fn recipient(r: &TransactionColumns<F>) -> [F; DIGEST] {
    core::array::from_fn(|i| r.to.get(i).copied().unwrap_or(F::ZERO))
}

fn what_was_done_is_published(t: &mut Trial) {
    let mut forgery = batch();
    let says = forgery.says;
    forgery.republish(|_, r, pubdata| as_is(r, pubdata));
    assert_eq!(forgery.says, says);
    t.accepted(&forgery);
}

fn an_entry_that_is_not_published(t: &mut Trial) {
    for omitted in 0..4 {
        let mut forgery = batch();
        forgery.republish(|row, r, pubdata| if row == omitted { pubdata } else { as_is(r, pubdata) });
        t.refused(&forgery, &["bus hash24"], UNBALANCED);
    }
}

fn entries_published_in_another_order(t: &mut Trial) {
    for pair in [[0, 1], [0, 2], [2, 3]] {
        let honest = batch();
        let other = |row: usize| match pair.iter().position(|i| *i == row) {
            Some(i) => honest.row(pair[1 - i]),
            None => honest.row(row),
        };
        let mut forgery = honest.clone();
        forgery.republish(|row, _, pubdata| as_is(&other(row), pubdata));
        t.refused(&forgery, &["bus hash24"], UNBALANCED);
    }
}

/// The rows publish what they should, and the header has something else.
fn a_header_of_other_entries(t: &mut Trial) {
    let mut forgery = batch();
    forgery.edit(4, |r| r.state.pubdata[0] += F::ONE);
    forgery.reseal();
    t.refused(&forgery, &["transaction: pubdata is carried"], BROKEN);
    // Without the last entry.
    let mut forgery = batch();
    let before = forgery.row(3).state.pubdata;
    forgery.edit(4, |r| r.state.pubdata = before);
    forgery.reseal();
    t.refused(&forgery, &["transaction: pubdata is carried"], BROKEN);
}

/// Readers credit wallet 0, the state wallet 2.
fn another_recipient_is_published(t: &mut Trial) {
    let mut forgery = honest(five());
    forgery.republish(|_, r, pubdata| {
        let mut rest = [F::ZERO; DIGEST];
        rest[..2].copy_from_slice(&account(0).0.limbs());
        publish(pubdata, Digest(r.inner), &rest)
    });
    t.refused(&forgery, &["bus hash24"], UNBALANCED);
    // The state, too, credits whom nobody signed for.
    let elsewhere = |t| Transaction { action: pay(0, 5), ..t };
    t.refused(&one(five(), |l, t| elsewhere(l.sign(1, t))), &["bus auth"], UNBALANCED);
}

/// Readers use up another epoch than the state.
fn another_epoch_is_published(t: &mut Trial) {
    let other = |t| Transaction { epoch: Epoch(1), ..t };
    let mut public = Digest::ZERO;
    let mut forgery = one(five(), |l, t| {
        let signed = l.sign(1, t);
        public = other(signed).digests().public;
        signed
    });
    forgery.republish(|_, r, pubdata| publish(pubdata, public, &recipient(r)));
    t.refused(&forgery, &["bus hash24"], UNBALANCED);
    // And as the row's public digest, which the message goes on from.
    forgery.edit(0, |r| r.inner = public.0);
    forgery.republish(|_, r, pubdata| as_is(r, pubdata));
    t.refused(&forgery, &["bus hash24"], UNBALANCED);
    // The row has it, and the signature does not.
    t.refused(&one(five(), |l, t| other(l.sign(1, t))), &["bus auth"], UNBALANCED);
}

/// An item that is published as a transaction of some public digest: what absorbs differs, and so does the kind.
fn an_item_is_published_as_a_transaction(t: &mut Trial) {
    let mut forgery = batch();
    let public = Digest(forgery.row(0).inner);
    forgery.republish(|row, r, pubdata| match row {
        1 => publish(pubdata, public, &[F::ZERO; DIGEST]),
        _ => as_is(r, pubdata),
    });
    t.refused(&forgery, &["bus hash24"], UNBALANCED);
}
