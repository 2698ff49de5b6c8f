//! The real machine on random batches, on any number of threads, and against damaged bytes.

use aludel_adversary::honest::{BATCHES, PROOF, PROVER, SHARD};
use aludel_bench::{OPERATOR, Scenario, owner};
use aludel_circuits::Shape;
use aludel_ledger::xmss::verify_batch;
use aludel_ledger::{BatchBuilder, SealedBatch};
use aludel_protocol::codec::{Kind, decode, encode};
use aludel_protocol::{AccountId, Amount, Entry, KeyBytes, QueueItem, Statement, TokenId};
use aludel_prover::Prover;
use aludel_verifier::verify::{Expectations, verify};
use aludel_witness::Shard;
use proptest::prelude::*;

/// Wallets of a random chain.
const WALLETS: usize = 4;

/// An entry after the accounts are open.
#[derive(Clone, Debug)]
enum Step {
    Sign { from: usize, what: What, token: u16, amount: u128, fee: u64 },
    Item(QueueItem),
}

#[derive(Clone, Copy, Debug)]
enum What {
    Pay { to: usize },
    Withdraw,
    Rotate,
}

fn token() -> impl Strategy<Value = u16> {
    prop_oneof![Just(0_u16), Just(3)]
}

/// Amounts of every size of limb, of which seven payments and their fees stay below the funds.
fn amount() -> impl Strategy<Value = u128> {
    (0..67_u32, any::<u128>()).prop_map(|(bits, x)| x & ((1 << bits) - 1))
}

fn what() -> impl Strategy<Value = What> {
    let pay = (0..WALLETS).prop_map(|to| What::Pay { to });
    prop_oneof![3 => pay, 1 => Just(What::Withdraw), 1 => Just(What::Rotate)]
}

/// An item of any kind, that may overflow, name accounts that do not exist, and ask for what is another's.
fn item() -> impl Strategy<Value = QueueItem> {
    let amount = prop_oneof![3 => amount(), 1 => Just(u128::MAX)];
    let account = prop_oneof![4 => 1..WALLETS as u32 + 3, 1 => Just(0), 1 => any::<u32>()];
    let kind = prop_oneof![5 => 1..4_u16, 1 => any::<u16>()];
    (kind, token(), amount, account, 0..WALLETS, any::<[u8; 32]>()).prop_map(
        |(kind, token, amount, account, wallet, key)| QueueItem {
            kind,
            token: TokenId(token),
            amount: Amount(amount),
            account: AccountId(account),
            l1: owner(wallet),
            key: KeyBytes(key),
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let sign = (0..WALLETS, what(), token(), amount(), any::<u64>())
        .prop_map(|(from, what, token, amount, fee)| Step::Sign { from, what, token, amount, fee });
    prop_oneof![3 => sign, 2 => item().prop_map(Step::Item)]
}

impl Step {
    fn entry(&self, scenario: &mut Scenario) -> Entry {
        match *self {
            Self::Item(item) => Entry::Queue(item),
            Self::Sign { from, what, token, amount, fee } => Entry::Transaction(match what {
                What::Pay { to } => scenario.pay(from, to, token, amount, fee),
                What::Withdraw => scenario.withdraw(from, token, amount, fee),
                What::Rotate => scenario.rotate(from, token, fee),
            }),
        }
    }
}

/// Batches of at most 20 entries together, after one that opens and funds the accounts. What a forced withdrawal
/// leaves without funds is refused and left out, and so are its sender's later transactions.
fn history(scenario: &mut Scenario, batches: &[Vec<Step>]) -> Vec<SealedBatch> {
    let deposits = [scenario.openings(), scenario.top_ups()].concat();
    let mut out = vec![scenario.seal(deposits)];
    let mut signed = [0; WALLETS];
    for batch in batches {
        let within = |step: &&Step| match step {
            Step::Item(_) => true,
            // The window's last epoch is kept.
            Step::Sign { from, .. } => {
                signed[*from] += 1;
                signed[*from] <= 7
            }
        };
        let steps: Vec<_> = batch.iter().filter(within).collect();
        let entries: Vec<_> = steps.into_iter().map(|step| step.entry(scenario)).collect();
        let mut builder =
            BatchBuilder::new(&mut scenario.chain, OPERATOR, entries.len()).expect("numbers are left");
        builder.extend(entries, &verify_batch);
        out.push(builder.seal());
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 16, ..ProptestConfig::default() })]

    #[test]
    fn random_batches_prove_and_verify(
        batches in prop::collection::vec(prop::collection::vec(step(), 0..6), 0..4),
        first in 0..2_usize,
    ) {
        let sealed = history(&mut Scenario::new(WALLETS, 3), &batches);
        // A shard may begin anywhere in a chain.
        let run = &sealed[first.min(sealed.len() - 1)..];
        let shard = Shard::generate(run, Some(Shape::Tiny)).expect("honest batches have a witness");
        let proof = PROVER.prove(&shard.traces, &shard.statement).expect("an honest shard proves");
        let wants = Expectations { chain_id: Some(aludel_bench::CHAIN), statement: Some(shard.statement) };
        prop_assert_eq!(verify(&proof.bytes, &wants), Ok(shard.statement));
        prop_assert_eq!(shard.statement.next, run[run.len() - 1].next().expect("replays"));
    }
}

#[test]
fn bytes_do_not_depend_on_threads() {
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        let bytes = pool.install(|| {
            let shard = Shard::generate(&BATCHES, Some(Shape::Tiny)).expect("a witness");
            assert!(shard.traces == SHARD.traces, "traces on {threads} threads");
            let prover = Prover::new(Shape::Tiny).expect("the key is pinned");
            prover.prove(&shard.traces, &shard.statement).expect("proves").bytes
        });
        assert!(bytes == PROOF.bytes, "{threads} threads");
    }
}

/// A flipped bit of a statement's file either does not decode, or is another statement than the proof's.
#[test]
fn flipped_bytes_of_a_statement_are_refused() {
    let file = encode(Kind::Statement, &SHARD.statement);
    assert_eq!(decode::<Statement>(Kind::Statement, &file), Ok(SHARD.statement));
    for at in 0..file.len() {
        let mut bytes = file.clone();
        bytes[at] ^= 1 << (at % 8);
        if let Ok(statement) = decode::<Statement>(Kind::Statement, &bytes) {
            let wants = Expectations { chain_id: None, statement: Some(statement) };
            assert!(verify(&PROOF.bytes, &wants).is_err(), "byte {at} does not matter");
        }
    }
}
