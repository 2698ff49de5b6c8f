//! Attacks on rotations.

use aludel_protocol::params::XMSS_LIFETIME;
use aludel_protocol::{Action, Amount, Epoch, F, Payload};
use p3_field::PrimeCharacteristicRing;

use super::history::{ROTATE, ROTATE_TOKEN, batch, honest};
use super::judge::{edit, forge, refusals, refused, refused_only};
use super::world::{World, key, l1};
use crate::transaction::columns::TransactionColumns;

/// The last epoch signs a rotation, and nothing else.
#[test]
fn the_last_epoch_rotates() {
    let withdraw = Action::Withdraw { to: l1(9), amount: Amount(1) };
    for (action, refusal) in
        [(Action::Rotate { key: key(50) }, None), (withdraw, Some("epoch is not the last"))]
    {
        let mut w = World::new(5);
        let mut t = w.act(1, 0, 1, action);
        t.epoch = Epoch(XMSS_LIFETIME - 1);
        let entry = w.submit(t);
        assert_eq!(refusals(&w, &batch(&w, vec![entry])), refusal.into_iter().collect());
    }
}

/// Then the new key signs, from epoch 0 on, and the old one does not.
#[test]
fn the_new_key_takes_over() {
    let mut w = World::new(5);
    let mut entries = vec![w.rotate(1, 0, 1, 50)];
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.epoch = Epoch(0);
    entries.push(w.transaction(t));
    let main = batch(&w, entries);
    w.signed.insert((key(1), t.digest(), t.epoch));
    refused_only(&w, &main, &["auth"]);
    w.signed.insert((key(50), t.digest(), t.epoch));
    assert_eq!(refusals(&w, &main), Default::default());
}

#[test]
fn the_old_key_signs_for_the_new_one() {
    let mut w = World::new(5);
    let t = w.act(1, 0, 1, Action::Rotate { key: key(50) });
    let entry = w.transaction(t);
    let main = batch(&w, vec![entry]);
    w.signed.insert((key(50), t.digest(), t.epoch));
    refused_only(&w, &main, &["auth"]);
}

#[test]
fn the_key_is_the_signed_one() {
    for i in 0..8 {
        let mut w = World::new(5);
        let entry = w.rotate(1, 7, 1, 50);
        let mut main = batch(&w, vec![entry]);
        forge(&mut main, 0, |r| r.accounts[0].new[i] += F::ONE);
        refused_only(&w, &main, &["auth"]);
    }
}

#[test]
fn epochs_begin_again() {
    let (w, mut main) = honest();
    edit(&mut main, ROTATE_TOKEN, |r| r.accounts[0].new[Payload::NEXT_EPOCH] = r.epoch + F::ONE);
    refused_only(&w, &main, &["a new key has all its epochs"]);
    let (w, mut main) = honest();
    edit(&mut main, ROTATE, |r| {
        r.accounts[0].new[Payload::NEXT_EPOCH] = r.accounts[0].old[Payload::NEXT_EPOCH]
    });
    refused(&w, &main, "a new key has all its epochs");
}

#[test]
fn sequence_and_existence_go_on() {
    let change = |change: fn(&mut TransactionColumns<F>), name| {
        let mut w = World::new(5);
        let entry = w.rotate(1, 7, 1, 50);
        let mut main = batch(&w, vec![entry]);
        edit(&mut main, 0, change);
        refused_only(&w, &main, &[name]);
    };
    change(|r| r.accounts[0].new[8] += F::ONE, "sequence advances");
    change(|r| r.accounts[0].new[Payload::EXISTS] = F::ZERO, "who rotates goes on to exist");
    change(|r| r.accounts[0].new[Payload::BALANCE] += F::ONE, "native balance stays");
}

/// A rotation that pays an amount to nobody burns it.
#[test]
fn only_the_fee_is_paid() {
    let mut w = World::new(5);
    let entry = w.rotate(1, 7, 1, 50);
    let mut main = batch(&w, vec![entry]);
    edit(&mut main, 0, |r| {
        r.amount[0] = F::ONE;
        r.balances[0].after[0] -= F::ONE;
    });
    refused_only(&w, &main, &["a rotation has no amount"]);
}

/// What was signed as one action is not executed as another, though the public part has the same elements.
#[test]
fn an_action_is_the_signed_one() {
    let actions = [
        Action::Transfer { to: aludel_protocol::AccountId(2), amount: Amount(5) },
        Action::Withdraw { to: l1(2), amount: Amount(5) },
        Action::Rotate {
            key: aludel_protocol::Digest(core::array::from_fn(|i| F::from_bool(i == 0) * F::from_u8(5))),
        },
    ];
    for signed in actions {
        for executed in actions {
            let mut w = World::new(5);
            w.sign(&w.act(1, 0, 1, signed));
            let entry = w.transaction(w.act(1, 0, 1, executed));
            let expected = if signed == executed { vec![] } else { vec!["auth"] };
            refused_only(&w, &batch(&w, vec![entry]), &expected);
        }
    }
}
