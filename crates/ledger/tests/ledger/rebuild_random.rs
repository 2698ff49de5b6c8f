//! Random histories come back from what is published of them; and how fast.

use std::time::Instant;

use aludel_ledger::batch::Rebuild;
use aludel_ledger::{BatchBuilder, Chain};
use aludel_protocol::{AccountId, Action, Amount, Entry, Epoch, PublishedBatch, QueueItem};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::public::History;
use crate::rebuild::check;
use crate::stub::*;

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
    #![proptest_config(ProptestConfig {
        cases: 150,
        rng_seed: RngSeed::Fixed(0x5eed),
        failure_persistence: None,
        ..Default::default()
    })]

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
