//! Each corruption and the constraint that names it.

use std::collections::BTreeSet;

use aludel_protocol::{Digest, F, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::cases::CASES;
use super::trace::{Step, lay_out, write};
use super::*;
use crate::bus::Bus;
use crate::check::{Checker, Violation};
use crate::chip::TraceError;
use crate::machine::MachineChip;
use crate::signature::signer::end;
use crate::tamper::{Traces, uncovered};

const CHIP: Chain = Chain { log_height: 4 };

fn walk(chain: u8, digit: u8) -> ChainWalk {
    let start = Digest(core::array::from_fn(|i| fe(1000 * u32::from(chain) + i as u32)));
    ChainWalk { parameter: [1, 2, 3, 4, 5].map(fe), epoch: 9, chain, digit, start }
}

/// Two walks in each lane, of 7 and 5 steps, then padding.
fn walks() -> Vec<ChainWalk> {
    (0..10).map(|i| walk(i, if i < 5 { 0 } else { 2 })).collect()
}

fn message(walk: &ChainWalk) -> Vec<F> {
    let key = walk.parameter.into_iter().chain([walk.epoch, walk.chain.into(), walk.digit.into()].map(fe));
    key.chain(end(walk).0).collect()
}

/// Names of what breaks where signatures receive `walks`.
fn broken(trace: &RowMajorMatrix<F>, walks: &[ChainWalk]) -> BTreeSet<&'static str> {
    let mut checker = Checker::default();
    checker.run(&CHIP, trace, &[]);
    walks.iter().for_each(|walk| {
        checker.external(Bus::Chain, &message(walk), -1);
    });
    let name = |violation: Violation| match violation {
        Violation::Constraint { name, .. } => name,
        Violation::Bus { bus, .. } => bus,
    };
    checker.finish().into_iter().map(name).collect()
}

/// The first lane as the attacker writes it; the others only pad.
fn forge(change: impl Fn(&mut Vec<Step>)) -> RowMajorMatrix<F> {
    let mut lanes = lay_out(16, &[walk(3, 0)]).expect("fits");
    change(&mut lanes[0]);
    write(&lanes)
}

/// Honest steps on from the last one in the lane, up to its 16 rows, none of them the last of a walk.
fn go_on(lane: &mut Vec<Step>) {
    while lane.len() < 16 {
        let step = lane[lane.len() - 1];
        lane.push(Step { value: step.end(), place: step.place + F::ONE, last: F::ZERO, ..step });
    }
}

/// A lane of one walk from `place` that ends after `steps`; then it begins another, and pads.
fn one_walk(lane: &mut Vec<Step>, place: u32, steps: usize) {
    lane.truncate(1);
    (lane[0].place, lane[0].start) = (fe(place), fe(place));
    go_on(lane);
    lane.truncate(steps);
    lane[steps - 1].last = F::ONE;
    let next = lane[steps - 1].place;
    lane.push(Step { value: [F::ZERO; 8], place: next, start: next, last: F::ZERO, ..lane[0] });
    go_on(lane);
}

#[test]
fn honest_walks_balance() {
    let trace = generate(4, &walks()).expect("fits");
    assert!(broken(&trace, &walks()).is_empty());
    assert!(broken(&generate(4, &[]).expect("fits"), &[]).is_empty());
    let every: Vec<ChainWalk> = (0..7).map(|digit| walk(39 + digit, digit)).collect();
    assert!(broken(&generate(4, &every).expect("fits"), &every).is_empty());
}

#[test]
fn a_full_lane_may_end_with_its_walk() {
    let walks: Vec<ChainWalk> = (0..10).map(|i| walk(i, 0)).chain((0..5).map(|i| walk(i, 5))).collect();
    assert!(broken(&generate(4, &walks).expect("fits"), &walks).is_empty());
}

#[test]
fn a_message_without_its_walk_does_not_balance() {
    let trace = generate(4, &walks()).expect("fits");
    assert_eq!(broken(&trace, &walks()[1..]), ["chain"].into());
}

#[test]
fn walks_that_do_not_fit_or_have_no_step_are_refused() {
    let long: Vec<ChainWalk> = (0..15).map(|i| walk(i, 0)).collect();
    let full = TraceError::Full { chip: "chain", needed: 21, available: 16 };
    assert_eq!(generate(4, &long).err(), Some(full));
    for walk in [walk(0, 7), walk(46, 0)] {
        assert!(matches!(generate(4, &[walk]), Err(TraceError::Inconsistent { .. })));
    }
}

#[test]
fn a_shard_of_99_percent_fits() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut walks, mut steps) = (Vec::new(), 0);
    while steps < 2_550 - 6 {
        let digit = rng.random_range(0..7);
        walks.push(walk(rng.random_range(0..46), digit));
        steps += 7 - usize::from(digit);
    }
    assert!(generate(9, &walks).is_ok(), "{steps} of 2,560 steps");
}

#[test]
fn every_corruption_is_refused() {
    let mut honest = Traces::default();
    honest.chip(MachineChip::Chain(CHIP), generate(4, &walks()).expect("fits"), &[]).close();
    assert_eq!(honest.violations(), Vec::new());
    for case in CASES {
        case.run(&honest).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn no_column_constraint_or_bus_lacks_a_case() {
    assert_eq!(uncovered(&MachineChip::Chain(CHIP), CASES), Vec::<String>::new());
}

/// Every cell is determined in every row, padding included.
#[test]
fn no_cell_is_free() {
    let seed = 3;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let honest = generate(4, &walks()).expect("fits");
    for _ in 0..1000 {
        let mut trace = honest.clone();
        let cell = rng.random_range(0..trace.values.len());
        trace.values[cell] += fe(rng.random_range(1..1 << 30));
        assert!(!broken(&trace, &walks()).is_empty(), "seed {seed}, cell {cell}");
    }
}

#[test]
fn the_forger_is_honest_on_honest_input() {
    let trace = forge(|lane| one_walk(lane, 3 * 8, 7));
    assert!(broken(&trace, &[walk(3, 0)]).is_empty());
}

/// The message of a walk that no signature can ask for: its chain is no integer below 46, or its digit is not in
/// `0..7`.
fn foreign(trace: &RowMajorMatrix<F>) -> bool {
    let mut checker = Checker::default();
    checker.run(&CHIP, trace, &[]);
    let sent = checker.surplus(Bus::Chain);
    checker.constraints().is_empty() && sent.len() == 1 && sent.iter().all(|(f, _)| f[6] >= 46 || f[7] >= 7)
}

#[test]
fn a_walk_from_the_last_position_is_of_no_chain() {
    assert!(foreign(&forge(|lane| one_walk(lane, 3 * 8 + 7, 1))));
}

#[test]
fn a_walk_that_stops_early_is_of_no_chain() {
    for steps in 1..7 {
        assert!(foreign(&forge(|lane| one_walk(lane, 3 * 8, steps))));
    }
}

#[test]
fn a_walk_over_the_last_position_has_no_digit() {
    for steps in 8..15 {
        assert!(foreign(&forge(|lane| one_walk(lane, 3 * 8, steps))));
    }
}

#[test]
fn a_walk_from_another_chain_has_no_digit() {
    assert!(foreign(&forge(|lane| one_walk(lane, 3 * 8 - 1, 8))));
}

#[test]
fn a_skipped_step_is_refused() {
    let trace = forge(|lane| {
        let (rest, value) = (lane[4..7].to_vec(), lane[3].value);
        lane.truncate(3);
        lane.extend(rest);
        lane[3].value = value;
        lane[4].value = lane[3].end();
        lane[5].value = lane[4].end();
        lane.push(Step { start: lane[5].place, place: lane[5].place, last: F::ZERO, ..lane[0] });
        go_on(lane);
    });
    assert_eq!(broken(&trace, &[]), ["chain", "chain: the place advances by one"].into());
}

#[test]
fn a_digit_below_the_walks_is_refused() {
    let claim = |lane: &mut Vec<Step>| lane[..5].iter_mut().for_each(|step| step.start = fe(24));
    let first = forge(|lane| {
        one_walk(lane, 26, 5);
        claim(lane);
    });
    assert_eq!(broken(&first, &[]), ["chain", "chain: the first row begins a walk"].into());
    let later = forge(|lane| {
        one_walk(lane, 30, 1);
        lane.truncate(1);
        let mut walk = vec![Step { value: [F::ZERO; 8], ..lane[0] }];
        one_walk(&mut walk, 26, 5);
        claim(&mut walk);
        lane.extend(walk);
        lane.truncate(16);
    });
    assert_eq!(broken(&later, &[]), ["chain", "chain: a walk begins after the last step"].into());
}

#[test]
fn a_walk_may_not_wrap_around() {
    let walks = [walk(3, 0), walk(4, 0), walk(5, 5)];
    let steps = |i: usize, n| lay_out(16, &walks[i..=i]).expect("fits").swap_remove(0)[..n].to_vec();
    let [wrapped, long, short] = [steps(0, 7), steps(1, 7), steps(2, 2)];
    let trace = forge(|lane| *lane = [&wrapped[3..], &long, &short, &wrapped[..3]].concat());
    assert_eq!(broken(&trace, &walks), ["chain: the first row begins a walk"].into());
}

#[test]
fn another_key_or_epoch_within_a_walk_is_refused() {
    let change = |f: &dyn Fn(&mut Step)| {
        forge(|lane| {
            for i in 3..7 {
                f(&mut lane[i]);
                lane[i].value = lane[i - 1].end();
            }
        })
    };
    let epoch = change(&|step| step.epoch += F::ONE);
    assert_eq!(broken(&epoch, &[]), ["chain", "chain: the epoch continues"].into());
    let key = change(&|step| step.parameter[4] += F::ONE);
    assert_eq!(broken(&key, &[]), ["chain", "chain: the parameter continues"].into());
}

#[test]
fn a_walk_is_sent_once() {
    let trace = forge(|lane| lane[6].last = F::TWO);
    assert!(broken(&trace, &[walk(3, 0), walk(3, 0)]).contains("chain: last is boolean"));
}
