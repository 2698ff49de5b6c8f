//! Openings of other polynomials than the committed ones.

use aludel_protocol::Challenge;
use aludel_verifier::config::Cap;
use aludel_verifier::parameters::PARAMETERS;
use p3_commit::OpenedValues;
use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::PrimeCharacteristicRing;
use p3_util::reverse_slice_index_bits;

use super::{
    Class, Crime, NOT_COMMITTED, NOT_LOW_DEGREE, SHARD, Trial, chip, on_real, on_toy, real_broken,
    toy_broken, toy_chip, toy_traces,
};
use crate::honest::PROVER;
use crate::prover::{Forger, Lies, Places, lie};
use crate::toy;

pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "openings_of_another_witness",
        class: Class::Openings,
        tries: "commits to a trace that breaks a constraint and opens an honest one's columns, so that every equation holds",
        ends: &[NOT_LOW_DEGREE],
        commit: openings_of_another_witness,
    },
    Crime {
        name: "a_batch_of_another_witness",
        class: Class::Openings,
        tries: "does so, and folds a polynomial near the batch in its place",
        ends: &[NOT_LOW_DEGREE],
        commit: a_batch_of_another_witness,
    },
    Crime {
        name: "one_opened_value",
        class: Class::Openings,
        tries: "opens one column to another value: of each commitment, at each point",
        ends: &[NOT_LOW_DEGREE],
        commit: one_opened_value,
    },
    Crime {
        name: "rows_exchanged",
        class: Class::Openings,
        tries: "opens this row as the next one and the next as this one",
        ends: &[NOT_LOW_DEGREE],
        commit: rows_exchanged,
    },
    Crime {
        name: "rows_of_another_tree",
        class: Class::Openings,
        tries: "commits to a trace that breaks a constraint, and does all else with an honest one",
        ends: &[NOT_COMMITTED],
        commit: rows_of_another_tree,
    },
    Crime {
        name: "other_places",
        class: Class::Openings,
        tries: "answers queries with the rows of other places than were drawn",
        ends: &[NOT_COMMITTED],
        commit: other_places,
    },
];

fn openings_of_another_witness(t: &mut Trial) {
    let lies = Lies { claimed: Some(toy_traces()), ..Lies::default() };
    t.ends("toy", on_toy(&toy_broken(), &lies), NOT_LOW_DEGREE);
    let lies = Lies { claimed: Some(SHARD.traces.clone()), ..Lies::default() };
    t.ends("real", on_real(&real_broken(), &lies), NOT_LOW_DEGREE);
}

/// The word that is as low in degree as it must be and agrees with half of this one.
pub(super) fn lowered(word: &[Challenge]) -> Vec<Challenge> {
    let dft = Radix2DitParallel::<aludel_protocol::F>::default();
    let mut head = word[..word.len() >> PARAMETERS.log_blowup].to_vec();
    reverse_slice_index_bits(&mut head);
    // Over the same coset at both sizes: the shift scales coefficients, and scales them back.
    let mut coefficients = dft.idft_algebra(head);
    coefficients.resize(word.len(), Challenge::ZERO);
    let mut lowered = dft.dft_algebra(coefficients);
    reverse_slice_index_bits(&mut lowered);
    lowered
}

fn a_batch_of_another_witness(t: &mut Trial) {
    let batched =
        || lie(|words: &mut Vec<Vec<Challenge>>| words.iter_mut().for_each(|word| *word = lowered(word)));
    let lies = Lies { claimed: Some(toy_traces()), batched: batched(), ..Lies::default() };
    t.ends("toy", on_toy(&toy_broken(), &lies), NOT_LOW_DEGREE);
    let lies = Lies { claimed: Some(SHARD.traces.clone()), batched: batched(), ..Lies::default() };
    t.ends("real", on_real(&real_broken(), &lies), NOT_LOW_DEGREE);
}

type Opened = OpenedValues<Challenge>;

/// One value of each commitment, and of each point of its first matrix.
fn one_opened_value(t: &mut Trial) {
    let points =
        [(0, toy_chip::COUNTER, 0), (0, toy_chip::COUNTER, 1), (1, 0, 0), (2, 0, 0), (3, 0, 0), (3, 0, 1)];
    for (commitment, matrix, point) in points {
        let opened = lie(move |opened: &mut Opened| opened[commitment][matrix][point][0] += Challenge::ONE);
        let lies = Lies { opened, ..Lies::default() };
        t.ends("toy", on_toy(&toy_traces(), &lies), NOT_LOW_DEGREE);
    }
    for (commitment, matrix, point) in [(0, chip::TRANSACTION, 1), (1, 3, 0), (2, 1, 0), (3, chip::CELL, 1)] {
        let opened = lie(move |opened: &mut Opened| opened[commitment][matrix][point][0] += Challenge::ONE);
        let lies = Lies { opened, ..Lies::default() };
        t.ends("real", on_real(&SHARD.traces, &lies), NOT_LOW_DEGREE);
    }
}

fn rows_exchanged(t: &mut Trial) {
    let opened = || lie(|opened: &mut Opened| opened[0][toy_chip::COUNTER].swap(0, 1));
    t.ends("toy", on_toy(&toy_traces(), &Lies { opened: opened(), ..Lies::default() }), NOT_LOW_DEGREE);
    let opened = || lie(|opened: &mut Opened| opened[0][chip::TRANSACTION].swap(0, 1));
    t.ends("real", on_real(&SHARD.traces, &Lies { opened: opened(), ..Lies::default() }), NOT_LOW_DEGREE);
}

fn rows_of_another_tree(t: &mut Trial) {
    let broken = Forger::new(toy::prover().key()).proof(&toy_broken(), &toy::statement(3), &Lies::default());
    let main_root = lie(move |root: &mut Cap| root.clone_from(&broken.commitments.main));
    t.ends("toy", on_toy(&toy_traces(), &Lies { main_root, ..Lies::default() }), NOT_COMMITTED);
    let broken = Forger::new(PROVER.key()).proof(&real_broken(), &SHARD.statement, &Lies::default());
    let main_root = lie(move |root: &mut Cap| root.clone_from(&broken.commitments.main));
    t.ends("real", on_real(&SHARD.traces, &Lies { main_root, ..Lies::default() }), NOT_COMMITTED);
}

fn other_places(t: &mut Trial) {
    let elsewhere: [fn(&mut Places); 3] = [
        |places| places.inputs.iter_mut().for_each(|place| *place ^= 1),
        |places| places.inputs.rotate_left(1),
        |places| places.inputs.fill(places.drawn[0]),
    ];
    for places in elsewhere {
        t.ends("toy", on_toy(&toy_traces(), &Lies { places: lie(places), ..Lies::default() }), NOT_COMMITTED);
    }
    t.ends(
        "real",
        on_real(&SHARD.traces, &Lies { places: lie(elsewhere[0]), ..Lies::default() }),
        NOT_COMMITTED,
    );
}
