//! Random histories: ledger and model agree on what enters, on every cell, and after replay.

use aludel_ledger::batch::PushError;
use aludel_ledger::{BatchBuilder, Chain, ExecuteError, PartialState, SealedBatch, replay, replay_run};
use aludel_protocol::{AccountId, BatchNumber, ChainId, Digest, Entry, Epoch, Sequence, Transfer};
use proptest::prelude::*;

use crate::model::Model;
use crate::stub::*;

/// An entry to be, relative to the state in which its turn comes.
#[derive(Clone, Debug)]
enum Op {
    ToKey { token: u16, amount: u128 },
    ToAccount { account: u32, token: u16, amount: u128 },
    Transfer { from: u32, to: u32, token: u16, amount: Part, fee: Fee, twist: Twist },
}

/// An amount relative to what the sender holds.
#[derive(Clone, Copy, Debug)]
enum Part {
    Exactly(u128),
    /// So much less (or, wrapping, more) than everything but the fee.
    AllBut(u128),
}

type Fee = u64;

/// What is wrong with a transfer, if anything.
#[derive(Clone, Copy, Debug)]
enum Twist {
    None,
    Epoch(u32),
    Replay,
    Ahead,
    UsedEpoch,
    LastEpoch,
    Expiry(u32),
    Chain,
    Version,
    Signer(u32),
}

fn amount() -> impl Strategy<Value = u128> {
    prop_oneof![25 => 0..300u128, 1 => Just(u128::MAX), 1 => (u128::MAX - 1000)..u128::MAX, 1 => Just(1 << 64)]
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        8 => amount().prop_map(Part::Exactly),
        3 => prop_oneof![Just(0), Just(1), Just(u128::MAX)].prop_map(Part::AllBut),
    ]
}

fn twist() -> impl Strategy<Value = Twist> {
    use Twist::*;
    prop_oneof![
        20 => Just(None),
        2 => (0..50u32).prop_map(Epoch),
        1 => Just(Replay),
        1 => Just(Ahead),
        1 => Just(UsedEpoch),
        1 => Just(LastEpoch),
        1 => (0..4u32).prop_map(Expiry),
        1 => Just(Chain),
        1 => Just(Version),
        1 => (0..5u32).prop_map(Signer),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let token = || prop_oneof![12 => Just(0u16), 3 => Just(1), 1 => Just(u16::MAX)];
    let account = || prop_oneof![50 => 1..6u32, 1 => Just(0), 1 => Just(u32::MAX), 1 => Just(7)];
    let fee = prop_oneof![30 => 0..10u64, 1 => Just(u64::MAX)];
    prop_oneof![
        2 => (token(), amount()).prop_map(|(token, amount)| Op::ToKey { token, amount }),
        2 => (1..8u32, token(), amount())
            .prop_map(|(account, token, amount)| Op::ToAccount { account, token, amount }),
        12 => (account(), account(), token(), part(), fee, twist()).prop_map(
            |(from, to, token, amount, fee, twist)| Op::Transfer { from, to, token, amount, fee, twist }
        ),
    ]
}

/// The transfer and the key that signs it.
fn make_transfer(model: &Model, op: &Op) -> Option<(Transfer, Digest)> {
    let Op::Transfer { from, to, token, amount, fee, twist } = *op else { return None };
    let (sequence, next_epoch) = model.account(from).map_or((0, 0), |a| (a.sequence, a.next_epoch));
    let amount = match amount {
        Part::Exactly(amount) => amount,
        Part::AllBut(rest) => model.balance(from, token).wrapping_sub(fee.into()).wrapping_sub(rest),
    };
    let mut t = Transfer { epoch: Epoch(next_epoch), ..transfer(from, to, token, amount, fee, sequence) };
    let mut signer = model.account(from).map_or_else(|| key(from % 100), |a| a.key);
    match twist {
        Twist::None => {}
        Twist::Epoch(skip) => t.epoch.0 += skip,
        Twist::Replay => t.sequence = Sequence(sequence.wrapping_sub(1)),
        Twist::Ahead => t.sequence.0 += 1,
        Twist::UsedEpoch => t.epoch = Epoch(next_epoch.wrapping_sub(1)),
        Twist::LastEpoch => t.epoch = Epoch((1 << 20) - 1),
        Twist::Expiry(n) => t.expiry = BatchNumber(n),
        Twist::Chain => t.chain_id = ChainId(CHAIN.0 + 1),
        Twist::Version => t.protocol_version = 0,
        Twist::Signer(n) => signer = key(n),
    }
    Some((t, signer))
}

fn make_entry(model: &Model, op: &Op) -> (Entry, Digest) {
    match *op {
        Op::ToKey { token, amount } => {
            (Entry::Queue(to_key(model.accounts.len() as u32 + 1, token, amount)), Digest::ZERO)
        }
        Op::ToAccount { account, token, amount } => {
            (Entry::Queue(to_account(account, token, amount)), Digest::ZERO)
        }
        Op::Transfer { .. } => {
            let (t, signer) = make_transfer(model, op).expect("a transfer");
            (Entry::Transfer(sign_with(&signer, t)), signer)
        }
    }
}

/// What the model says: whether the entry enters.
fn expect(model: &mut Model, batch: u32, operator: u32, entry: &Entry, signer: &Digest) -> bool {
    let mut next = model.clone();
    let accepted = match entry {
        Entry::Queue(item) => next.deposit(item),
        Entry::Transfer(signed) => next.transfer(batch, operator, &signed.transfer, signer),
    };
    if accepted.is_some() {
        *model = next;
    }
    accepted.is_some()
}

/// Builds one batch of operations on both; all at once, so that signatures are judged before execution.
fn build(chain: &mut Chain, model: &mut Model, operator: u32, ops: &[Op]) -> (SealedBatch, Vec<Entry>) {
    let number = chain.checkpoint.number.0 + 1;
    let mut builder = BatchBuilder::new(chain, AccountId(operator), 100).expect("numbers are left");
    let (mut entries, mut refused, mut stopped) = (Vec::new(), Vec::new(), false);
    for op in ops {
        let (entry, signer) = make_entry(model, op);
        let is_item = matches!(entry, Entry::Queue(_));
        if (is_item && stopped) || !expect(model, number, operator, &entry, &signer) {
            stopped |= is_item;
            refused.push(entry.clone());
        }
        entries.push(entry);
    }
    let found = builder.extend(entries, &verify);
    assert!(
        found.iter().all(|(_, e)| !matches!(e, PushError::Execute(ExecuteError::Fault(_)) | PushError::Full))
    );
    assert_eq!(found.into_iter().map(|(entry, _)| entry).collect::<Vec<_>>(), refused);
    (builder.seal(), refused)
}

/// Every access reads what the last one to its cell left, from the first values to the last.
fn check_memory(state: &PartialState, accesses: &[Vec<aludel_protocol::cell::Accesses>]) {
    let mut memory: std::collections::BTreeMap<_, _> = state.cells().iter().map(|c| (c.at, c.old)).collect();
    for access in accesses.iter().flatten().flatten().flatten() {
        assert_eq!(memory.insert(access.at, access.new), Some(access.old));
    }
    assert!(state.cells().iter().all(|c| memory[&c.at] == c.new));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn ledger_and_model_agree(
        start in 0..5u32,
        batches in prop::collection::vec((1..6u32, prop::collection::vec(op(), 0..25)), 1..5),
    ) {
        let (mut chain, first) = funded(start, 1000);
        let mut model = Model::default();
        (1..=start).for_each(|n| model.deposit(&to_key(n, 0, 1000)).expect("credited"));
        let mut run = vec![first];
        for (operator, ops) in &batches {
            let (sealed, _) = build(&mut chain, &mut model, *operator, ops);
            prop_assert_eq!(chain.state.cells(), model.cells());
            let replayed = replay(&sealed, &verify).expect("replays");
            prop_assert_eq!(replayed.next, chain.checkpoint);
            prop_assert_eq!(sealed.next(), Ok(chain.checkpoint));
            check_memory(&replayed.state, &replayed.accesses);
            prop_assert_eq!(SealedBatch::from_bytes(&sealed.to_bytes()), Ok(sealed.clone()));
            run.push(sealed);
        }
        let replayed = replay_run(&run, &verify).expect("replays");
        prop_assert_eq!(replayed.prev, Chain::genesis(CHAIN).checkpoint);
        prop_assert_eq!(replayed.next, chain.checkpoint);
        let update = replayed.state.update();
        prop_assert_eq!(update.old_root, replayed.prev.state_root);
        prop_assert_eq!(update.new_root, replayed.next.state_root);
        check_memory(&replayed.state, &replayed.accesses);
    }
}

#[test]
fn histories_are_not_empty() {
    // The generator must make both kinds of outcome, or agreement says nothing.
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..20 {
        let ops = prop::collection::vec(op(), 25).new_tree(&mut runner).expect("generates").current();
        let (mut chain, _) = funded(4, 1000);
        let mut model = Model::default();
        (1..=4).for_each(|n| model.deposit(&to_key(n, 0, 1000)).expect("credited"));
        let (sealed, out) = build(&mut chain, &mut model, 2, &ops);
        taken += sealed.batch.entries.len();
        refused += out.len();
    }
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
}
