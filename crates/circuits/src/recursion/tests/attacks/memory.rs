//! Attacks on the memory.

use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::finish;
use super::super::sample::{self, Sample, chips, leaf};
use super::probe::Rows;
use super::{get, refusals, rewrite, set, traces, wide};
use crate::bus::{Bus, CHALLENGE, Discipline};
use crate::chip::Chip;
use crate::recursion::alu::columns::AluColumns;
use crate::recursion::circuit::{Circuit, Transcript};
use crate::recursion::execute;
use crate::recursion::program::{Program, Value};

const SEED: u64 = 4;

/// `(bus, who is addressed, count)` of each message of a row; of what a table provides only who.
fn addresses(rows: &Rows, row: usize) -> Vec<(Bus, Vec<F>, Option<F>)> {
    let provides = rows.chip.name() == "caps";
    let messages = rows.probe(row).messages.into_iter();
    let address = |(bus, fields, count): (Bus, Vec<F>, F)| {
        let free = provides && bus.discipline() == Discipline::Table;
        (bus, fields[..if free { 2 } else { 1 }].to_vec(), (!free).then_some(count))
    };
    messages.map(address).collect()
}

/// So nobody can write a value twice, or read it where the key does not: only the caps' counts are the prover's.
#[test]
fn addresses_and_counts_are_the_keys() {
    let (program, _) = sample::program();
    println!("seed {SEED}");
    let rng = &mut ChaCha8Rng::seed_from_u64(SEED);
    let mut buses = std::collections::BTreeSet::new();
    for mut rows in Rows::all(&chips(&program, &Sample::new(7))) {
        let all = |rows: &Rows| (0..rows.main.len()).map(|r| addresses(rows, r)).collect::<Vec<_>>();
        let honest = all(&rows);
        buses.extend(honest.iter().flatten().map(|(bus, ..)| *bus));
        rows.main.iter_mut().flatten().for_each(|x| *x = fe(rng.random_range(0..1 << 30)));
        assert_eq!(all(&rows), honest, "{}", rows.chip.name());
    }
    assert_eq!(buses, Bus::RECURSION.into());
}

#[test]
fn a_value_is_read_as_it_was_written() {
    let mut c = Circuit::<()>::default();
    let three = c.constant(fe(3));
    let copy = c.affine(three, F::ONE, F::ZERO);
    let program = finish(c);
    let honest = traces(&program, &execute(&program, &()));
    for i in 0..CHALLENGE {
        // The lane reads another number and copies it: its own law holds.
        let mut forged = honest.clone();
        let mut row: AluColumns<F> = get(&mut forged, "alu", 0);
        assert_eq!((row.lane[0].c, row.lane[1].a, row.lane[1].c), (wide(fe(3)), wide(fe(3)), wide(fe(3))));
        row.lane[1].a[i] += F::ONE;
        row.lane[1].c[i] += F::ONE;
        set(&mut forged, "alu", 0, row);
        assert_eq!(forged.refused_by(), refusals(&["bus value"]));
    }
    assert_eq!((program.reads()[copy.index()], program.reads()[three.index()]), (0, 1));
}

#[test]
#[should_panic(expected = "a value has one writer")]
fn a_value_is_not_brought_in_twice() {
    let mut c = Circuit::<()>::default();
    let hints = c.hint(1, |()| vec![F::ONE]);
    c.adopt(&hints);
    c.adopt(&hints);
}

/// A value that a row hashes, as a challenge of five coefficients, and a way to read it as one element.
fn challenge(read: impl Fn(&mut Circuit<[F; 5]>, Value)) -> Program<[F; 5]> {
    let mut c = Circuit::<[F; 5]>::default();
    let value = c.hint_challenges(1, |w: &[F; 5]| w.to_vec())[0];
    let hashed = c.hash_challenges(&[value]);
    c.reveal(hashed);
    read(&mut c, value);
    finish(c)
}

#[test]
fn a_challenge_is_not_read_as_one_element() {
    type Read = fn(&mut Circuit<[F; 5]>, Value);
    let readers: [Read; 4] = [
        |c, value| {
            c.bits(value, 4);
        },
        |c, value| {
            let mut t = Transcript::default();
            c.observe(&mut t, value);
            c.sample(&mut t);
        },
        |c, value| {
            c.pack(&[value]);
        },
        |c, value| {
            // The last of sixteen, which has a port of its own.
            let zero = c.constant(F::ZERO);
            let fields: Vec<Value> = [zero; 15].into_iter().chain([value]).collect();
            let hashed = c.hash_fields(aludel_protocol::hash::Tag::Statement, &fields);
            c.reveal(hashed);
        },
    ];
    for (i, read) in readers.into_iter().enumerate() {
        let program = challenge(read);
        let run = |w: [u32; 5]| traces(&program, &execute(&program, &w.map(fe))).refused_by();
        assert_eq!(run([7, 0, 0, 0, 0]), refusals(&[]), "reader {i}");
        for upper in 1..CHALLENGE {
            let mut w = [7, 0, 0, 0, 0];
            w[upper] = 1;
            assert_eq!(run(w), refusals(&["bus value"]), "reader {i}, coefficient {upper}");
        }
    }
}

/// Leaves of each arity: what is hashed is what is computed with, across the ends of blocks as well.
#[test]
fn folded_values_are_the_hashed_ones() {
    for n in 1..=8 {
        let mut c = Circuit::<Vec<F>>::default();
        let values = c.hint_challenges(n, Clone::clone);
        let hashed = c.hash_challenges(&values);
        let digest = c.reveal(hashed);
        let copies: Vec<Value> = values.iter().map(|v| c.affine(*v, F::ONE, F::ZERO)).collect();
        let program = finish(c);
        let witness: Vec<F> = (0..n as u32 * 5).map(|i| fe(17 + i * i)).collect();
        let e = execute(&program, &witness);
        let honest = traces(&program, &e);
        assert_eq!(honest.refused_by(), refusals(&[]), "{n} values");
        assert_eq!(digest.map(|x| e.value(x)[0]), leaf(&witness), "{n} values");
        for (value, copy) in values.into_iter().zip(copies) {
            for i in 0..CHALLENGE {
                let mut other = e.value(value);
                other[i] += F::ONE;
                let mut forged = honest.clone();
                rewrite(&program, &mut forged, value, other);
                rewrite(&program, &mut forged, copy, other);
                assert_eq!(forged.refused_by(), refusals(&["bus value"]), "{n} values");
            }
        }
    }
}
