//! Lies about the lookup argument: sums of chips, and the columns that lead to them.

use aludel_protocol::{Challenge, F};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    Class, Crime, Ending, SHARD, TERMINALS, Trial, chip, on_real, on_toy, real_unbalanced, some, toy_chip,
    toy_traces, toy_unbalanced,
};
use crate::prover::{Auxiliary, Hook, Lies, lie};

/// What the verifier says of the first chip's constraints, those of its lookups included.
const FIRST: Ending = Ending::Refused("mismatch at index 0");
const SECOND: Ending = Ending::Refused("mismatch at index 1");
const THIRD: Ending = Ending::Refused("mismatch at index 2");
const NODE: Ending = Ending::Refused("mismatch at index 4");

pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "terminals_that_cancel",
        class: Class::CancellingTerminals,
        tries: "adds a number to one chip's sum and takes it from another's, so that a message without receiver balances",
        ends: &[FIRST, SECOND, THIRD, NODE],
        commit: terminals_that_cancel,
    },
    Crime {
        name: "a_terminal_alone",
        class: Class::CancellingTerminals,
        tries: "claims another sum of one chip",
        ends: &[FIRST, NODE],
        commit: a_terminal_alone,
    },
    Crime {
        name: "an_unbalanced_bus",
        class: Class::DroppedWrite,
        tries: "sums up truly what does not balance",
        ends: &[TERMINALS],
        commit: an_unbalanced_bus,
    },
    Crime {
        name: "an_accumulator_that_begins_elsewhere",
        class: Class::CancellingTerminals,
        tries: "begins an accumulator with the number that its chip's sum lacks",
        ends: &[FIRST, SECOND, THIRD],
        commit: an_accumulator_that_begins_elsewhere,
    },
    Crime {
        name: "a_fraction_that_does_not_follow",
        class: Class::CancellingTerminals,
        tries: "adds the number that a chip's sum lacks to the fraction of one row, and sums on",
        ends: &[FIRST, SECOND, THIRD],
        commit: a_fraction_that_does_not_follow,
    },
    Crime {
        name: "columns_of_another_trace",
        class: Class::CancellingTerminals,
        tries: "commits to the lookup columns and sums of a trace that balances, above one that does not",
        ends: &[FIRST, SECOND, THIRD],
        commit: columns_of_another_trace,
    },
];

/// The chip whose sum takes what all of them lack, and the ending.
const TOY: [(usize, Ending); 3] =
    [(toy_chip::TABLE, FIRST), (toy_chip::COUNTER, SECOND), (toy_chip::SINK, THIRD)];

/// Adds some number to the first chip's sum and takes it from another's.
fn exchange(chip: usize) -> Hook<'static, Vec<Option<Challenge>>> {
    lie(move |terminals: &mut Vec<Option<Challenge>>| {
        terminals[0] = terminals[0].map(|terminal| terminal + some());
        terminals[chip] = terminals[chip].map(|terminal| terminal - some());
    })
}

fn terminals_that_cancel(t: &mut Trial) {
    for (chip, ending) in TOY {
        let lies = Lies { terminals: cancel_at(chip), ..Lies::default() };
        t.ends("to zero", on_toy(&toy_unbalanced(), &lies), ending);
    }
    // Sums that are zero together, and false each.
    let lies = Lies { terminals: exchange(1), ..Lies::default() };
    t.ends("both false", on_toy(&toy_traces(), &lies), FIRST);
    let lies = Lies { terminals: exchange(chip::NODE), ..Lies::default() };
    t.ends("real, both false", on_real(&SHARD.traces, &lies), FIRST);
    let lies = Lies { terminals: cancel_at(chip::NODE), ..Lies::default() };
    t.ends("real, unbalanced", on_real(&real_unbalanced(), &lies), NODE);
}

fn a_terminal_alone(t: &mut Trial) {
    let lies = Lies {
        terminals: lie(|terminals: &mut Vec<Option<Challenge>>| {
            terminals[0] = terminals[0].map(|terminal| terminal + some());
        }),
        ..Lies::default()
    };
    t.ends("toy", on_toy(&toy_traces(), &lies), FIRST);
    let lies = Lies {
        terminals: lie(|terminals: &mut Vec<Option<Challenge>>| {
            terminals[chip::NODE] = Some(Challenge::ZERO)
        }),
        ..Lies::default()
    };
    t.ends("real", on_real(&SHARD.traces, &lies), NODE);
}

fn an_unbalanced_bus(t: &mut Trial) {
    t.ends("toy", on_toy(&toy_unbalanced(), &Lies::default()), TERMINALS);
    t.ends("real", on_real(&real_unbalanced(), &Lies::default()), TERMINALS);
}

/// Adds to a column's cells from a row on; column 0 is the accumulator.
fn add(columns: &mut Auxiliary, column: usize, rows: core::ops::RangeFrom<usize>, what: Challenge) {
    if let Some(columns) = columns {
        let width = columns.width;
        columns.values.chunks_mut(width).skip(rows.start).for_each(|row| row[column] += what);
    }
}

/// What all fractions sum to: zero, if every bus balances.
fn left_over(columns: &[Auxiliary]) -> Challenge {
    let of = |matrix: &RowMajorMatrix<Challenge>| -> Challenge {
        matrix.values.chunks(matrix.width).flat_map(|row| &row[1..]).copied().sum()
    };
    columns.iter().flatten().map(of).sum()
}

/// Takes what the sums lack from one of them.
fn cancel_at(chip: usize) -> Hook<'static, Vec<Option<Challenge>>> {
    lie(move |terminals: &mut Vec<Option<Challenge>>| {
        let left_over: Challenge = terminals.iter().flatten().copied().sum();
        terminals[chip] = terminals[chip].map(|terminal| terminal - left_over);
    })
}

fn an_accumulator_that_begins_elsewhere(t: &mut Trial) {
    for (chip, ending) in TOY {
        let lies = Lies {
            auxiliary: lie(move |columns: &mut Vec<Auxiliary>| {
                let left_over = left_over(columns);
                add(&mut columns[chip], 0, 0.., -left_over);
            }),
            terminals: cancel_at(chip),
            ..Lies::default()
        };
        t.ends("toy", on_toy(&toy_unbalanced(), &lies), ending);
    }
}

fn a_fraction_that_does_not_follow(t: &mut Trial) {
    for (chip, ending) in TOY {
        let lies = Lies {
            auxiliary: lie(move |columns: &mut Vec<Auxiliary>| {
                let left_over = left_over(columns);
                add(&mut columns[chip], 0, 6.., -left_over);
                if let Some(columns) = &mut columns[chip] {
                    let at = 5 * columns.width + 1;
                    columns.values[at] -= left_over;
                }
            }),
            terminals: cancel_at(chip),
            ..Lies::default()
        };
        t.ends("toy", on_toy(&toy_unbalanced(), &lies), ending);
    }
}

/// Honest columns over an altered trace: the altered row's fraction is not what it should be.
fn columns_of_another_trace(t: &mut Trial) {
    for ((chip, ending), (row, column)) in TOY.into_iter().zip([(9, 0), (9, 2), (126, 2)]) {
        let mut traces = toy_traces();
        let at = row * traces[chip].width + column;
        traces[chip].values[at] = F::ONE - traces[chip].values[at];
        let lies = Lies { looked_up: Some(toy_traces()), ..Lies::default() };
        t.ends("toy", on_toy(&traces, &lies), ending);
    }
    let lies = Lies { looked_up: Some(SHARD.traces.clone()), ..Lies::default() };
    t.ends("real", on_real(&real_unbalanced(), &lies), FIRST);
}
