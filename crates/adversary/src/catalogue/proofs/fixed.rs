//! Preprocessed columns that are not the key's: a table with a value more in it.

use aludel_circuits::{MachineChip, Shape};
use aludel_protocol::{F, fe};
use aludel_verifier::config::Cap;
use aludel_verifier::keys::Key;
use p3_field::PrimeCharacteristicRing;

use super::{
    Class, Crime, NO_WORK, NOT_COMMITTED, SHARD, Trial, chip, on_real, on_toy, toy_chip, toy_traces,
};
use crate::honest::PROVER;
use crate::prover::{Lies, Trace, lie};
use crate::toy;

pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "a_table_of_ones_own",
        class: Class::ForeignKey,
        tries: "looks a number up in a table that holds it, in place of the key's: under its own root, or the key's",
        ends: &[NO_WORK, NOT_COMMITTED],
        commit: a_table_of_ones_own,
    },
    Crime {
        name: "a_schedule_of_ones_own",
        class: Class::ForeignKey,
        tries: "clears the flag of the statement's first row, so that no constraint binds it",
        ends: &[NO_WORK, NOT_COMMITTED],
        commit: a_schedule_of_ones_own,
    },
];

type Fixed = Vec<Option<Trace>>;

/// Has a preprocessed cell be something else, told with the committed root or with the key's.
fn with_cell<A: Sync>(key: &Key<A>, chip: usize, cell: usize, value: F, own_root: bool) -> Lies<'_, A> {
    Lies {
        fixed: lie(move |fixed: &mut Fixed| {
            fixed[chip].as_mut().expect("a chip with preprocessed columns").values[cell] = value;
        }),
        fixed_root: lie(move |root: &mut Option<Cap>| {
            if !own_root {
                *root = key.root().cloned();
            }
        }),
        ..Lies::default()
    }
}

fn a_table_of_ones_own(t: &mut Trial) {
    // The counter counts over the table's end, and the sink receives what it sends.
    let mut traces = toy_traces();
    let shift = |x: F| x + fe(1000);
    for chip in [toy_chip::COUNTER, toy_chip::SINK] {
        for row in
            traces[chip].values.chunks_mut(3).filter(|row| chip == toy_chip::COUNTER || row[2] == F::ONE)
        {
            row[0] = shift(row[0]);
            row[1] = row[0] * row[0] * row[0];
        }
    }
    for (own_root, ending) in [(true, NO_WORK), (false, NOT_COMMITTED)] {
        let lies = Lies {
            fixed: lie(move |fixed: &mut Fixed| {
                let table = fixed[toy_chip::TABLE].as_mut().expect("the table is preprocessed");
                table.values.iter_mut().for_each(|value| *value = shift(*value));
            }),
            ..with_cell(toy::prover().key(), toy_chip::TABLE, 0, F::ZERO, own_root)
        };
        t.ends("toy", on_toy(&traces, &lies), ending);
        // The same witness, of which only an entry that nobody asks for is another.
        let lies = with_cell(PROVER.key(), chip::RANGE16, unused(), fe(1 << 16), own_root);
        t.ends("real", on_real(&SHARD.traces, &lies), ending);
    }
}

/// A row of the table that no other chip of the honest shard asks for.
fn unused() -> usize {
    let counts = &SHARD.traces[chip::RANGE16].values;
    counts.iter().position(|count| *count == F::ZERO).expect("not every number is looked up")
}

fn a_schedule_of_ones_own(t: &mut Trial) {
    assert!(matches!(MachineChip::all(Shape::Tiny)[chip::STATEMENT], MachineChip::Statement(_)));
    for (own_root, ending) in [(true, NO_WORK), (false, NOT_COMMITTED)] {
        let lies = with_cell(toy::prover().key(), 3, 0, F::ZERO, own_root);
        t.ends("toy", on_toy(&toy_traces(), &lies), ending);
        let lies = with_cell(PROVER.key(), chip::STATEMENT, 0, F::ZERO, own_root);
        t.ends("real", on_real(&SHARD.traces, &lies), ending);
    }
}
