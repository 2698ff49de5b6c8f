//! The real machine on random batches, on any number of threads, and against damaged bytes.

use aludel_bench::Scenario;
use aludel_circuits::Shape;
use aludel_ledger::SealedBatch;
use aludel_protocol::codec::{Kind, decode, encode};
use aludel_protocol::{Amount, Deposit, Entry, QueueItem, Statement, TokenId};
use aludel_prover::Prover;
use aludel_verifier::format::PREFIX_BYTES;
use aludel_verifier::verify::{Expectations, verify};
use aludel_witness::Shard;
use proptest::prelude::*;

use crate::slice::{BATCHES, PROOF, PROVER, SHARD};

/// Wallets of a random chain.
const WALLETS: usize = 4;

/// An entry after the accounts are open.
#[derive(Clone, Debug)]
enum Step {
    Pay { from: usize, to: usize, token: u16, amount: u128, fee: u64 },
    Fund { to: usize, token: u16, amount: u128 },
}

fn step() -> impl Strategy<Value = Step> {
    let token = || prop_oneof![Just(0_u16), Just(3)];
    // Amounts of every size of limb, of which seven payments and their fees stay below the funds.
    let amount = || (0..67_u32, any::<u128>()).prop_map(|(bits, x)| x & ((1 << bits) - 1));
    prop_oneof![
        2 => (0..WALLETS, 0..WALLETS, token(), amount(), any::<u64>())
            .prop_map(|(from, to, token, amount, fee)| Step::Pay { from, to, token, amount, fee }),
        1 => (0..WALLETS, token(), amount()).prop_map(|(to, token, amount)| Step::Fund { to, token, amount }),
    ]
}

/// Batches of at most 20 entries together, after one that opens and funds the accounts.
fn history(scenario: &mut Scenario, batches: &[Vec<Step>]) -> Vec<SealedBatch> {
    let deposits = [scenario.openings(), scenario.top_ups()].concat();
    let mut paid = [0; WALLETS];
    let mut out = vec![scenario.seal(deposits)];
    for batch in batches {
        let mut entries = Vec::new();
        for step in batch {
            match *step {
                // The window's last epoch is kept.
                Step::Pay { from, .. } if paid[from] == 7 => {}
                Step::Pay { from, to, token, amount, fee } => {
                    paid[from] += 1;
                    entries.push(Entry::Transfer(scenario.pay(from, to, token, amount, fee)));
                }
                Step::Fund { to, token, amount } => {
                    let deposit = Deposit::ToAccount { account: aludel_bench::account(to) };
                    let item = QueueItem { token: TokenId(token), amount: Amount(amount), deposit };
                    entries.push(Entry::Queue(item));
                }
            }
        }
        out.push(scenario.seal(entries));
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

#[test]
fn flipped_bytes_of_a_real_proof_are_refused() {
    let length = PROOF.bytes.len();
    let positions =
        (0..PREFIX_BYTES).step_by(7).chain((PREFIX_BYTES..length).step_by(length / 150)).chain([length - 1]);
    for at in positions {
        let mut bytes = PROOF.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        assert!(verify(&bytes, &Expectations::default()).is_err(), "byte {at} of {length} does not matter");
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
