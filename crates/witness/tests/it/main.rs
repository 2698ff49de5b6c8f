//! Shards from honest and from bad batches.

use aludel_bench::{OPERATOR, Scenario};
use aludel_circuits::check::Checker;
use aludel_circuits::{MachineChip, Shape, TraceError};
use aludel_ledger::{BatchBuilder, SealedBatch, replay_run};
use aludel_protocol::{AccountId, Digest, Entry};
use aludel_witness::{Demand, Shard, WitnessError};

fn batches() -> Vec<SealedBatch> {
    Scenario::new(3, 3).every_kind()
}

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
    let shard = Shard::generate(&batches(), None).expect("honest");
    assert_eq!(shard.shape, Shape::Tiny);
    assert_eq!(violations(&shard), 0);
    let mut other = shard;
    other.statement.next.queue_index.0 += 1;
    assert_ne!(violations(&other), 0);
}

#[test]
fn threads_do_not_change_a_cell() {
    let made = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| Shard::generate(&batches(), None).expect("honest").traces)
    };
    let one = made(1);
    assert!(one == made(2) && one == made(8));
}

/// The demand is what decides when a batch is closed: too low, and a sealed batch could not be proven.
#[test]
fn demand_counts_the_rows_that_traces_take() {
    let batches = batches();
    let trusting = |claims: &[aludel_ledger::Claim<'_>]| vec![Ok::<(), String>(()); claims.len()];
    let replay = replay_run(&batches, &trusting).expect("honest");
    let shard = Shard::generate(&batches, None).expect("honest");
    let transfers = 6;
    let nodes = replay.state.update().nodes.len();
    let cells = replay.state.cells();
    // 157 permutations a signature, two a node, two a cell, and the calls of entries, seals and statement.
    let hashes = 3 * transfers + 4 * 6 + 2 * 2 + 5 + 2 * cells.len();
    assert_eq!(shard.demand.transfers(), transfers);
    assert_eq!(shard.demand.permutations(), 157 * transfers + 2 * nodes + hashes);
}

#[test]
fn a_shape_that_is_too_small_is_named_before_any_trace() {
    let mut scenario = Scenario::new(23, 1);
    let openings = scenario.openings();
    scenario.seal(openings);
    let payments = (0..23).map(|i| Entry::Transfer(scenario.pay(i, 0, 0, 1, 0))).collect();
    let batch = scenario.seal(payments);
    let got = Shard::generate(std::slice::from_ref(&batch), Some(Shape::Tiny));
    let Err(WitnessError::Trace(TraceError::Full { chip, needed, available })) = got else {
        panic!("23 signatures fit where 22 do")
    };
    assert_eq!((chip, needed, available), ("signature", 23 * 45, 1024));
    assert_eq!(Shard::generate(&[batch], None).expect("a larger shape holds them").shape, Shape::Small);
}

#[test]
fn a_false_signature_is_named() {
    let mut bad = batches();
    let Entry::Transfer(signed) = &mut bad[1].batch.entries[4] else { panic!("a transfer") };
    signed.signature.path[7] = Digest::ZERO;
    assert!(matches!(Shard::generate(&bad, None), Err(WitnessError::Signature { position: 4, .. })));
}

#[test]
fn batches_that_do_not_replay_are_refused() {
    let mut gap = batches();
    gap.remove(0);
    gap[0].prev.number.0 += 1;
    assert!(matches!(Shard::generate(&gap, None), Err(WitnessError::Replay(_))));
    assert!(matches!(Shard::generate(&[], None), Err(WitnessError::Replay(_))));
}

#[test]
fn a_run_of_empty_batches_is_refused_and_one_among_others_is_not() {
    let mut scenario = Scenario::new(2, 1);
    let openings = scenario.openings();
    let first = scenario.seal(openings);
    let empty = BatchBuilder::new(&mut scenario.chain, OPERATOR, 0).expect("numbers are left").seal();
    let alone = Shard::generate(std::slice::from_ref(&empty), None);
    assert!(matches!(alone, Err(WitnessError::Empty { first: 2, last: 2 })));
    assert_eq!(violations(&Shard::generate(&[first, empty], None).expect("honest")), 0);
}

#[test]
fn demand_of_nothing_is_nothing() {
    let mut demand = Demand::default();
    assert!(demand.is_empty() && demand.smallest() == Some(Shape::Tiny));
    demand.add(&Scenario::new(1, 1).openings()[0], OPERATOR, AccountId(1));
    assert!(!demand.is_empty());
}
