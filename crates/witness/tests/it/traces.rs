//! Traces of honest batches.

use aludel_bench::{FUNDS, OPERATOR, Scenario, TOKEN, owner};
use aludel_circuits::MachineChip;
use aludel_circuits::check::Checker;
use aludel_ledger::BatchBuilder;
use aludel_ledger::xmss::verify_batch;
use aludel_protocol::records::KeyBytes;
use aludel_protocol::{AccountId, Amount, Entry, QueueItem, TokenId};
use aludel_witness::Shard;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn violations(shard: &Shard) -> usize {
    let mut checker = Checker::default();
    let public = shard.statement.digest().0;
    for (chip, trace) in MachineChip::all(shard.shape).iter().zip(&shard.traces) {
        checker.run(chip, trace, &public);
    }
    checker.finish().len()
}

#[test]
fn honest_batches_satisfy_every_constraint_and_balance_every_bus() {
    let mut shard = Shard::generate(&Scenario::new(3, 3).every_kind(), None).expect("honest");
    assert_eq!(violations(&shard), 0);
    shard.statement.next.queue_index.0 += 1;
    assert_ne!(violations(&shard), 0);
}

#[test]
fn threads_do_not_change_a_cell() {
    let batches = Scenario::new(3, 3).every_kind();
    let made = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| Shard::generate(&batches, None).expect("honest").traces)
    };
    let one = made(1);
    assert!(one == made(2) && one == made(8));
}

#[test]
fn empty_batches_have_a_witness_alone_and_among_others() {
    let mut scenario = Scenario::new(2, 1);
    let openings = scenario.openings();
    let first = scenario.seal(openings);
    let empty = BatchBuilder::new(&mut scenario.chain, OPERATOR, 0).expect("numbers are left").seal();
    for run in [vec![empty.clone()], vec![first, empty]] {
        let mut shard = Shard::generate(&run, None).expect("honest");
        assert_eq!(violations(&shard), 0);
        shard.statement.next.state_root = shard.statement.next.headers;
        assert_ne!(violations(&shard), 0);
    }
}

/// Items of every kind to accounts that exist or do not, amounts at the ends, payments among operator and wallets.
fn odd_entry(scenario: &mut Scenario, rng: &mut ChaCha8Rng) -> Entry {
    let wallet = |rng: &mut ChaCha8Rng| rng.random_range(0..3);
    let token = TokenId([0, TOKEN.0, 0xffff][rng.random_range(0..3)]);
    let amount = [0, 1, u128::MAX - FUNDS, u128::MAX][rng.random_range(0..4)];
    let (from, to) = (wallet(rng), wallet(rng));
    match rng.random_range(0..8) {
        0 => Entry::Transaction(scenario.pay(from, to, 0, 1 << 60, 3)),
        1 => Entry::Transaction(scenario.withdraw(from, 0, 1, 0)),
        2 => Entry::Transaction(scenario.rotate(from, 0, 1)),
        _ => Entry::Queue(QueueItem {
            kind: [1, 1, 2, 3, 3, 9][rng.random_range(0..6)],
            token,
            amount: Amount(amount),
            account: AccountId([0, 1, 2, 3, 4, 99, u32::MAX][rng.random_range(0..7)]),
            l1: owner(wallet(rng)),
            key: KeyBytes([rng.random(); 32]),
        }),
    }
}

/// What the ledger seals has a witness, whichever entries it refused on the way.
#[test]
fn odd_runs_satisfy_every_constraint_and_balance_every_bus() {
    let mut withdrawals = 0;
    for seed in 0..6 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut scenario = Scenario::new(3, 4);
        let openings = scenario.openings();
        let mut run = vec![scenario.seal(openings)];
        for operator in [1, 3, 99] {
            let entries: Vec<_> = (0..9).map(|_| odd_entry(&mut scenario, &mut rng)).collect();
            let mut batch =
                BatchBuilder::new(&mut scenario.chain, AccountId(operator), 64).expect("numbers are left");
            batch.extend(entries, &verify_batch);
            withdrawals += batch.withdrawals().len();
            run.push(batch.seal());
        }
        for run in [&run[..], &run[1..2], &run[2..]] {
            let shard = Shard::generate(run, None).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
            assert_eq!(violations(&shard), 0, "seed {seed}");
        }
    }
    assert!(withdrawals > 20, "{withdrawals} withdrawals");
}
