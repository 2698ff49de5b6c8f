//! False quotients.

use aludel_circuits::MachineChip;
use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;

use super::{
    Class, Crime, Ending, SHARD, Trial, chip, on_real, on_toy, real_broken, toy_broken, toy_chip, toy_traces,
};
use crate::prover::{Division, Lies, Word, lie};
use crate::toy::{Fault, Toy};

const COUNTER: Ending = Ending::Refused("mismatch at index 1");
const CELL: Ending = Ending::Refused("mismatch at index 5");
const FIRST: Ending = Ending::Refused("mismatch at index 0");

pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "a_division_with_a_remainder",
        class: Class::Quotient,
        tries: "divides constraints that do not hold, point by point or as polynomials without their remainder",
        ends: &[COUNTER, CELL],
        commit: a_division_with_a_remainder,
    },
    Crime {
        name: "a_quotient_of_nothing",
        class: Class::Quotient,
        tries: "commits to zeros in place of the quotients, as if no constraint were there",
        ends: &[FIRST],
        commit: a_quotient_of_nothing,
    },
    Crime {
        name: "another_chips_constraints",
        class: Class::Quotient,
        tries: "proves the constraints of another chip, which the traces satisfy, under this machine's key",
        ends: &[COUNTER],
        commit: another_chips_constraints,
    },
    Crime {
        name: "a_weaker_chips_constraints",
        class: Class::Quotient,
        tries: "proves the constraints of a chip that asks for nothing",
        ends: &[COUNTER],
        commit: a_weaker_chips_constraints,
    },
    Crime {
        name: "an_honest_quotient",
        class: Class::Quotient,
        tries: "commits to the quotients of the honest trace above a trace that breaks a constraint",
        ends: &[COUNTER, CELL],
        commit: an_honest_quotient,
    },
];

fn a_division_with_a_remainder(t: &mut Trial) {
    for division in [Division::Pointwise, Division::WithoutRemainder] {
        let lies = Lies { division, ..Lies::default() };
        t.ends("toy", on_toy(&toy_broken(), &lies), COUNTER);
        let lies = Lies { division, ..Lies::default() };
        t.ends("real", on_real(&real_broken(), &lies), CELL);
    }
}

fn a_quotient_of_nothing(t: &mut Trial) {
    let cleared = |words: &mut Vec<Word>| words.iter_mut().for_each(|word| word.values.fill(F::ZERO));
    t.ends("toy", on_toy(&toy_traces(), &Lies { quotients: lie(cleared), ..Lies::default() }), FIRST);
    t.ends("real", on_real(&SHARD.traces, &Lies { quotients: lie(cleared), ..Lies::default() }), FIRST);
}

/// The counter counts by 2 from its second row on, so that its lookups and messages are those of the key's chip.
fn another_chips_constraints(t: &mut Trial) {
    let mut traces = toy_traces();
    let counter = &mut traces[toy_chip::COUNTER].values;
    for (row, cells) in counter.chunks_mut(3).enumerate() {
        let x = fe(2 * row as u32);
        cells.copy_from_slice(&[x, x * x * x, cells[2]]);
    }
    let lies = Lies {
        chips: lie(|chips: &mut Vec<Toy>| {
            chips[toy_chip::COUNTER] = Toy::Counter { log_height: 5, step: 2, fault: Fault::None };
        }),
        ..Lies::default()
    };
    t.ends("step 2", on_toy(&traces, &lies), COUNTER);
}

/// The sink's constraints and columns are fewer, and just as wide.
fn a_weaker_chips_constraints(t: &mut Trial) {
    let lies = Lies {
        chips: lie(|chips: &mut Vec<Toy>| {
            chips[toy_chip::COUNTER] = Toy::Sink { log_height: 5, fault: Fault::None };
        }),
        ..Lies::default()
    };
    t.ends("no cubes", on_toy(&toy_broken(), &lies), COUNTER);
}

fn an_honest_quotient(t: &mut Trial) {
    let lies = Lies { divided: Some(toy_traces()), ..Lies::default() };
    t.ends("toy", on_toy(&toy_broken(), &lies), COUNTER);
    let lies: Lies<'_, MachineChip> = Lies { divided: Some(SHARD.traces.clone()), ..Lies::default() };
    assert!(SHARD.traces[chip::CELL] != real_broken()[chip::CELL]);
    t.ends("real", on_real(&real_broken(), &lies), CELL);
}
