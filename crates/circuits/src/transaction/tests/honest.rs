//! Honest traces are accepted, and say what happened.

use std::collections::BTreeSet;

use aludel_protocol::field::Limbs;
use aludel_protocol::hash::{compress24, roll};
use aludel_protocol::records::WithdrawalTree;
use aludel_protocol::{AccountId, CellAddress, Checkpoint, Digest, F, NoOp, Payload, QueueItem, fe};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_matrix::Matrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::history::{LAST, LOG_HEIGHT, history};
use super::judge::refusals;
use super::world::{World, forced, of_kind, to_account, to_key, withdrawals};
use crate::bus::Bus;
use crate::check::Checker;
use crate::chip::{Chip, Tables, TraceError};

use crate::node::{self, Node};
use crate::transaction::{
    ExecutedBatch, ExecutedEntry, MAX_LOG_HEIGHT, Transaction, TransactionTrace, generate,
};

fn prove(w: &World, log_height: usize, batches: &[ExecutedBatch], tables: &mut Tables) -> TransactionTrace {
    generate(log_height, w.chain_id, &w.prev, batches, tables).expect("an honest run has a trace")
}

#[test]
fn history_is_accepted_and_ends_where_the_ledger_does() {
    let (w, batches) = history();
    let trace = prove(&w, LOG_HEIGHT, &batches, &mut Tables::default());
    assert_eq!(refusals(&w, &trace.main), Default::default());
    let headers = batches.iter().fold(w.prev.headers, |state, b| roll(state, b.header.digest()));
    assert_eq!(trace.next.headers, headers);
    assert_eq!(trace.next.number.0, w.prev.number.0 + 4);
    assert_eq!(Some(&trace.next.queue), w.l1.last());
    assert_eq!(trace.next.queue_index.0 as usize, w.prev.queue_index.0 as usize + w.l1.len() - 1);
    assert_eq!(trace.auth.len(), 7);
    assert!(trace.auth.iter().all(|a| w.signed.contains(a)));
}

#[test]
fn touched_cells_are_the_ledgers() {
    let (w, batches) = history();
    let cells = prove(&w, LOG_HEIGHT, &batches, &mut Tables::default()).cells;
    assert!(cells.is_sorted_by(|a, b| a.at < b.at));
    for cell in &cells {
        let before = w.genesis.get(&cell.at).copied().unwrap_or(Payload::EMPTY);
        assert_eq!((cell.initial, cell.last), (before, w.payload(cell.at)));
    }
    assert!(cells.iter().any(|c| c.at == CellAddress::account(AccountId(LAST))));
}

/// The recorded lookups, cells, signatures and boundary are exactly what balances the buses.
#[test]
fn other_chips_get_what_the_buses_carry() {
    let (w, batches) = history();
    let mut tables = Tables::default();
    let trace = prove(&w, LOG_HEIGHT, &batches, &mut tables);
    let mut c = Checker::default();
    c.run(&Transaction { log_height: LOG_HEIGHT }, &trace.main, &[]);
    balance_tables(&mut c, &tables);
    for cell in &trace.cells {
        let message = |time: u32, p: &Payload| [&cell.at.fields()[..], &[fe(time)], &p.0].concat();
        c.external(Bus::Cell, &message(0, &cell.initial), 1);
        c.external(Bus::Cell, &message(cell.time, &cell.last), -1);
    }
    for (key, digest, epoch) in &trace.auth {
        let message = [&key.0[..], &digest.0, &[fe(epoch.0)]].concat();
        c.external(Bus::Auth, &message, -1);
    }
    let next = Checkpoint {
        number: trace.next.number,
        state_root: Digest::ZERO,
        headers: trace.next.headers,
        queue: trace.next.queue,
        queue_index: trace.next.queue_index,
    };
    c.external(Bus::Boundary, &boundary(&w, 0, &w.prev), 1);
    c.external(Bus::Boundary, &boundary(&w, 1, &next), -1);
    let trees =
        trace.withdrawals.iter().flat_map(|(n, leaves)| WithdrawalTree::new(leaves.clone()).updates(*n));
    let updates: Vec<_> = trees.collect();
    c.run(&Node { log_height: 6 }, &node::generate(6, &updates).expect("it fits"), &[]);
    assert_eq!(c.finish(), vec![]);
}

/// The leaves are those of what left, and their root is the header's.
#[test]
fn withdrawals_are_what_left() {
    let (w, batches) = history();
    let trace = prove(&w, LOG_HEIGHT, &batches, &mut Tables::default());
    let numbers: Vec<_> =
        trace.withdrawals.iter().map(|(n, leaves)| (n.0 - w.prev.number.0, leaves.len())).collect();
    assert_eq!(numbers, [(2, 6), (3, 3)]);
    for (number, leaves) in &trace.withdrawals {
        let batch = &batches[(number.0 - w.prev.number.0) as usize - 1];
        let left = withdrawals(*number, &batch.entries);
        assert_eq!(*leaves, left.iter().map(|x| x.digest()).collect::<Vec<_>>());
        let tree = WithdrawalTree::new(leaves.clone());
        assert_eq!(tree.root(), batch.header.withdrawals_root);
        assert_eq!(left[1].root(&tree.path(1)), tree.root());
    }
}

fn balance_tables(c: &mut Checker, tables: &Tables) {
    for (x, count) in tables.range16.iter().enumerate() {
        c.external(Bus::Range16, &[fe(x as u32)], -(*count as i32));
    }
    for x in &tables.hash24 {
        let y = compress24(*x);
        c.external(Bus::Hash24, &[&x[..], &y].concat(), -1);
    }
}

fn boundary(w: &World, end: u32, p: &Checkpoint) -> Vec<F> {
    [
        &[fe(end)],
        &w.chain_id.0.limbs()[..],
        &p.number.0.limbs(),
        &p.headers.0,
        &p.queue.0,
        &p.queue_index.0.limbs(),
    ]
    .concat()
}

/// Of whatever kind, sane or not; the world says what becomes of it.
fn random_item(rng: &mut ChaCha8Rng, accounts: &mut u32, token: u16, amount: u128) -> QueueItem {
    let who = rng.random_range(0..=*accounts + 1);
    let amount = if rng.random_range(0..4) == 0 { u128::MAX - amount } else { amount };
    match rng.random_range(0..4) {
        0 if *accounts < 8 => {
            *accounts += 1;
            to_key(*accounts, token, amount)
        }
        1 => forced(who, token, rng.random_range(who..=who + 1)),
        2 => of_kind([0, 4, 0xffff][rng.random_range(0..3)], amount),
        _ => to_account(who, token, amount),
    }
}

fn random_entry(w: &mut World, rng: &mut ChaCha8Rng, accounts: &mut u32) -> ExecutedEntry {
    let token = [0, 7, 0xffff][rng.random_range(0..3)];
    let (from, to) = (rng.random_range(1..=*accounts), rng.random_range(1..=*accounts));
    let amount = rng.random::<u128>() >> rng.random_range(2..128);
    let funds = w.funds(from, token);
    let fee = (funds / 3).min(u128::from(u64::MAX)) as u64 >> rng.random_range(0..63);
    let room = u128::MAX - w.funds(to, token).max(w.funds(w.operator.0, token));
    let payment = amount.min(funds - u128::from(fee)).min(room >> 1);
    let fee = if room < 1 << 65 { 0 } else { fee };
    match rng.random_range(0..8) {
        0..4 => w.queue(random_item(rng, accounts, token, amount)),
        4 => w.withdraw(from, token, payment, fee),
        5 => w.rotate(from, token, fee, rng.random()),
        _ => w.pay(from, to, token, payment, fee),
    }
}

#[test]
fn random_histories_are_accepted() {
    let mut seen = BTreeSet::new();
    for seed in 0..40 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut w, mut accounts) = (World::new(5), 4);
        let mut batches = Vec::new();
        for number in 1..=rng.random_range(1..5) {
            w.operator = AccountId(rng.random_range(1..=accounts));
            let entries = (0..rng.random_range(0..12)).map(|_| random_entry(&mut w, &mut rng, &mut accounts));
            let entries = entries.collect();
            batches.push(w.seal(number, entries));
        }
        let trace = prove(&w, 6, &batches, &mut Tables::default());
        assert_eq!(refusals(&w, &trace.main), Default::default(), "seed {seed}");
        let transactions: usize = batches.iter().map(|b| usize::from(b.header.transactions)).sum();
        assert_eq!(trace.auth.len(), transactions, "seed {seed}");
        seen.extend(batches.iter().flat_map(|b| &b.entries).map(|e| e.no_op));
    }
    // All but the end of the counter.
    assert_eq!(seen.len(), NoOp::ALL.len());
}

#[test]
fn a_full_shape_keeps_one_row_of_padding() {
    let w = World::new(5);
    let batches: Vec<_> = (1..=15).map(|n| w.seal(n, Vec::new())).collect();
    let trace = prove(&w, 4, &batches, &mut Tables::default());
    assert_eq!(refusals(&w, &trace.main), Default::default());
    assert_eq!(trace.main.height(), 16);
    let batches: Vec<_> = (1..=16).map(|n| w.seal(n, Vec::new())).collect();
    let error = generate(4, w.chain_id, &w.prev, &batches, &mut Tables::default()).map(|_| ());
    assert_eq!(error, Err(TraceError::Full { chip: "transaction", needed: 17, available: 16 }));
}

#[test]
fn no_trace_is_so_high_that_gaps_have_no_limb() {
    let (w, batches) = history();
    let trace = generate(MAX_LOG_HEIGHT + 1, w.chain_id, &w.prev, &batches, &mut Tables::default());
    assert!(matches!(trace, Err(TraceError::Inconsistent { .. })));
}

#[test]
fn what_contradicts_itself_has_no_trace() {
    let (w, batches) = history();
    let fails = |batches: &[ExecutedBatch]| {
        let trace = generate(LOG_HEIGHT, w.chain_id, &w.prev, batches, &mut Tables::default());
        assert!(matches!(trace, Err(TraceError::Inconsistent { .. })));
    };
    fails(&[]);
    let mut bad = batches.clone();
    bad[0].header.transactions += 1;
    fails(&bad);
    let mut bad = batches.clone();
    bad[0].entries[0].accesses[2] = None;
    fails(&bad);
    let mut bad = batches.clone();
    bad[1].header.withdrawals += 1;
    fails(&bad);
    let mut bad = batches.clone();
    (bad[1].entries[6].no_op, bad[1].entries[6].accesses) = (None, [None; 6]);
    fails(&bad);
    let mut bad = batches.clone();
    if let Some(access) = &mut bad[1].entries[0].accesses[1] {
        access.old.0[0] += F::ONE;
    }
    fails(&bad);
}

/// Carries of the counter, which the history does not have.
#[test]
fn account_numbers_carry() {
    let mut w = World::new(0xffff);
    let entries = vec![w.queue(to_key(9, 7, 1)), w.queue(to_key(10, 0, 1))];
    let batch = w.seal(1, entries);
    let trace = prove(&w, LOG_HEIGHT, &[batch], &mut Tables::default());
    assert_eq!(refusals(&w, &trace.main), Default::default());
    assert!(trace.cells.iter().any(|c| c.at == CellAddress::account(AccountId(0x1_0000))));
}

#[test]
fn names_and_flags_fit_the_trace() {
    let chip = Transaction { log_height: 3 };
    assert_eq!(chip.column_names().len(), chip.width());
    let fixed = chip.fixed().expect("flags");
    let ones: Vec<usize> = (0..16).filter(|i| fixed.values[*i].as_canonical_u32() == 1).collect();
    assert_eq!(ones, [0, 15]);
}
