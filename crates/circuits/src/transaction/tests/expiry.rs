//! Attacks on the batch that includes a transfer.

use super::history::{SELF, TOKEN, batch, carry, honest, sign_row, trace};
use super::judge::{edit, forge, refused_only, row};
use super::world::World;
use aludel_protocol::field::{Limbs, MODULUS};
use aludel_protocol::{BatchNumber, F, fe};
use p3_field::PrimeCharacteristicRing;

#[test]
fn expired_transfers_stay_out() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.expiry = w.prev.number;
    w.sign(&t);
    let entry = w.transaction(t);
    refused_only(&w, &batch(&w, vec![entry]), &["range16"]);
}

/// A transfer for the first batch is sealed into the second.
#[test]
fn a_transfer_does_not_move_past_its_batch() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.expiry = BatchNumber(w.prev.number.0 + 1);
    w.sign(&t);
    let entry = w.transaction(t);
    let mut main = trace(&w, &[(3, vec![]), (3, vec![entry])]);
    refused_only(&w, &main, &["range16"]);
    edit(&mut main, 1, |r| {
        r.number = r.expiry;
        r.slack = [F::ZERO; 2];
        r.slack_borrow = F::ZERO;
    });
    refused_only(&w, &main, &["number follows the last sealed"]);
}

/// An entry takes effect in the first batch and is absorbed by the second one's header: its row leaves the
/// body as it was, and a later row takes the digest in.
#[test]
fn an_entry_is_covered_by_its_batchs_header() {
    let (w, mut main) = honest();
    let moved = row(&main, TOKEN);
    forge(&mut main, TOKEN + 1, |r| r.state.pubdata = moved.state.pubdata);
    refused_only(&w, &main, &["pubdata is carried"]);
    let (w, mut main) = honest();
    forge(&mut main, SELF, |r| r.state.pubdata = moved.pubdata_after);
    refused_only(&w, &main, &["pubdata is carried"]);
}

/// An expiry of more limbs than it has.
#[test]
fn an_expiry_has_limbs() {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 0, 5, 1);
    let mut main = batch(&w, vec![entry]);
    forge(&mut main, 0, |r| {
        r.expiry[0] += fe(1 << 16);
        r.slack_borrow = F::ZERO;
        r.slack = [r.expiry[0] - r.number[0], r.expiry[1] - r.number[1]];
    });
    sign_row(&mut w, &main, 0);
    refused_only(&w, &main, &["range16"]);
}

#[test]
fn a_slack_is_not_p_minus_one() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.expiry = BatchNumber(w.prev.number.0);
    w.sign(&t);
    let entry = w.transaction(t);
    let mut main = trace(&w, &[(3, vec![entry])]);
    edit(&mut main, 0, |r| {
        r.slack = (MODULUS - 1).limbs();
        r.slack_borrow = -carry(r.expiry[0] - r.number[0], r.slack[0]);
    });
    refused_only(&w, &main, &["slack borrow is boolean"]);
}
