//! Programs run and checked: every row of every chip against what Plonky3 and the protocol compute.

mod attacks;
mod corruptions;
mod manifest;
mod sample;

use aludel_protocol::fe;
use p3_field::{Field, PrimeField32, TwoAdicField};
use p3_lookup::{InteractionSymbolicBuilder, LogUpGadget, Lookups};

use super::extension::challenge;
use super::*;
use crate::bus::MOST_READS;
use crate::check::{Checker, Violation};
use crate::chip::{Chip, TraceError};
use crate::tamper::Survey;
use aludel_protocol::{Challenge, F};
use p3_air::AirLayout;
use p3_field::PrimeCharacteristicRing;

use sample::{Sample, chips, native};

/// What the machine says of a program and a witness.
fn violations<W>(program: &Program<W>, witness: &W) -> Vec<Violation> {
    let e = execute(program, witness);
    let heights = Heights::of(program, 4);
    let chips = RecursionChip::of(program, &heights).expect("they fit");
    let mut checker = Checker::default();
    for (chip, main) in chips.iter().zip(machine::traces(&e, &heights).expect("they fit")) {
        checker.run(chip, &main, chip.given(PUBLIC));
    }
    checker.finish()
}

/// Public values of programs that have none of their own.
const PUBLIC: &[F] = &[fe(0); 16];

/// A circuit whose public values are zeros.
fn finish<W>(mut circuit: Circuit<W>) -> Program<W> {
    let zero = circuit.constant(F::ZERO);
    circuit.publish(&[zero; 16]);
    circuit.finish()
}

#[test]
fn an_honest_run_is_accepted() {
    let (program, values) = sample::program();
    let witness = Sample::new(7);
    let e = execute(&program, &witness);
    assert_eq!(e.check(), Ok(()));
    let native = native(&witness);
    assert_eq!(e.value(values.drawn), extension::coefficients(native.drawn));
    let sums: Vec<Challenge> = values.sums.iter().map(|s| challenge(e.value(s.value))).collect();
    assert_eq!(values.sums.iter().map(|s| s.exponent).collect::<Vec<_>>(), [0, 18, 35, 53, 63]);
    assert_eq!(sums, native.sums);
    assert_eq!(challenge(e.value(values.total)), native.total);
    assert_eq!(e.public()[..8], native.digest.0);
    let point = F::two_adic_generator(6).exp_u64(u64::from(native.index.reverse_bits() >> 26));
    assert_eq!(e.value(values.point)[0], point);
    assert_eq!(e.value(values.index)[0].as_canonical_u32(), native.index >> 2);
    assert_eq!(chips(&program, &witness).violations(), []);
}

#[test]
fn every_degree_is_three_at_most() {
    let heights = Heights::of(&sample::program().0, 4);
    for chip in RecursionChip::all(&heights) {
        let layout = AirLayout::from_air::<F>(&chip);
        let b = InteractionSymbolicBuilder::<F, Challenge>::from_air(&chip, layout);
        let degree = b.base_constraints().iter().map(|c| c.degree_multiple()).max().unwrap_or(0);
        let lookups = Lookups::from_air::<Challenge, _>(&chip).pack_same_bus(&LogUpGadget, 3);
        println!(
            "{:12} width {:4} fixed {:3} degree {degree} messages {:2} auxiliary {}",
            chip.name(),
            Chip::width(&chip),
            chip.fixed_width(),
            Survey::of(&chip).messages,
            lookups.iter().count(),
        );
        assert!(degree <= 3, "{}: degree {degree}", chip.name());
        assert_eq!(chip.fixed_names().len(), chip.fixed_width());
    }
}

/// The bound on reads times all ports of a machine of 2^15 rows each stays below `p`.
#[test]
fn counts_do_not_wrap() {
    let heights =
        Heights { sponge: 15, path: 15, alu: 15, transcript: 13, bits: 14, pack: 13, caps: 11, public: 4 };
    let weight = |chip: &RecursionChip| {
        let lookups = Lookups::<F>::from_air::<Challenge, _>(chip);
        let row: u64 = lookups.iter().map(|l| u64::from(l.count_weight)).sum();
        row << chip.log_height()
    };
    let total: u64 = RecursionChip::all(&heights).iter().map(weight).sum();
    println!("weight times height: {total} of {}", F::ORDER_U32);
    assert!(total < u64::from(F::ORDER_U32));
}

#[test]
fn a_value_that_is_read_often_is_copied() {
    let mut circuit = Circuit::<()>::default();
    let three = circuit.constant(fe(3));
    let reads = 5 * MOST_READS;
    (0..reads).for_each(|_| circuit.assert_is(three, fe(3)));
    let program = finish(circuit);
    assert!(program.reads().iter().all(|n| *n <= MOST_READS));
    assert!(program.reads().iter().sum::<u32>() > reads);
    assert_eq!(violations(&program, &()), []);
}

#[test]
fn arithmetic_is_the_fields() {
    let mut c = Circuit::<[Challenge; 2]>::default();
    let hints = c.hint_challenges(2, |w: &[Challenge; 2]| {
        w.iter().flat_map(|x| extension::coefficients(*x)).collect()
    });
    let hashed = c.hash_challenges(&hints);
    c.reveal(hashed);
    let [x, y] = [hints[0], hints[1]];
    let results = [
        c.add(x, y),
        c.sub(x, y),
        c.mul(x, y),
        c.affine(x, fe(3), fe(4)),
        c.arithmetic(x, y, [fe(2), fe(3), fe(4), fe(5)]),
        c.invert(y),
        c.exp_power_of_2(x, 3),
        c.sum(&[x, y, x]),
    ];
    let (ten, base) = (c.constant(fe(10)), c.unpack(x));
    let again = c.pack(&base);
    c.assert_equal(x, again);
    c.assert_is(ten, fe(10));
    let program = finish(c);
    let [a, b] = [challenge([3, 1, 4, 1, 5].map(fe)), challenge([9, 2, 6, 5, 3].map(fe))];
    let e = execute(&program, &[a, b]);
    assert_eq!(e.check(), Ok(()));
    let expected = [
        a + b,
        a - b,
        a * b,
        a * fe(3) + fe(4),
        a * b * fe(2) + a * fe(3) + b * fe(4) + fe(5),
        b.inverse(),
        a.exp_u64(8),
        a + b + a,
    ];
    assert_eq!(results.map(|v| challenge(e.value(v))), expected);
}

#[test]
fn what_does_not_hold_is_named() {
    let mut circuit = Circuit::<F>::default();
    let hints = circuit.hint(1, |x| vec![*x]);
    circuit.adopt(&hints);
    circuit.stage("division");
    circuit.invert(hints[0]);
    circuit.stage("comparison");
    circuit.assert_is(hints[0], fe(5));
    let program = finish(circuit);
    assert_eq!(execute(&program, &fe(5)).check(), Ok(()));
    let stage = |x: u32| execute(&program, &fe(x)).check().map_err(|u| u.stage);
    assert_eq!((stage(6), stage(0)), (Err("comparison"), Err("division")));
    assert_eq!(violations(&program, &fe(5)), []);
    assert!(!violations(&program, &fe(6)).is_empty() && !violations(&program, &fe(0)).is_empty());
}

#[test]
#[should_panic(expected = "every value has a writer")]
fn a_hint_without_a_writer_is_a_fault() {
    let mut circuit = Circuit::<()>::default();
    circuit.hint(1, |()| vec![F::ONE]);
    circuit.finish();
}

#[test]
fn programs_that_do_not_fit_are_refused() {
    let (program, _) = sample::program();
    let heights = Heights::of(&program, 4);
    let small = Heights { sponge: heights.sponge - 1, ..heights };
    let error = RecursionChip::of(&program, &small).err();
    assert!(matches!(error, Some(TraceError::Full { chip: "sponge", .. })), "{error:?}");
    let e = execute(&program, &Sample::new(1));
    assert!(matches!(machine::traces(&e, &small), Err(TraceError::Full { chip: "sponge", .. })));
}

#[test]
#[should_panic(expected = "every hash is taken once")]
fn a_hash_that_nothing_takes_is_a_fault() {
    let mut circuit = Circuit::<()>::default();
    let one = circuit.constant(F::ONE);
    circuit.hash_challenges(&[one]);
    finish(circuit);
}

#[test]
#[should_panic(expected = "a hint among challenges is a challenge")]
fn a_base_hint_among_challenges_is_a_fault() {
    let mut circuit = Circuit::<()>::default();
    let hints = circuit.hint(1, |()| vec![F::ONE]);
    circuit.hash_challenges(&hints);
}

#[test]
#[should_panic(expected = "run to its end before another begins")]
fn transcripts_that_take_turns_are_a_fault() {
    let mut circuit = Circuit::<()>::default();
    let (mut one, mut other) = (circuit::Transcript::default(), circuit::Transcript::default());
    circuit.sample(&mut one);
    circuit.sample(&mut other);
    for _ in 0..8 {
        circuit.sample(&mut one);
    }
}

/// A witness that has too much or too little is run like any other: what is too much stays out of the memory.
#[test]
fn witnesses_of_other_lengths_are_cut_and_filled() {
    let mut c = Circuit::<[usize; 2]>::default();
    let hints = c.hint(2, |w: &[usize; 2]| vec![fe(7); w[0]]);
    c.adopt(&hints);
    let [three, bit] = [c.constant(fe(3)), c.constant(F::ONE)];
    let group = c.place(three, &[bit], |w: &[usize; 2]| vec![fe(9); w[1]]);
    let hashed = c.hash_challenges(&group);
    c.reveal(hashed);
    let program = finish(c);
    for (hinted, others) in [(2, 5), (9, 99), (1, 3), (0, 0)] {
        let e = execute(&program, &[hinted, others]);
        let base = |i: usize| if i < hinted { fe(7) } else { F::ZERO };
        assert_eq!([0, 1].map(|i| e.value(hints[i])[0]), [0, 1].map(base));
        let beside = core::array::from_fn(|i| if i < others { fe(9) } else { F::ZERO });
        assert_eq!(group.iter().map(|v| e.value(*v)).collect::<Vec<_>>(), [beside, [3, 0, 0, 0, 0].map(fe)]);
        assert_eq!((e.value(three)[0], e.value(bit)[0]), (fe(3), F::ONE));
        assert_eq!(violations(&program, &[hinted, others]), []);
    }
}
