//! The chain from published data and the L1 queue: what comes out is what was sealed, or the place that does not fit.

use std::time::Instant;

use aludel_ledger::batch::{PublishError, Rebuild, RebuildError, Rebuilt, publish};
use aludel_ledger::execute::{ExecuteError, Refusal};
use aludel_ledger::{BatchBuilder, Chain};
use aludel_protocol::pubdata::{Field, Problem};
use aludel_protocol::{
    AccountId, Action, Amount, BatchNumber, ChainId, Entry, Epoch, PubdataError, PublishedBatch,
    PublishedEntry, PublishedTransaction, QueueIndex, QueueItem, TokenId,
};
use proptest::prelude::*;

use crate::public::*;
use crate::stub::*;

/// Rebuilds a history from its files.
fn rebuild(history: &History) -> (Rebuild, Vec<Rebuilt>) {
    let mut rebuild = Rebuild::new(CHAIN);
    let mut queue = history.queue.iter().copied();
    let files = history.published.iter().map(PublishedBatch::to_bytes);
    let rebuilt = files.map(|bytes| rebuild.bytes(&bytes, &mut queue).expect("rebuilds")).collect();
    (rebuild, rebuilt)
}

fn check(history: &History) {
    let (rebuild, rebuilt) = rebuild(history);
    assert_eq!(rebuilt.len(), history.batches.len());
    for (i, (sealed, rebuilt)) in history.batches.iter().zip(&rebuilt).enumerate() {
        assert_eq!(rebuilt.header, sealed.batch.header, "the header that is proven");
        assert_eq!((rebuilt.prev, rebuilt.next), (sealed.prev, history.checkpoint(i + 1)));
        assert_eq!(rebuilt.withdrawals, sealed.left().expect("replays").withdrawals);
        assert_eq!(sealed.published().as_ref(), Ok(&history.published[i]));
    }
    assert_eq!(rebuild.into_chain(), history.chain);
}

#[test]
fn a_history_comes_back() {
    let history = sample();
    check(&history);
    // What the data do not say was other than what rebuilding puts in its place.
    let transactions = history.batches.iter().flat_map(|sealed| {
        let number = sealed.batch.header.number;
        sealed.batch.entries.iter().filter_map(move |entry| match entry {
            Entry::Transaction(signed) => Some((number, signed.transaction)),
            Entry::Queue(_) => None,
        })
    });
    let differ = transactions.filter(|(number, t)| t.expiry != *number).count();
    assert_eq!(differ, 8);
}

#[test]
fn published_entries_are_those_of_the_batch() {
    let history = sample();
    let run = |items| PublishedEntry::Queue { items };
    let entries = history.published[1].entries();
    let runs: Vec<_> = entries.iter().filter(|e| matches!(e, PublishedEntry::Queue { .. })).collect();
    assert_eq!(runs, [&run(2), &run(6), &run(1)]);
    let jumps: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry {
            PublishedEntry::Transaction(t) => Some((t.from.0, t.epoch_jump)),
            PublishedEntry::Queue { .. } => None,
        })
        .collect();
    assert_eq!(jumps, [(1, 0), (1, 299), (1, 0), (5, 0), (4, (1 << 20) - 1), (4, 7)]);
    let sealed = &history.batches[1];
    let missing = publish(BatchNumber(2), AccountId(2), &sealed.batch.entries, &[]);
    assert_eq!(missing, Err(PublishError::NotExecuted { entry: 2 }));
}

#[test]
fn files_and_values_rebuild_alike() {
    let history = sample();
    let (_, rebuilt) = rebuild(&history);
    let mut rebuild = Rebuild::new(CHAIN);
    let mut queue = history.queue.iter().copied();
    for (batch, expected) in history.published.iter().zip(rebuilt) {
        assert_eq!(rebuild.batch(batch, &mut queue), Ok(expected));
    }
    assert_eq!(queue.len(), 1, "the queue is left behind the last item taken");
}

#[test]
fn another_chain_id_has_the_same_state_and_another_statement() {
    let history = sample();
    let mut other = Rebuild::new(ChainId(1));
    let mut queue = history.queue.iter().copied();
    history.published.iter().for_each(|b| drop(other.batch(b, &mut queue).expect("rebuilds")));
    assert_eq!(other.chain().checkpoint.state_root, history.chain.checkpoint.state_root);
    assert_ne!(
        other.chain().checkpoint.headers,
        history.chain.checkpoint.headers,
        "what is signed is public"
    );
}

/// The chain after the first batch, from which every test below goes on.
fn begun() -> (History, Rebuild) {
    let history = sample();
    let mut rebuild = Rebuild::new(CHAIN);
    rebuild.batch(&history.published[0], &mut history.queue.iter().copied()).expect("rebuilds");
    (history, rebuild)
}

/// What is wrong with `bytes` as the second batch; the chain must not change and must go on with the true one.
fn error_of(bytes: &[u8], items: &[QueueItem]) -> RebuildError {
    let (history, mut rebuild) = begun();
    let before = rebuild.clone();
    let error = rebuild.bytes(bytes, &mut items.iter().copied()).expect_err("does not fit");
    assert_eq!(rebuild, before);
    if let Ok(batch) = PublishedBatch::from_bytes(bytes) {
        assert_eq!(rebuild.batch(&batch, &mut items.iter().copied()), Err(error.clone()));
    }
    let mut queue = history.queue[4..].iter().copied();
    rebuild.batch(&history.published[1], &mut queue).expect("the true batch fits");
    error
}

fn second(transactions: &[PublishedTransaction]) -> PublishedBatch {
    let mut batch = PublishedBatch::new(BatchNumber(2), AccountId(2));
    batch.push_item();
    transactions.iter().for_each(|t| batch.push_transaction(*t));
    batch
}

fn pays(from: u32, epoch_jump: u32, amount: u128) -> PublishedTransaction {
    let action = Action::Transfer { to: AccountId(3), amount: Amount(amount) };
    PublishedTransaction { from: AccountId(from), token: TokenId(0), fee: 0, epoch_jump, action }
}

#[test]
fn batches_follow_one_another() {
    let history = sample();
    let (expected, items) = (BatchNumber(2), &history.queue[4..]);
    for (batch, found) in [(0, 1), (2, 3), (3, 4)] {
        let found = BatchNumber(found);
        let error = error_of(&history.published[batch].to_bytes(), items);
        assert_eq!(error, RebuildError::Number { expected, found });
    }
    let mut chain = Chain::genesis(CHAIN);
    chain.checkpoint.number = BatchNumber(u32::MAX);
    let error = Rebuild::from_chain(chain).batch(&history.published[0], &mut [].into_iter());
    assert_eq!(error, Err(RebuildError::LastNumber { number: BatchNumber(u32::MAX) }));
}

#[test]
fn damaged_bytes_have_their_position() {
    let (number, field) = (BatchNumber(2), Field::Amount);
    let mut bytes = second(&[pays(1, 0, 300), pays(1, 0, 300)]).to_bytes();
    bytes.pop();
    let position = bytes.len() - 1;
    let error = PubdataError::Body { position, entry: 2, problem: Problem::Ends { field } };
    assert_eq!(error_of(&bytes, &[to_account(1, 0, 1)]), RebuildError::Pubdata { number, error });
}

#[test]
fn the_first_misfit_counts_whatever_follows() {
    let batch = second(&[pays(1, 0, 5000), pays(1, 0, 300)]);
    let mut bytes = batch.to_bytes();
    bytes.push(0);
    let (number, entry, position) = (BatchNumber(2), 1, batch.position(1));
    assert!(matches!(
        error_of(&bytes, &[to_account(1, 0, 1)]),
        RebuildError::Entry {
            number: n, entry: e, position: p, error: ExecuteError::Refused(Refusal::Balance { .. })
        } if (n, e, p) == (number, entry, position)
    ));
}

#[test]
fn the_queue_has_what_was_consumed() {
    let batch = second(&[]);
    let (number, entry, position) = (BatchNumber(2), 0, batch.position(0));
    let index = QueueIndex(4);
    let expected = RebuildError::QueueEnds { number, entry, position, index };
    assert_eq!(error_of(&batch.to_bytes(), &[]), expected);
    let history = sample();
    let (entry, position) = (2, history.published[1].position(2));
    let index = QueueIndex(4 + 5);
    let error = error_of(&history.published[1].to_bytes(), &history.queue[4..9]);
    assert_eq!(error, RebuildError::QueueEnds { number, entry, position, index });
}

#[test]
fn transactions_keep_the_rules() {
    let first = |batch: PublishedBatch| match error_of(&batch.to_bytes(), &[to_account(1, 0, 1)]) {
        RebuildError::Entry { number: BatchNumber(2), entry, position, error } => {
            assert_eq!(position, batch.position(entry));
            (entry, error)
        }
        other => panic!("{other}"),
    };
    let (entry, error) = first(second(&[pays(1, 5, 1), pays(9, 0, 0)]));
    assert!(matches!((entry, error), (2, ExecuteError::Refused(Refusal::NoAccount { .. }))));
    let (entry, error) = first(second(&[pays(0, 0, 0)]));
    assert!(matches!((entry, error), (1, ExecuteError::Refused(Refusal::System { .. }))));
    for jump in [(1 << 20) - 1, u32::MAX] {
        let (entry, error) = first(second(&[pays(1, 5, 1), pays(1, jump, 1)]));
        assert!(matches!((entry, error), (2, ExecuteError::Refused(Refusal::LateEpoch { .. }))));
    }
}

#[test]
fn headers_count_no_further() {
    let mut batch = PublishedBatch::new(BatchNumber(2), AccountId(2));
    (0..=u32::from(u16::MAX)).for_each(|_| batch.push_item());
    let items = vec![to_account(1, 0, 0); 1 << 16];
    let (number, entry, position) = (BatchNumber(2), 0, batch.position(0));
    assert_eq!(error_of(&batch.to_bytes(), &items), RebuildError::Count { number, entry, position });
}

#[test]
fn other_data_have_other_headers() {
    let history = sample();
    let (last, first) = (history.published.len() - 1, rebuild(&history).1);
    let mut seen = [0; 2];
    for (i, batch) in history.published.iter().enumerate() {
        let honest = batch.to_bytes();
        for (at, bit) in (8..honest.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = honest.clone();
            bytes[at] ^= 1 << bit;
            let mut rebuild = Rebuild::new(CHAIN);
            let mut queue = history.queue.iter().copied();
            let before = history.published[..i].iter();
            before.for_each(|batch| drop(rebuild.batch(batch, &mut queue).expect("rebuilds")));
            match rebuild.bytes(&bytes, &mut queue) {
                Ok(rebuilt) => assert_ne!(rebuilt.next.headers, first[i].next.headers, "{at} {bit}"),
                Err(_) => assert_eq!(rebuild.chain().checkpoint, first[i].prev),
            }
            seen[usize::from(rebuild.chain().checkpoint == first[i].prev)] += 1;
        }
    }
    assert!(seen[0] > 100 && seen[1] > 100, "{seen:?} of {last}");
}

#[test]
fn another_queue_is_seen() {
    let history = sample();
    for i in 0..history.queue.len() - 1 {
        let mut other = sample();
        other.queue[i].l1.0[3] ^= 1;
        let mut rebuild = Rebuild::new(CHAIN);
        let mut queue = other.queue.iter().copied();
        let all: Result<Vec<_>, _> = other.published.iter().map(|b| rebuild.batch(b, &mut queue)).collect();
        if let Ok(rebuilt) = all {
            let queue = rebuilt.last().map(|last| last.next.queue);
            assert_ne!(queue, Some(history.chain.checkpoint.queue), "item {i}");
        }
    }
}

/// What an account does next, or L1 asks for.
#[derive(Clone, Debug)]
enum Op {
    Item(QueueItem),
    Act { from: u32, token: u16, fee: u64, skip: u32, act: Act },
}

#[derive(Clone, Debug)]
enum Act {
    Pay(u32, u128),
    Leave(u8, u128),
    Rotate(u32),
}

fn op() -> impl Strategy<Value = Op> {
    let account = 1..6u32;
    let token = || prop_oneof![3 => Just(0u16), 1 => Just(9)];
    let item = prop_oneof![
        (0..9u32, token(), 0..500u128).prop_map(|(n, token, amount)| to_key(n, token, amount)),
        (0..9u32, token(), any::<u128>()).prop_map(|(n, token, amount)| to_account(n, token, amount)),
        (1..9u32, token()).prop_map(|(n, token)| forced(n, token)),
        (any::<u16>(), token()).prop_map(|(kind, token)| QueueItem { kind, ..to_key(1, token, 5) }),
    ];
    let act = prop_oneof![
        4 => (1..6u32, 0..100u128).prop_map(|(to, amount)| Act::Pay(to, amount)),
        2 => (any::<u8>(), 0..100u128).prop_map(|(to, amount)| Act::Leave(to, amount)),
        1 => (0..100u32).prop_map(Act::Rotate),
    ];
    let skip = prop_oneof![3 => Just(0), 1 => 0..1000u32];
    prop_oneof![
        1 => item.prop_map(Op::Item),
        3 => (account, token(), 0..3u64, skip, act)
            .prop_map(|(from, token, fee, skip, act)| Op::Act { from, token, fee, skip, act }),
    ]
}

/// The entry of an operation where the chain has come to it: sequence and epoch as the account has them.
fn entry(op: &Op, accounts: &[(u32, u32)]) -> Entry {
    match op {
        Op::Item(item) => Entry::Queue(*item),
        Op::Act { from, token, fee, skip, act } => {
            let (sequence, epoch) = accounts.get(*from as usize).copied().unwrap_or_default();
            let action = match act {
                Act::Pay(to, amount) => Action::Transfer { to: AccountId(*to), amount: Amount(*amount) },
                Act::Leave(to, amount) => {
                    Action::Withdraw { to: owner((*to).into()), amount: Amount(*amount) }
                }
                Act::Rotate(n) => Action::Rotate { key: key(*n) },
            };
            let mut t = transaction(*from, *token, *fee, sequence, action);
            t.epoch = Epoch(epoch + skip);
            signed(t)
        }
    }
}

/// Two batches of what enters of these operations, after one that makes accounts.
fn history(ops: &[Op]) -> History {
    let anybody = |claims: &[aludel_ledger::Claim<'_>]| vec![Ok::<(), String>(()); claims.len()];
    let mut chain = Chain::genesis(CHAIN);
    let mut accounts = [(0, 0); 9];
    let first: Vec<_> = (1..=4).map(|n| Entry::Queue(to_key(n, 0, 1000))).collect();
    let mut batches = vec![(1, first)];
    seal(&mut chain, 1, batches[0].1.clone());
    for ops in ops.chunks(ops.len().div_ceil(2).max(1)) {
        let mut builder = BatchBuilder::new(&mut chain, AccountId(2), 1000).expect("numbers are left");
        for op in ops {
            let entry = entry(op, &accounts);
            if builder.push(entry.clone(), &anybody).is_ok()
                && let Entry::Transaction(signed) = &entry
            {
                let t = &signed.transaction;
                let next = if t.action.is_rotation() { 0 } else { t.epoch.0 + 1 };
                accounts[t.from.0 as usize] = (t.sequence.0 + 1, next);
            }
        }
        batches.push((2, builder.entries().to_vec()));
        builder.seal();
    }
    History::trusted(batches)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn random_histories_come_back(ops in prop::collection::vec(op(), 0..60)) {
        check(&history(&ops));
    }
}

#[test]
#[ignore = "a measurement"]
fn rebuilding_speed() {
    let transfers = 32_768;
    let accounts: Vec<Entry> = (1..=60_000).map(|n| Entry::Queue(to_key(n, 0, 1 << 60))).collect();
    let pays = |i: u32| signed(transfer(i + 1, (i * 40_503) % 60_000 + 1, 0, u128::from(i) * 30, 7, 0));
    let history = History::trusted(vec![(1, accounts), (1, (0..transfers).map(pays).collect())]);
    let files: Vec<_> = history.published.iter().map(PublishedBatch::to_bytes).collect();
    println!("{:.2} bytes a transfer", files[1].len() as f64 / f64::from(transfers));
    let mut rebuild = Rebuild::new(CHAIN);
    let mut queue = history.queue.iter().copied();
    for (what, count, file) in [("items", 60_000, &files[0]), ("transfers", transfers, &files[1])] {
        let start = Instant::now();
        rebuild.bytes(file, &mut queue).expect("rebuilds");
        println!("{:.0} {what} a second", f64::from(count) / start.elapsed().as_secs_f64());
    }
    assert_eq!(*rebuild.chain(), history.chain);
}
