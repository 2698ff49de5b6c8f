//! Traces of honest batches.

use aludel_bench::{OPERATOR, Scenario};
use aludel_circuits::MachineChip;
use aludel_circuits::check::Checker;
use aludel_ledger::BatchBuilder;
use aludel_witness::{Shard, WitnessError};

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
fn a_run_of_empty_batches_is_refused_and_one_among_others_is_not() {
    let mut scenario = Scenario::new(2, 1);
    let openings = scenario.openings();
    let first = scenario.seal(openings);
    let empty = BatchBuilder::new(&mut scenario.chain, OPERATOR, 0).expect("numbers are left").seal();
    let alone = Shard::generate(std::slice::from_ref(&empty), None);
    assert!(matches!(alone, Err(WitnessError::Empty { first: 2, last: 2 })));
    assert_eq!(violations(&Shard::generate(&[first, empty], None).expect("honest")), 0);
}
