//! Attacks on the L1 queue.

use super::history::{PADDING, TO_ACCOUNT, TO_KEY_TOKEN, batch, carry, honest, trace};
use super::judge::{forge, refused, refused_only, row};
use super::world::{World, to_account, to_key};
use aludel_protocol::F;
use aludel_protocol::field::{Limbs, MODULUS};
use p3_field::PrimeCharacteristicRing;

#[test]
fn an_item_is_not_skipped() {
    let mut w = World::new(5);
    w.enqueue(&to_account(1, 0, 1));
    let entry = w.deposit(to_account(2, 0, 1));
    refused_only(&w, &batch(&w, vec![entry]), &["boundary"]);
}

#[test]
fn an_item_is_not_repeated() {
    let mut w = World::new(5);
    let item = to_account(2, 0, 1);
    let entries = vec![w.deposit(item), w.consume(item, None)];
    let mut main = batch(&w, entries);
    refused_only(&w, &main, &["boundary"]);
    // The second time, the queue stays where it is.
    let before = row(&main, 1).state;
    forge(&mut main, 2, |r| {
        r.state.queue = before.queue;
        r.state.queue_index = before.queue_index;
    });
    refused_only(&w, &main, &["queue is carried", "queue index is carried"]);
}

#[test]
fn an_item_is_not_altered() {
    for (l1, ours) in [
        (to_account(2, 0, 1), to_account(2, 0, 2)),
        (to_account(2, 0, 1), to_account(1, 0, 1)),
        (to_account(2, 0, 1), to_account(2, 7, 1)),
        (to_key(9, 0, 1), to_key(10, 0, 1)),
        (to_key(9, 0, 1), to_account(2, 0, 1)),
    ] {
        let mut w = World::new(5);
        w.enqueue(&l1);
        let entry = w.consume(ours, None);
        refused_only(&w, &batch(&w, vec![entry]), &["boundary"]);
    }
}

/// A deposit that L1 never saw, in the place of one that it did.
#[test]
fn the_queue_is_what_was_consumed() {
    let mut w = World::new(5);
    w.enqueue(&to_account(1, 0, 1));
    let entry = w.consume(to_account(2, 0, 1 << 90), None);
    let mut main = trace(&w, &[(3, vec![entry])]);
    forge(&mut main, 1, |r| r.state.queue = w.l1[1].0);
    refused_only(&w, &main, &["queue is carried"]);
}

/// The index `0xffff + 1` as one limb of `2^16`.
#[test]
fn the_queue_index_has_limbs() {
    let (w, mut main) = honest();
    forge(&mut main, TO_KEY_TOKEN, |r| r.queue_carry = F::ZERO);
    refused(&w, &main, "range16");
    let (w, mut main) = honest();
    forge(&mut main, TO_ACCOUNT, |r| r.queue_carry = F::ONE);
    refused(&w, &main, "range16");
    // A carry after the last entry would go unseen.
    let (w, mut main) = honest();
    forge(&mut main, PADDING, |r| r.queue_carry = F::ONE);
    refused(&w, &main, "queue index moves with items only");
}

/// Up by `p + 1` and down by `p - 1`.
#[test]
fn a_queue_index_does_not_jump_by_p() {
    let mut w = World::new(5);
    let entries = vec![w.deposit(to_account(1, 0, 1)), w.deposit(to_account(2, 0, 1))];
    let mut main = trace(&w, &[(3, entries)]);
    for (at, next) in [(0, w.prev.queue_index.0 + 1 + MODULUS), (1, w.prev.queue_index.0 + 2)] {
        let low = Limbs::<2>::limbs(next)[0];
        forge(&mut main, at, |r| r.queue_carry = carry(r.state.queue_index[0] + F::ONE, low));
    }
    refused_only(&w, &main, &["queue carry is boolean"]);
}

/// Another start than the statement's.
#[test]
fn the_start_is_the_statements() {
    let (mut w, main) = honest();
    w.prev.queue_index.0 += 1;
    refused_only(&w, &main, &["boundary"]);
}
