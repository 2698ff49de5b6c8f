//! Traces of honest batches.

use aludel_bench::{OPERATOR, Scenario};
use aludel_circuits::MachineChip;
use aludel_circuits::check::Checker;
use aludel_ledger::BatchBuilder;
use aludel_witness::Shard;

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
