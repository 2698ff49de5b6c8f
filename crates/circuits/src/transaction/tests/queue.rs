//! Attacks on the L1 queue, on new accounts and on headers.

use aludel_protocol::cell::CounterCell;
use aludel_protocol::{AccountId, CellAddress, F, Payload, fe};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;

use super::history::{NATIVE, PADDING, SEAL, SELF, TO_ACCOUNT, TO_KEY, TO_KEY_TOKEN, honest, trace};
use super::judge::{edit, forge, refused, refused_only, row};
use super::world::{World, to_account, to_key};
use crate::transaction::ExecutedEntry;

fn batch(w: &World, entries: Vec<ExecutedEntry>) -> RowMajorMatrix<F> {
    trace(w, &[(3, entries)])
}

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
    let entries = vec![w.deposit(item), w.consume(item)];
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
        let entry = w.consume(ours);
        refused_only(&w, &batch(&w, vec![entry]), &["boundary"]);
    }
}

/// Owner and key of a new account are the item's.
#[test]
fn a_new_account_is_what_the_item_says() {
    let mut w = World::new(5);
    let entry = w.deposit(to_key(9, 0, 1));
    let honest = batch(&w, vec![entry]);
    for change in [(|r| r.accounts[1].new[Payload::KEY + 3] += F::ONE) as fn(&mut Row), |r| {
        r.accounts[2].new[9] += F::ONE
    }] {
        let mut main = honest.clone();
        forge(&mut main, 0, change);
        refused_only(&w, &main, &["boundary"]);
    }
    let mut main = honest;
    forge(&mut main, 0, |r| r.accounts[1].new[Payload::BALANCE] += F::ONE);
    refused_only(&w, &main, &["native balance after"]);
}

type Row = crate::transaction::columns::TransactionColumns<F>;

/// The counter stands at an account that exists, which a deposit would take over.
#[test]
fn an_account_is_not_taken_over() {
    let mut w = World::new(2);
    let entry = w.deposit(to_key(9, 0, 1));
    refused(&w, &batch(&w, vec![entry]), "new account was empty");
    let mut w = World::new(5);
    w.genesis.insert(CellAddress::slot(AccountId(5), 0), w.account(1).payload());
    w.state = w.genesis.clone();
    let entry = w.deposit(to_key(9, 0, 1));
    refused_only(&w, &batch(&w, vec![entry]), &["new owner was empty"]);
}

#[test]
fn a_new_account_takes_the_counters_number() {
    let mut w = World::new(5);
    let entry = w.deposit(to_key(9, 0, 1));
    let mut main = batch(&w, vec![entry]);
    edit(&mut main, 0, |r| (r.to, r.third) = ([fe(6), F::ZERO], [fe(6), F::ZERO]));
    refused_only(&w, &main, &["a new account has the counter's number"]);
    let mut main = trace_of_one_creation(&w);
    edit(&mut main, 0, |r| {
        r.increment = [r.accounts[0].old[0], r.accounts[0].old[1]];
        r.accounts[0].new = r.accounts[0].old;
    });
    refused_only(&w, &main, &["counter advances"]);
    let mut main = trace_of_one_creation(&w);
    edit(&mut main, 0, |r| r.third = [fe(1), F::ZERO]);
    refused_only(&w, &main, &["the owner is the new account's"]);
    // A cell of account 1 that looks like a counter.
    w.genesis.insert(CellAddress::slot(AccountId(1), 0), CounterCell(AccountId(5)).payload());
    let mut main = trace_of_one_creation(&w);
    edit(&mut main, 0, |r| r.from = [fe(1), F::ZERO]);
    refused_only(&w, &main, &["the counter is the system's"]);
}

fn trace_of_one_creation(w: &World) -> RowMajorMatrix<F> {
    let mut fresh = World::new(5);
    let entry = fresh.deposit(to_key(9, 0, 1));
    batch(w, vec![entry])
}

#[test]
fn the_counter_does_not_wrap() {
    let mut w = World::new(u32::MAX);
    let entry = w.deposit(to_key(9, 0, 1));
    let mut main = batch(&w, vec![entry]);
    refused(&w, &main, "counter advances");
    edit(&mut main, 0, |r| r.accounts[0].new[1] = fe(1 << 16));
    refused_only(&w, &main, &["range16"]);
}

#[test]
fn a_deposit_to_nobody_is_refused() {
    for nobody in [0, 77] {
        let mut w = World::new(5);
        let entry = w.deposit(to_account(nobody, 7, 1));
        refused(&w, &batch(&w, vec![entry]), "recipient exists");
    }
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
fn counts_are_those_of_the_entries() {
    for (change, name) in [
        ((|r| r.state.transfers += F::ONE) as fn(&mut Row), "transfers are counted"),
        (|r| r.state.queue_items -= F::ONE, "queue items are counted"),
        (|r| r.state.body[0] += F::ONE, "body is carried"),
    ] {
        let (w, mut main) = honest();
        forge(&mut main, SEAL, change);
        refused_only(&w, &main, &[name]);
    }
}

#[test]
fn a_shard_begins_with_a_batch() {
    for (change, name) in [
        ((|r| r.state.transfers += F::ONE) as fn(&mut Row), "counts start at zero"),
        (|r| r.state.queue_items += F::ONE, "counts start at zero"),
    ] {
        let (w, mut main) = honest();
        forge(&mut main, NATIVE, change);
        refused_only(&w, &main, &[name]);
    }
    for i in 0..8 {
        let (w, mut main) = honest();
        forge(&mut main, NATIVE, |r| r.state.body[i] += F::ONE);
        refused_only(&w, &main, &["body starts"]);
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
    for at in 2..16 {
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
    let batches: Vec<_> = (0..15).map(|_| (3, vec![])).collect();
    let mut main = trace(&w, &batches);
    forge(&mut main, 15, |r| {
        (r.seal, r.padding) = (F::ONE, F::ZERO);
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

/// Another start than the statement's.
#[test]
fn the_start_is_the_statements() {
    let (mut w, main) = honest();
    w.prev.queue_index.0 += 1;
    refused_only(&w, &main, &["boundary"]);
}
