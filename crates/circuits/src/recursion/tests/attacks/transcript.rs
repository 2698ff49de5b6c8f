//! Attacks on `transcript`.

use aludel_protocol::hash::{Perm16, perm16};
use aludel_protocol::{F, fe};
use p3_challenger::{CanObserve, CanSample, DuplexChallenger};
use p3_field::PrimeCharacteristicRing;
use p3_symmetric::Permutation;

use super::super::finish;
use super::{Forged, get, refusals, rewrite, set, traces, wide};
use crate::recursion::circuit::{Circuit, Transcript};
use crate::recursion::program::{Port, Program};
use crate::recursion::transcript::columns::TranscriptColumns;
use crate::recursion::{Value, execute};

const RATE: &str = "transcript: a squeeze keeps the rate";
const CAPACITY: &str = "transcript: the capacity goes on";

/// Eleven elements absorbed and three drawn, eight absorbed and ten drawn; a second transcript of eight; a third that draws at once.
const ABSORBED: usize = 11 + 8 + 8;
/// Rows in which a transcript begins.
const BEGIN: [usize; 3] = [0, 4, 5];
/// A row of three elements.
const SHORT: usize = 1;
/// A row that absorbs nothing and goes on.
const SQUEEZE: usize = 3;

/// The program; each element, absorbed or drawn, with the value that copies it.
fn program() -> (Program<Vec<F>>, [Vec<[Value; 2]>; 2]) {
    let mut c = Circuit::<Vec<F>>::default();
    let absorbed = c.hint(ABSORBED, Clone::clone);
    let mut drawn = Vec::new();
    let [mut first, mut second, mut third] = [(); 3].map(|()| Transcript::default());
    c.observe_all(&mut first, &absorbed[..11]);
    drawn.extend([(); 3].map(|()| c.sample(&mut first)));
    c.observe_all(&mut first, &absorbed[11..19]);
    drawn.extend([(); 10].map(|()| c.sample(&mut first)));
    c.observe_all(&mut second, &absorbed[19..]);
    drawn.extend([(); 8].map(|()| c.sample(&mut second)));
    drawn.extend([(); 8].map(|()| c.sample(&mut third)));
    let copied =
        [absorbed, drawn].map(|list| list.into_iter().map(|v| [v, c.affine(v, F::ONE, F::ZERO)]).collect());
    (finish(c), copied)
}

fn elements() -> Vec<F> {
    (0..ABSORBED as u32).map(|i| fe(9 + i * i)).collect()
}

/// What Plonky3 draws.
fn native() -> Vec<F> {
    let absorbed = elements();
    let mut drawn = Vec::new();
    let mut challengers = [(); 3].map(|()| DuplexChallenger::<F, Perm16, 16, 8>::new(perm16().clone()));
    let mut draw = |challenger: usize, absorbed: &[F], n: usize| {
        challengers[challenger].observe_slice(absorbed);
        drawn.extend((0..n).map(|_| -> F { challengers[challenger].sample() }));
    };
    draw(0, &absorbed[..11], 3);
    draw(0, &absorbed[11..19], 10);
    draw(1, &absorbed[19..], 8);
    draw(2, &[], 8);
    drawn
}

/// A run whose states are changed before they are permuted, with all that is drawn from them.
fn forge(change: impl Fn(usize, &mut [F; 16], &[F; 16])) -> Forged {
    let (program, [_, drawn]) = program();
    let rows = &program.rows().transcript;
    let mut e = execute(&program, &elements());
    let mut out = [F::ZERO; 16];
    let mut given = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let mut state = if row.begin { [F::ZERO; 16] } else { out };
        if row.absorbed > 0 {
            let rate = row.absorb.map(|port| e.port(port)[0]);
            state[..8].copy_from_slice(&rate);
            state[8] += F::from_usize(row.absorbed);
        }
        change(i, &mut state, &out);
        e.duplexes[i] = state;
        out = perm16().permute(state);
        given.extend(row.squeeze.into_iter().zip(out).filter_map(|(port, x)| Some((port.value()?, x))));
    }
    let mut forged = traces(&program, &e);
    for (value, x) in given {
        let copies = drawn.iter().filter(|pair| pair[0] == value).flatten();
        copies.for_each(|copy| rewrite(&program, &mut forged, *copy, wide(x)));
    }
    forged
}

#[test]
fn what_is_drawn_is_what_plonky3_draws() {
    let (program, [_, drawn]) = program();
    let e = execute(&program, &elements());
    assert_eq!(drawn.iter().map(|[value, _]| e.value(*value)[0]).collect::<Vec<_>>(), native());
    let begin: Vec<usize> = (0..6).filter(|i| program.rows().transcript[*i].begin).collect();
    let absorbed: Vec<usize> = program.rows().transcript.iter().map(|row| row.absorbed).collect();
    assert_eq!((begin, absorbed), (BEGIN.to_vec(), vec![8, 3, 8, 0, 8, 0]));
    assert_eq!(traces(&program, &e).refused_by(), refusals(&[]));
    assert_eq!(forge(|_, _, _| ()).refused_by(), refusals(&[]));
}

#[test]
fn a_squeeze_keeps_the_rate() {
    for place in 0..8 {
        let forged = forge(|row, state, _| state[place] += F::from_bool(row == SQUEEZE));
        assert_eq!(forged.refused_by(), refusals(&[RATE]), "element {place}");
    }
    let zeros = forge(|row, state, _| state[..if row == SQUEEZE { 8 } else { 0 }].fill(F::ZERO));
    assert_eq!(zeros.refused_by(), refusals(&[RATE]));
}

#[test]
fn a_transcript_that_draws_at_once_begins_with_nothing() {
    let third = BEGIN[2];
    for place in 0..8 {
        let forged = forge(|row, state, _| state[place] += F::from_bool(row == third));
        assert_eq!(forged.refused_by(), refusals(&[RATE]), "element {place}");
    }
    // Nor does it take over what the transcript before gave.
    let before = forge(|row, state, out| {
        if row == third {
            state[..8].copy_from_slice(&out[..8]);
        }
    });
    assert_eq!(before.refused_by(), refusals(&[RATE]));
}

#[test]
fn a_length_is_added_to_the_capacity() {
    let rows = &program().0.rows().transcript.clone();
    for (i, length) in rows.iter().map(|row| row.absorbed).enumerate() {
        for other in [0, 3, 8].into_iter().filter(|other| *other != length) {
            let change = F::from_usize(other) - F::from_usize(length);
            let forged = forge(|row, state, _| state[8] += F::from_bool(row == i) * change);
            assert_eq!(forged.refused_by(), refusals(&[CAPACITY]), "row {i}");
        }
    }
}

#[test]
fn the_capacity_goes_on_and_begins_with_nothing() {
    for i in 0..6 {
        for place in 8..16 {
            let forged = forge(|row, state, _| state[place] += F::from_bool(row == i));
            assert_eq!(forged.refused_by(), refusals(&[CAPACITY]), "row {i}, element {place}");
        }
    }
    // A transcript that begins does not go on from the one before.
    let forged = forge(|row, state, out| {
        if row == BEGIN[1] {
            state[9..].copy_from_slice(&out[9..]);
        }
    });
    assert_eq!(forged.refused_by(), refusals(&[CAPACITY]));
}

#[test]
fn a_short_block_is_padded_with_zeros() {
    for place in 3..8 {
        let forged = forge(|row, state, _| state[place] += F::from_bool(row == SHORT));
        assert_eq!(forged.refused_by(), refusals(&["bus value"]), "element {place}");
    }
    let rows = &program().0.rows().transcript.clone();
    assert!(rows[SHORT].absorb[3..].iter().all(|port| matches!(port, Port::Read(_))));
}

#[test]
fn what_is_absorbed_is_the_memorys() {
    for i in [0, SHORT, 2, BEGIN[1]] {
        for place in 0..3 {
            let forged = forge(|row, state, _| state[place] += F::from_bool(row == i));
            assert_eq!(forged.refused_by(), refusals(&["bus value"]), "row {i}, element {place}");
        }
    }
}

#[test]
fn what_is_drawn_is_what_was_permuted() {
    let (program, [_, drawn]) = program();
    let e = execute(&program, &elements());
    for pair in drawn {
        let mut forged = traces(&program, &e);
        let other = wide(e.value(pair[0])[0] + F::ONE);
        pair.into_iter().for_each(|value| rewrite(&program, &mut forged, value, other));
        assert_eq!(forged.refused_by(), refusals(&["bus value"]));
    }
}

#[test]
fn what_is_absorbed_is_what_is_permuted() {
    // A row shows the memory's element and permutes another: what comes of it is taken over by all who read it.
    let mut forged = forge(|row, state, _| state[0] += F::from_bool(row == 0));
    let mut row: TranscriptColumns<F> = get(&mut forged, "transcript", 0);
    row.state[0] -= F::ONE;
    set(&mut forged, "transcript", 0, row);
    assert_eq!(forged.refused_by(), refusals(&["transcript: the state is permuted"]));
}
