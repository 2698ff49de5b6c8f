//! Rotations: who may rotate, to what, and what the old key and the last epoch are still good for.

use aludel_bench::TOKEN;
use aludel_ledger::xmss::SecretKey;
use aludel_protocol::params::XMSS_LIFETIME;
use aludel_protocol::{Action, Epoch, KeyDigest, Payload, Transaction, fe};

use super::{BROKEN, UNBALANCED, accepted, five, honest, one, refused, withdraw};
use crate::forgery::Forgery;
use crate::lawless::{Lawless, fresh_key};

const LAST: Epoch = Epoch(XMSS_LIFETIME - 1);

const fn rotate(key: KeyDigest) -> Action {
    Action::Rotate { key }
}

/// A key of nobody yet.
fn fresh() -> SecretKey {
    fresh_key(Epoch(0))
}

#[test]
fn honest_rotations_are_accepted() {
    accepted(&honest(rotate(fresh().key_digest())));
    // The fee is paid in another token.
    let token = |t| Transaction { token: TOKEN, fee: 0, ..t };
    accepted(&one(rotate(fresh().key_digest()), |l, t| l.sign(1, token(t))));
    // From then on the new key signs, at its first epoch.
    accepted(&rotated(|l, new| {
        let draft = l.draft(1, five());
        l.sign_at(new, Epoch(0), draft)
    }));
}

/// Wallet 1 pays, rotates, and then does as told with the new key; a batch each.
fn rotated(then: impl FnOnce(&mut Lawless, &SecretKey) -> Transaction) -> Forgery {
    rotated_to(&fresh(), then)
}

fn rotated_to(new: &SecretKey, then: impl FnOnce(&mut Lawless, &SecretKey) -> Transaction) -> Forgery {
    let mut l = Lawless::new();
    for action in [five(), rotate(new.key_digest())] {
        let draft = l.draft(1, action);
        let signed = l.sign(1, draft);
        let entry = l.transact(signed);
        l.seal(vec![entry]);
    }
    let last = then(&mut l, new);
    let entry = l.transact(last);
    l.seal(vec![entry]);
    l.write()
}

#[test]
fn a_rotation_without_the_old_keys_signature() {
    let (action, auth) = (rotate(fresh().key_digest()), ["bus auth"]);
    refused(&one(action, |_, t| t), &auth, UNBALANCED);
    refused(&one(action, |l, t| l.sign(0, t)), &auth, UNBALANCED);
    // The new key signs that it is the new key.
    refused(&one(action, |l, t| l.sign_at(&fresh(), Epoch(0), t)), &auth, UNBALANCED);
}

/// Wallet 1 signs one key, and gets wallet 0's.
#[test]
fn a_signature_over_another_new_key() {
    let forgery = one(rotate(fresh().key_digest()), |l, t| {
        let thief = l.scenario.key(0);
        Transaction { action: rotate(thief), ..l.sign(1, t) }
    });
    refused(&forgery, &["bus auth"], UNBALANCED);
    // The row rotates as it was signed, and the account gets the other key.
    let mut l = Lawless::new();
    let draft = l.draft(1, rotate(fresh().key_digest()));
    let signed = l.sign(1, draft);
    let entry = l.transact(signed);
    l.seal(vec![entry]);
    let mut forgery = l.write();
    let thief = l.scenario.key(0);
    let cell = forgery.cells.iter_mut().find(|cell| cell.last.key() == fresh().key_digest());
    cell.expect("the account is touched").last.0[..Payload::SEQUENCE].copy_from_slice(&thief.0);
    forgery.settle();
    refused(&forgery, &["bus cell"], UNBALANCED);
}

/// A transfer that changes the key, too, or a rotation that does not.
#[test]
fn a_key_changes_by_rotation_only() {
    let mut l = Lawless::new();
    let draft = l.draft(1, five());
    let signed = l.sign(1, draft);
    let mut entry = l.transact(signed);
    l.alter(&mut entry, 0, |p| p.0[..Payload::SEQUENCE].copy_from_slice(&fresh().key_digest().0));
    l.seal(vec![entry]);
    refused(&l.write(), &["transaction: sender keeps its key"], BROKEN);
    let forgery = one(rotate(fresh().key_digest()), |l, t| {
        let own = l.scenario.key(1);
        Transaction { action: rotate(own), ..l.sign(1, t) }
    });
    refused(&forgery, &["bus auth"], UNBALANCED);
}

#[test]
fn a_new_key_with_epochs_used_up() {
    for kept in [0, 7] {
        let mut l = Lawless::new();
        let draft = l.draft(1, rotate(fresh().key_digest()));
        let signed = l.sign(1, draft);
        let mut entry = l.transact(signed);
        l.alter(&mut entry, 0, |p| p.0[Payload::NEXT_EPOCH] = fe(signed.epoch.0 + 1 + kept));
        l.seal(vec![entry]);
        refused(&l.write(), &["transaction: a new key has all its epochs"], BROKEN);
    }
}

/// Or it goes on to hold another sequence.
#[test]
fn a_rotation_that_does_not_advance() {
    let mut l = Lawless::new();
    let draft = l.draft(1, rotate(fresh().key_digest()));
    let signed = l.sign(1, draft);
    let mut entry = l.transact(signed);
    l.alter(&mut entry, 0, |p| p.0[Payload::SEQUENCE] -= fe(1));
    l.seal(vec![entry]);
    refused(&l.write(), &["transaction: sequence advances"], BROKEN);
}

/// Signs at an epoch with the key to which wallet 1 rotated, whose window ends with the lifetime.
fn late(action: Action, epoch: Epoch) -> Forgery {
    rotated_to(&fresh_key(Epoch(XMSS_LIFETIME - 8)), |l, new| {
        let draft = l.draft(1, action);
        l.sign_at(new, epoch, draft)
    })
}

#[test]
fn the_last_epoch_is_for_a_rotation() {
    let last = "transaction: epoch is not the last";
    for action in [five(), withdraw(1, 5)] {
        accepted(&late(action, Epoch(LAST.0 - 1)));
        let mut forgery = late(action, LAST);
        refused(&forgery, &[last], BROKEN);
        forgery.edit(4, |r| r.inverse = fe(1));
        refused(&forgery, &[last], BROKEN);
    }
    accepted(&late(rotate(fresh().key_digest()), Epoch(LAST.0 - 1)));
    accepted(&late(rotate(fresh().key_digest()), LAST));
}

/// The transfer from before the rotation enters again: epoch 0 is unused under the new key.
#[test]
fn replay_after_a_rotation() {
    let replay = |l: &mut Lawless, _: &SecretKey| {
        let first = l.signed[0].clone();
        l.signed.push(first.clone());
        first.transaction
    };
    refused(&rotated(replay), &["bus auth"], UNBALANCED);
    // Even where the wallet rotates to the key that it had: the sequence differs.
    let mut l = Lawless::new();
    let own = rotate(l.scenario.key(1));
    for action in [five(), own] {
        let draft = l.draft(1, action);
        let signed = l.sign(1, draft);
        let entry = l.transact(signed);
        l.seal(vec![entry]);
    }
    accepted(&l.write());
    let first = replay(&mut l, &fresh());
    let entry = l.transact(first);
    l.seal(vec![entry]);
    refused(&l.write(), &["bus auth"], UNBALANCED);
}

#[test]
fn the_old_key_is_good_for_nothing() {
    for action in [five(), withdraw(1, 5), rotate(fresh().key_digest())] {
        let forgery = rotated(|l, _| {
            let draft = l.draft(1, action);
            l.sign(1, draft)
        });
        refused(&forgery, &["bus auth"], UNBALANCED);
    }
}
