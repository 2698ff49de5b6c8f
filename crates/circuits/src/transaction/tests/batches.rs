//! Attacks on headers, and on the order of rows.

use super::history::{NATIVE, PADDING, SEAL, SELF, TO_KEY, batch, carry, empty, honest, trace};
use super::judge::{edit, forge, refused, refused_only, row};
use super::world::{World, to_account};
use crate::transaction::columns::TransactionColumns;
use aludel_protocol::field::{Limbs, MODULUS};
use aludel_protocol::records::no_withdrawals;
use aludel_protocol::{F, fe};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::Matrix;

#[test]
fn counts_are_those_of_the_entries() {
    for (change, name) in [
        ((|r| r.state.transactions += F::ONE) as fn(&mut TransactionColumns<F>), "transactions are counted"),
        (|r| r.state.queue_items -= F::ONE, "queue items are counted"),
        (|r| r.state.pubdata[0] += F::ONE, "pubdata is carried"),
    ] {
        let (w, mut main) = honest();
        forge(&mut main, SEAL, change);
        refused_only(&w, &main, &[name]);
    }
}

#[test]
fn a_shard_begins_with_a_batch() {
    for (change, name) in [
        ((|r| r.state.transactions += F::ONE) as fn(&mut TransactionColumns<F>), "counts start at zero"),
        (|r| r.state.queue_items += F::ONE, "counts start at zero"),
        (|r| r.state.withdrawals -= F::ONE, "counts start at zero"),
    ] {
        let (w, mut main) = honest();
        forge(&mut main, NATIVE, change);
        refused(&w, &main, name);
    }
    for i in 0..8 {
        let (w, mut main) = honest();
        forge(&mut main, NATIVE, |r| r.state.pubdata[i] += F::ONE);
        refused_only(&w, &main, &["pubdata starts"]);
    }
}

#[test]
fn a_batch_has_one_operator() {
    let (w, mut main) = honest();
    forge(&mut main, SEAL, |r| r.state.operator[0] += F::ONE);
    refused_only(&w, &main, &["operator is the batch's"]);
}

/// An empty batch names its operator in its header and nowhere else.
#[test]
fn an_operator_has_limbs() {
    let w = World::new(5);
    let mut main = batch(&w, vec![]);
    forge(&mut main, 0, |r| r.state.operator = [fe(1 << 16), F::ZERO]);
    forge(&mut main, 1, |r| r.state.operator = [fe(1 << 16), F::ZERO]);
    for at in 2..main.height() {
        edit(&mut main, at, |r| r.state.operator = [fe(1 << 16), F::ZERO]);
    }
    refused_only(&w, &main, &["range16"]);
}

#[test]
fn a_header_is_not_altered_or_dropped() {
    let (w, mut main) = honest();
    forge(&mut main, SELF, |r| r.state.headers[0] += F::ONE);
    refused_only(&w, &main, &["headers are carried"]);
    let (w, mut main) = honest();
    forge(&mut main, PADDING, |r| r.state.headers[7] += F::ONE);
    refused_only(&w, &main, &["headers are carried"]);
    let (w, mut main) = honest();
    let before = row(&main, SEAL).state;
    forge(&mut main, SELF, |r| r.state.sealed = before.sealed);
    refused(&w, &main, "last sealed is carried");
}

#[test]
fn the_number_has_limbs() {
    let (w, mut main) = honest();
    forge(&mut main, NATIVE, |r| {
        r.number = [fe(1 << 16), F::ZERO];
        r.number_carry = F::ZERO;
    });
    refused(&w, &main, "range16");
}

#[test]
fn the_last_batch_number_does_not_wrap() {
    let mut w = World::new(5);
    w.prev.number.0 = u32::MAX;
    let main = batch(&w, vec![]);
    refused_only(&w, &main, &["boundary", "range16"]);
}

#[test]
fn a_number_does_not_jump_by_p() {
    let (w, mut main) = empty(1);
    forge(&mut main, 0, |r| {
        r.number = (w.prev.number.0 + 1 + MODULUS).limbs();
        r.number_carry = carry(r.state.sealed[0] + F::ONE, r.number[0]);
    });
    refused_only(&w, &main, &["number carry is boolean"]);
}

#[test]
fn a_number_is_sealed_once() {
    let (w, mut main) = empty(3);
    let first = row(&main, 0);
    forge(&mut main, 1, |r| {
        (r.state.sealed, r.number, r.number_carry) = (first.state.sealed, first.number, first.number_carry)
    });
    refused_only(&w, &main, &["last sealed is carried"]);
}

/// A batch whose entries take effect and whose header never comes.
#[test]
fn entries_end_in_a_header() {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 0, 5, 1);
    let mut main = batch(&w, vec![entry]);
    forge(&mut main, 1, |r| (r.seal, r.padding) = (F::ZERO, F::ONE));
    refused_only(&w, &main, &["an entry's batch is sealed"]);
}

#[test]
fn padding_is_the_end() {
    let w = World::new(5);
    let mut main = trace(&w, &[(3, vec![]), (3, vec![]), (3, vec![])]);
    forge(&mut main, 1, |r| (r.seal, r.padding) = (F::ZERO, F::ONE));
    refused_only(&w, &main, &["padding to the end"]);
    let mut main = trace(&w, &[(3, vec![])]);
    forge(&mut main, 0, |r| (r.seal, r.padding) = (F::ZERO, F::ONE));
    refused_only(&w, &main, &["first row is not padding"]);
    let batches: Vec<_> = (0..31).map(|_| (3, vec![])).collect();
    let mut main = trace(&w, &batches);
    forge(&mut main, 31, |r| {
        (r.seal, r.padding, r.leaf) = (F::ONE, F::ZERO, no_withdrawals().0);
        r.state.operator = [fe(3), F::ZERO];
    });
    refused_only(&w, &main, &["last row is padding"]);
}

/// Half a kind here and half a kind there emit half a message each.
#[test]
fn a_row_has_one_kind() {
    let (w, mut main) = honest();
    let half = fe(2).inverse();
    edit(&mut main, TO_KEY, |r| (r.to_key, r.to_account) = (half, half));
    refused(&w, &main, "kind is boolean");
    let (w, mut main) = honest();
    edit(&mut main, TO_KEY, |r| r.to_account = F::ONE);
    refused(&w, &main, "one kind a row");
    let (w, mut main) = honest();
    edit(&mut main, TO_KEY, |r| (r.to_account, r.padding) = (F::ONE, -F::ONE));
    refused(&w, &main, "kind is boolean");
}

/// Sealed twice and padded minus once, a row skips a number.
#[test]
fn kinds_are_boolean() {
    let (w, mut main) = empty(2);
    forge(&mut main, 1, |r| (r.seal, r.padding) = (fe(2), -F::ONE));
    refused_only(&w, &main, &["kind is boolean"]);
}

#[test]
fn every_row_has_a_kind() {
    let (w, mut main) = empty(2);
    forge(&mut main, 1, |r| r.seal = F::ZERO);
    refused_only(&w, &main, &["one kind a row"]);
}

#[test]
fn the_clock_runs() {
    let mut w = World::new(5);
    let entries = vec![w.deposit(to_account(1, 0, 1)), w.deposit(to_account(2, 0, 1))];
    let honest = trace(&w, &[(3, entries)]);
    let mut main = honest.clone();
    forge(&mut main, 1, |r| r.state.clock = fe(8));
    refused_only(&w, &main, &["clock advances by 8"]);
    let mut main = honest;
    forge(&mut main, 0, |r| r.state.clock = fe(65_000));
    refused_only(&w, &main, &["clock starts at 8"]);
}
