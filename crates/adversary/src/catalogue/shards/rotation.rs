//! Rotations: who may rotate, to what, and what the old key and the last epoch are still good for.

use aludel_bench::TOKEN;
use aludel_ledger::xmss::SecretKey;
use aludel_protocol::params::XMSS_LIFETIME;
use aludel_protocol::{Action, Epoch, KeyDigest, Payload, Transaction, fe};

use super::{BROKEN, Class, Control, Crime, Trial, UNBALANCED, five, honest, one, withdraw};
use crate::witness::{Forgery, Lawless, fresh_key};

/// What is forged here.
pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "a_rotation_without_the_old_keys_signature",
        class: Class::Theft,
        tries: "rotates an account's key without its signature",
        ends: &[UNBALANCED],
        commit: a_rotation_without_the_old_keys_signature,
    },
    Crime {
        name: "a_signature_over_another_new_key",
        class: Class::Theft,
        tries: "rotates to another key than was signed",
        ends: &[UNBALANCED],
        commit: a_signature_over_another_new_key,
    },
    Crime {
        name: "a_key_changes_by_rotation_only",
        class: Class::Theft,
        tries: "changes the key by a transfer, or not by a rotation",
        ends: &[BROKEN, UNBALANCED],
        commit: a_key_changes_by_rotation_only,
    },
    Crime {
        name: "a_new_key_with_epochs_used_up",
        class: Class::Replay,
        tries: "rotates without giving the new key its epochs",
        ends: &[BROKEN],
        commit: a_new_key_with_epochs_used_up,
    },
    Crime {
        name: "a_rotation_that_does_not_advance",
        class: Class::Replay,
        tries: "rotates without advancing the sequence",
        ends: &[BROKEN],
        commit: a_rotation_that_does_not_advance,
    },
    Crime {
        name: "the_last_epoch_is_for_a_rotation",
        class: Class::ForeignKey,
        tries: "pays with the last epoch of a key",
        ends: &[BROKEN],
        commit: the_last_epoch_is_for_a_rotation,
    },
    Crime {
        name: "replay_after_a_rotation",
        class: Class::Replay,
        tries: "replays a transfer from before a rotation",
        ends: &[UNBALANCED],
        commit: replay_after_a_rotation,
    },
    Crime {
        name: "the_old_key_is_good_for_nothing",
        class: Class::ForeignKey,
        tries: "signs with a key that was rotated away",
        ends: &[UNBALANCED],
        commit: the_old_key_is_good_for_nothing,
    },
];

/// The same tools in honest hands.
pub(super) const CONTROLS: &[Control] = &[Control {
    name: "honest_rotations_are_accepted",
    does: "rotates keys and signs with the new one",
    commit: honest_rotations_are_accepted,
}];

const LAST: Epoch = Epoch(XMSS_LIFETIME - 1);

const fn rotate(key: KeyDigest) -> Action {
    Action::Rotate { key }
}

/// A key of nobody yet.
fn fresh() -> SecretKey {
    fresh_key(Epoch(0))
}

fn honest_rotations_are_accepted(t: &mut Trial) {
    t.accepted(&honest(rotate(fresh().key_digest())));
    // The fee is paid in another token.
    let token = |t| Transaction { token: TOKEN, fee: 0, ..t };
    t.accepted(&one(rotate(fresh().key_digest()), |l, t| l.sign(1, token(t))));
    // From then on the new key signs, at its first epoch.
    t.accepted(&rotated(|l, new| {
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

fn a_rotation_without_the_old_keys_signature(t: &mut Trial) {
    let (action, auth) = (rotate(fresh().key_digest()), ["bus auth"]);
    t.refused(&one(action, |_, t| t), &auth, UNBALANCED);
    t.refused(&one(action, |l, t| l.sign(0, t)), &auth, UNBALANCED);
    // The new key signs that it is the new key.
    t.refused(&one(action, |l, t| l.sign_at(&fresh(), Epoch(0), t)), &auth, UNBALANCED);
}

/// Wallet 1 signs one key, and gets wallet 0's.
fn a_signature_over_another_new_key(t: &mut Trial) {
    let forgery = one(rotate(fresh().key_digest()), |l, t| {
        let thief = l.scenario.key(0);
        Transaction { action: rotate(thief), ..l.sign(1, t) }
    });
    t.refused(&forgery, &["bus auth"], UNBALANCED);
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
    t.refused(&forgery, &["bus cell"], UNBALANCED);
}

/// A transfer that changes the key, too, or a rotation that does not.
fn a_key_changes_by_rotation_only(t: &mut Trial) {
    let mut l = Lawless::new();
    let draft = l.draft(1, five());
    let signed = l.sign(1, draft);
    let mut entry = l.transact(signed);
    l.alter(&mut entry, 0, |p| p.0[..Payload::SEQUENCE].copy_from_slice(&fresh().key_digest().0));
    l.seal(vec![entry]);
    t.refused(&l.write(), &["transaction: sender keeps its key"], BROKEN);
    let forgery = one(rotate(fresh().key_digest()), |l, t| {
        let own = l.scenario.key(1);
        Transaction { action: rotate(own), ..l.sign(1, t) }
    });
    t.refused(&forgery, &["bus auth"], UNBALANCED);
}

fn a_new_key_with_epochs_used_up(t: &mut Trial) {
    for kept in [0, 7] {
        let mut l = Lawless::new();
        let draft = l.draft(1, rotate(fresh().key_digest()));
        let signed = l.sign(1, draft);
        let mut entry = l.transact(signed);
        l.alter(&mut entry, 0, |p| p.0[Payload::NEXT_EPOCH] = fe(signed.epoch.0 + 1 + kept));
        l.seal(vec![entry]);
        t.refused(&l.write(), &["transaction: a new key has all its epochs"], BROKEN);
    }
}

/// Or it goes on to hold another sequence.
fn a_rotation_that_does_not_advance(t: &mut Trial) {
    let mut l = Lawless::new();
    let draft = l.draft(1, rotate(fresh().key_digest()));
    let signed = l.sign(1, draft);
    let mut entry = l.transact(signed);
    l.alter(&mut entry, 0, |p| p.0[Payload::SEQUENCE] -= fe(1));
    l.seal(vec![entry]);
    t.refused(&l.write(), &["transaction: sequence advances"], BROKEN);
}

/// Signs at an epoch with the key to which wallet 1 rotated, whose window ends with the lifetime.
fn late(action: Action, epoch: Epoch) -> Forgery {
    rotated_to(&fresh_key(Epoch(XMSS_LIFETIME - 8)), |l, new| {
        let draft = l.draft(1, action);
        l.sign_at(new, epoch, draft)
    })
}

fn the_last_epoch_is_for_a_rotation(t: &mut Trial) {
    let last = "transaction: epoch is not the last";
    for action in [five(), withdraw(1, 5)] {
        t.accepted(&late(action, Epoch(LAST.0 - 1)));
        let mut forgery = late(action, LAST);
        t.refused(&forgery, &[last], BROKEN);
        forgery.edit(4, |r| r.inverse = fe(1));
        t.refused(&forgery, &[last], BROKEN);
    }
    t.accepted(&late(rotate(fresh().key_digest()), Epoch(LAST.0 - 1)));
    t.accepted(&late(rotate(fresh().key_digest()), LAST));
}

/// The transfer from before the rotation enters again: epoch 0 is unused under the new key.
fn replay_after_a_rotation(t: &mut Trial) {
    let replay = |l: &mut Lawless, _: &SecretKey| {
        let first = l.signed[0].clone();
        l.signed.push(first.clone());
        first.transaction
    };
    t.refused(&rotated(replay), &["bus auth"], UNBALANCED);
    // Even where the wallet rotates to the key that it had: the sequence differs.
    let mut l = Lawless::new();
    let own = rotate(l.scenario.key(1));
    for action in [five(), own] {
        let draft = l.draft(1, action);
        let signed = l.sign(1, draft);
        let entry = l.transact(signed);
        l.seal(vec![entry]);
    }
    t.accepted(&l.write());
    let first = replay(&mut l, &fresh());
    let entry = l.transact(first);
    l.seal(vec![entry]);
    t.refused(&l.write(), &["bus auth"], UNBALANCED);
}

fn the_old_key_is_good_for_nothing(t: &mut Trial) {
    for action in [five(), withdraw(1, 5), rotate(fresh().key_digest())] {
        let forgery = rotated(|l, _| {
            let draft = l.draft(1, action);
            l.sign(1, draft)
        });
        t.refused(&forgery, &["bus auth"], UNBALANCED);
    }
}
