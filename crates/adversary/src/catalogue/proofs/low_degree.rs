//! Low-degree tests that test something else, or nothing.

use aludel_protocol::{Challenge, F, fe};
use aludel_verifier::parameters::Parameters;
use p3_field::PrimeCharacteristicRing;

use super::openings::lowered;
use super::{
    Class, Crime, Ending, NO_WORK, NOT_FOLDED, NOT_LOW_DEGREE, SHARD, Trial, chip, on_real, on_toy, some,
    toy_chip, toy_traces,
};
use crate::prover::{Fold, Lies, Places, Word, lie};

const LAST: Ending = Ending::Layout("last polynomial");
const QUERIES: Ending = Ending::Layout("queries of a commitment");
const FOLDS: Ending = Ending::Layout("folding commitments");
const CAPS: Ending = Ending::Layout("cap of a folding commitment");

pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "a_word_of_no_polynomial",
        class: Class::LowDegree,
        tries: "commits to a word that is far from every polynomial: of main columns, and of quotients",
        ends: &[NOT_LOW_DEGREE],
        commit: a_word_of_no_polynomial,
    },
    Crime {
        name: "a_layer_that_does_not_follow",
        class: Class::LowDegree,
        tries: "goes on from another polynomial than the layer before folds to",
        ends: &[NOT_LOW_DEGREE],
        commit: a_layer_that_does_not_follow,
    },
    Crime {
        name: "a_layer_of_no_polynomial",
        class: Class::LowDegree,
        tries: "goes on from a word that is far from every polynomial",
        ends: &[NOT_LOW_DEGREE],
        commit: a_layer_of_no_polynomial,
    },
    Crime {
        name: "a_layer_that_is_not_committed",
        class: Class::LowDegree,
        tries: "folds as it must, above the root of other values",
        ends: &[NOT_FOLDED],
        commit: a_layer_that_is_not_committed,
    },
    Crime {
        name: "another_last_polynomial",
        class: Class::LowDegree,
        tries: "sends another last polynomial",
        ends: &[NOT_LOW_DEGREE],
        commit: another_last_polynomial,
    },
    Crime {
        name: "a_last_polynomial_of_higher_degree",
        class: Class::DegreeTrick,
        tries: "stops folding early and sends more coefficients, or folds on and sends fewer",
        ends: &[LAST, FOLDS],
        commit: a_last_polynomial_of_higher_degree,
    },
    Crime {
        name: "fewer_queries",
        class: Class::LowDegree,
        tries: "draws fewer queries than the parameters say",
        ends: &[QUERIES],
        commit: fewer_queries,
    },
    Crime {
        name: "layers_elsewhere",
        class: Class::LowDegree,
        tries: "opens layers at other places than were drawn",
        ends: &[NOT_LOW_DEGREE],
        commit: layers_elsewhere,
    },
    Crime {
        name: "other_steps",
        class: Class::LowDegree,
        tries: "folds in other steps, or under other caps",
        ends: &[FOLDS, CAPS],
        commit: other_steps,
    },
    Crime {
        name: "no_work_for_queries",
        class: Class::Grinding,
        tries: "draws queries without grinding",
        ends: &[Ending::Refused("InvalidPowWitness(Query)")],
        commit: |t| without_grinding(t, 20, Ending::Refused("InvalidPowWitness(Query)")),
    },
    Crime {
        name: "no_work_for_batching",
        class: Class::Grinding,
        tries: "draws the challenge that batches openings without grinding",
        ends: &[NO_WORK],
        commit: |t| without_grinding(t, 12, NO_WORK),
    },
    Crime {
        name: "easier_work",
        class: Class::Grinding,
        tries: "grinds for fewer bits, and says so to its transcript",
        ends: &[NO_WORK],
        commit: easier_work,
    },
];

/// Values that no polynomial of less than full degree has: a walk of a generator of large order.
fn scatter(word: &mut Word) {
    let mut x = fe(3);
    word.values.iter_mut().for_each(|cell| {
        x = x * x * x + F::ONE;
        *cell = x;
    });
}

fn a_word_of_no_polynomial(t: &mut Trial) {
    let main = lie(|words: &mut Vec<Word>| scatter(&mut words[toy_chip::SINK]));
    t.ends("toy, main", on_toy(&toy_traces(), &Lies { main, ..Lies::default() }), NOT_LOW_DEGREE);
    let quotients = lie(|words: &mut Vec<Word>| scatter(&mut words[0]));
    t.ends("toy, quotient", on_toy(&toy_traces(), &Lies { quotients, ..Lies::default() }), NOT_LOW_DEGREE);
    let main = lie(|words: &mut Vec<Word>| scatter(&mut words[chip::NODE]));
    t.ends("real, main", on_real(&SHARD.traces, &Lies { main, ..Lies::default() }), NOT_LOW_DEGREE);
}

fn at_round(
    of: usize,
    change: impl Fn(&mut [Challenge]) + Send + Sync + 'static,
) -> crate::prover::Hook<'static, Fold> {
    lie(move |fold: &mut Fold| {
        if fold.round == of {
            change(&mut fold.values);
        }
    })
}

/// What is added is a constant, so that the layer stays a polynomial of its degree.
fn a_layer_that_does_not_follow(t: &mut Trial) {
    for round in 0..3 {
        let layers = at_round(round, |values| values.iter_mut().for_each(|value| *value += some()));
        t.ends("toy", on_toy(&toy_traces(), &Lies { layers, ..Lies::default() }), NOT_LOW_DEGREE);
    }
    let layers = at_round(2, |values| values.iter_mut().for_each(|value| *value += some()));
    t.ends("real", on_real(&SHARD.traces, &Lies { layers, ..Lies::default() }), NOT_LOW_DEGREE);
}

fn a_layer_of_no_polynomial(t: &mut Trial) {
    let layers = at_round(1, |values| {
        let mut x = some();
        values.iter_mut().for_each(|value| {
            x = x.square() + Challenge::ONE;
            *value = x;
        });
        let low = lowered(values);
        assert!(low != values, "the word is of no low degree");
    });
    t.ends("toy", on_toy(&toy_traces(), &Lies { layers, ..Lies::default() }), NOT_LOW_DEGREE);
}

/// Every fold is right, and what is folded is not what is committed.
fn a_layer_that_is_not_committed(t: &mut Trial) {
    let elsewhere = |of: usize| {
        lie(move |fold: &mut Fold| {
            if fold.round == of {
                fold.committed = Some(fold.values.iter().map(|value| *value + some()).collect());
            }
        })
    };
    for round in 0..3 {
        t.ends(
            "toy",
            on_toy(&toy_traces(), &Lies { layers: elsewhere(round), ..Lies::default() }),
            NOT_FOLDED,
        );
    }
    t.ends("real", on_real(&SHARD.traces, &Lies { layers: elsewhere(4), ..Lies::default() }), NOT_FOLDED);
}

fn another_last_polynomial(t: &mut Trial) {
    let changes: [fn(&mut Vec<Challenge>); 3] =
        [|last| last[0] += some(), |last| last.reverse(), |last| last.fill(Challenge::ZERO)];
    for last in changes {
        t.ends("toy", on_toy(&toy_traces(), &Lies { last: lie(last), ..Lies::default() }), NOT_LOW_DEGREE);
    }
    t.ends(
        "real",
        on_real(&SHARD.traces, &Lies { last: lie(changes[0]), ..Lies::default() }),
        NOT_LOW_DEGREE,
    );
}

fn with(t: &mut Trial, change: fn(&mut Parameters), ending: Ending) {
    t.ends("toy", on_toy(&toy_traces(), &Lies { parameters: lie(change), ..Lies::default() }), ending);
    t.ends("real", on_real(&SHARD.traces, &Lies { parameters: lie(change), ..Lies::default() }), ending);
}

fn a_last_polynomial_of_higher_degree(t: &mut Trial) {
    let lies = || Lies { parameters: lie(|p: &mut Parameters| p.log_final_poly_len += 1), ..Lies::default() };
    t.ends("toy, longer", on_toy(&toy_traces(), &lies()), FOLDS);
    let lies = || Lies { parameters: lie(|p: &mut Parameters| p.log_final_poly_len += 1), ..Lies::default() };
    t.ends("real, longer", on_real(&SHARD.traces, &lies()), FOLDS);
    let lies = || Lies { parameters: lie(|p: &mut Parameters| p.log_final_poly_len -= 1), ..Lies::default() };
    t.ends("real, shorter", on_real(&SHARD.traces, &lies()), LAST);
}

fn fewer_queries(t: &mut Trial) {
    with(t, |p| p.queries = 1, QUERIES);
    with(t, |p| p.queries -= 1, QUERIES);
}

fn layers_elsewhere(t: &mut Trial) {
    let elsewhere: [fn(&mut Places); 2] = [
        |places| places.layers.iter_mut().for_each(|place| *place ^= 1 << 4),
        |places| places.layers.rotate_left(1),
    ];
    for places in elsewhere {
        t.ends(
            "toy",
            on_toy(&toy_traces(), &Lies { places: lie(places), ..Lies::default() }),
            NOT_LOW_DEGREE,
        );
    }
    t.ends(
        "real",
        on_real(&SHARD.traces, &Lies { places: lie(elsewhere[1]), ..Lies::default() }),
        NOT_LOW_DEGREE,
    );
}

fn other_steps(t: &mut Trial) {
    with(t, |p| p.cap_height -= 1, CAPS);
    let lies = Lies { parameters: lie(|p: &mut Parameters| p.max_log_arity = 1), ..Lies::default() };
    t.ends("real", on_real(&SHARD.traces, &lies), FOLDS);
}

fn without_grinding(t: &mut Trial, bits: usize, ending: Ending) {
    t.ends("toy", on_toy(&toy_traces(), &Lies { unground: Some(bits), ..Lies::default() }), ending);
    t.ends("real", on_real(&SHARD.traces, &Lies { unground: Some(bits), ..Lies::default() }), ending);
}

fn easier_work(t: &mut Trial) {
    with(t, |p| p.batch_pow_bits = 1, NO_WORK);
    with(t, |p| p.query_pow_bits = 1, NO_WORK);
}
