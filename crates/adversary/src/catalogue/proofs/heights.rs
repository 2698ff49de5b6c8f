//! Traces of other heights than the key's: claimed truly or falsely, and polynomials of other degrees.

use aludel_circuits::{MachineChip, Shape};
use aludel_verifier::parameters::PARAMETERS;
use aludel_witness::Shard;
use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    Class, Crime, Ending, NOT_LOW_DEGREE, SHARD, Trial, chip, on_real, on_toy, toy_chip, toy_traces,
};
use crate::honest::{BATCHES, PROVER};
use crate::prover::{Lies, Trace, Word, lie};
use crate::toy::{self, Fault, Toy};
use aludel_circuits::Chip;
use aludel_protocol::F;

const HEIGHT: Ending = Ending::Layout("height of a chip");
const COUNTER: Ending = Ending::Refused("mismatch at index 1");
const FOLDS: Ending = Ending::Layout("folding commitments");
const SIBLINGS: Ending = Ending::Layout("siblings of a folding step");

pub(super) const CRIMES: &[Crime] = &[
    Crime {
        name: "a_short_trace",
        class: Class::ShortTrace,
        tries: "commits to the first half of a trace, and says so",
        ends: &[HEIGHT],
        commit: |t| resized(t, half, true, [HEIGHT; 3]),
    },
    Crime {
        name: "a_short_trace_passed_off_as_whole",
        class: Class::ShortTrace,
        tries: "commits to the first half of a trace, and claims the key's height",
        ends: &[FOLDS],
        commit: |t| resized(t, half, false, [FOLDS; 3]),
    },
    Crime {
        name: "extra_rows",
        class: Class::ExtraRows,
        tries: "commits to a trace with as many rows more, and says so",
        ends: &[HEIGHT],
        commit: |t| resized(t, twice, true, [HEIGHT; 3]),
    },
    Crime {
        name: "extra_rows_passed_off_as_none",
        class: Class::ExtraRows,
        tries: "commits to a trace with as many rows more, and claims the key's height",
        ends: &[FOLDS, SIBLINGS],
        commit: |t| resized(t, twice, false, [FOLDS, SIBLINGS, SIBLINGS]),
    },
    Crime {
        name: "a_claim_of_another_height",
        class: Class::DegreeTrick,
        tries: "commits to honest traces, and claims half or double the height",
        ends: &[HEIGHT],
        commit: a_claim_of_another_height,
    },
    Crime {
        name: "heights_exchanged",
        class: Class::DegreeTrick,
        tries: "claims the height of each of two chips for the other",
        ends: &[HEIGHT],
        commit: heights_exchanged,
    },
    Crime {
        name: "a_polynomial_of_twice_the_degree",
        class: Class::DegreeTrick,
        tries: "commits to the values of columns with twice the rows, where the key's height has its own",
        ends: &[NOT_LOW_DEGREE],
        commit: a_polynomial_of_twice_the_degree,
    },
    Crime {
        name: "a_polynomial_of_half_the_degree",
        class: Class::DegreeTrick,
        tries: "stretches half a trace over the key's rows, as the polynomials of half the degree",
        ends: &[COUNTER],
        commit: a_polynomial_of_half_the_degree,
    },
    Crime {
        name: "another_shapes_traces",
        class: Class::WrongShape,
        tries: "proves the traces of another shape under this one's key",
        ends: &[HEIGHT, SIBLINGS],
        commit: another_shapes_traces,
    },
    Crime {
        name: "this_shapes_traces",
        class: Class::WrongShape,
        tries: "proves this shape's traces for the key of another",
        ends: &[Ending::OtherRole],
        commit: this_shapes_traces,
    },
];

fn half(trace: &Trace) -> Trace {
    RowMajorMatrix::new(trace.values[..trace.values.len() / 2].to_vec(), trace.width)
}

fn twice(trace: &Trace) -> Trace {
    RowMajorMatrix::new(trace.values.repeat(2), trace.width)
}

/// Resizes a chip without preprocessed columns: of the toy machine the counter and the sink, its tallest; of the real one
/// two that others are as tall as.
fn resized(t: &mut Trial, resize: fn(&Trace) -> Trace, truly: bool, ends: [Ending; 3]) {
    let [counter, sink, other] = ends;
    for (chip, ending) in [(toy_chip::COUNTER, counter), (toy_chip::SINK, sink)] {
        let mut traces = toy_traces();
        traces[chip] = resize(&traces[chip]);
        let heights = lie(move |heights: &mut Vec<usize>| {
            if !truly {
                *heights = toy::machine(Fault::None).iter().map(Toy::log_height).collect();
            }
        });
        t.ends("toy", on_toy(&traces, &Lies { heights, ..Lies::default() }), ending);
    }
    for chip in [chip::NODE, chip::CELL] {
        let mut traces = SHARD.traces.clone();
        traces[chip] = resize(&traces[chip]);
        let heights = lie(move |heights: &mut Vec<usize>| {
            if !truly {
                *heights = MachineChip::all(Shape::Tiny).iter().map(Chip::log_height).collect();
            }
        });
        t.ends("real", on_real(&traces, &Lies { heights, ..Lies::default() }), other);
    }
}

fn a_claim_of_another_height(t: &mut Trial) {
    for more in [true, false] {
        for chip in 0..4 {
            let heights = lie(move |heights: &mut Vec<usize>| {
                heights[chip] = if more { heights[chip] + 1 } else { heights[chip] - 1 };
            });
            t.ends("toy", on_toy(&toy_traces(), &Lies { heights, ..Lies::default() }), HEIGHT);
        }
    }
    let heights = lie(|heights: &mut Vec<usize>| heights[chip::TRANSACTION] += 1);
    t.ends("real", on_real(&SHARD.traces, &Lies { heights, ..Lies::default() }), HEIGHT);
}

fn heights_exchanged(t: &mut Trial) {
    let heights = lie(|heights: &mut Vec<usize>| heights.swap(toy_chip::TABLE, toy_chip::SINK));
    t.ends("toy", on_toy(&toy_traces(), &Lies { heights, ..Lies::default() }), HEIGHT);
    let heights = lie(|heights: &mut Vec<usize>| heights.swap(chip::RANGE16, chip::STATEMENT));
    t.ends("real", on_real(&SHARD.traces, &Lies { heights, ..Lies::default() }), HEIGHT);
}

/// At blowup 1: every place of the word is a row's value.
fn squeezed(trace: &Trace) -> Word {
    let long = twice_with_other_rows(trace);
    let dft = Radix2DitParallel::<F>::default();
    let values = dft.coset_lde_batch(long, 0, F::GENERATOR);
    values.bit_reverse_rows().to_row_major_matrix()
}

fn twice_with_other_rows(trace: &Trace) -> Trace {
    let mut long = twice(trace);
    let half = long.values.len() / 2;
    long.values[half..].iter_mut().for_each(|cell| *cell += F::ONE);
    long
}

fn a_polynomial_of_twice_the_degree(t: &mut Trial) {
    let main = lie(|words: &mut Vec<Word>| {
        words[toy_chip::SINK] = squeezed(&toy_traces()[toy_chip::SINK]);
    });
    t.ends("toy", on_toy(&toy_traces(), &Lies { main, ..Lies::default() }), NOT_LOW_DEGREE);
    let main = lie(|words: &mut Vec<Word>| words[chip::CELL] = squeezed(&SHARD.traces[chip::CELL]));
    t.ends("real", on_real(&SHARD.traces, &Lies { main, ..Lies::default() }), NOT_LOW_DEGREE);
}

/// A trace of the key's height whose every second row is the half trace's, and between them what its polynomials say.
fn a_polynomial_of_half_the_degree(t: &mut Trial) {
    let mut traces = toy_traces();
    let short = half(&traces[toy_chip::COUNTER]);
    let dft = Radix2DitParallel::<F>::default();
    let mut coefficients = dft.idft_batch(short).values;
    coefficients.resize(traces[toy_chip::COUNTER].values.len(), F::ZERO);
    let stretched = dft.dft_batch(RowMajorMatrix::new(coefficients, 3)).to_row_major_matrix();
    assert_eq!(stretched.height(), 1 << 5, "blowup {}", PARAMETERS.log_blowup);
    traces[toy_chip::COUNTER] = stretched;
    t.ends("toy", on_toy(&traces, &Lies::default()), COUNTER);
}

fn another_shapes_traces(t: &mut Trial) {
    let small = Shard::generate(&BATCHES, Some(Shape::Small)).expect("what fits tiny fits small");
    t.ends("told truly", on_real(&small.traces, &with_fixed_of(Shape::Small, false)), HEIGHT);
    t.ends("as this shape's", on_real(&small.traces, &with_fixed_of(Shape::Small, true)), SIBLINGS);
}

/// The preprocessed columns of another shape.
fn with_fixed_of(shape: Shape, as_tiny: bool) -> Lies<'static, MachineChip> {
    let heights = move |heights: &mut Vec<usize>| {
        if as_tiny {
            *heights = MachineChip::all(Shape::Tiny).iter().map(Chip::log_height).collect();
        }
    };
    Lies {
        fixed: lie(move |fixed: &mut Vec<Option<Trace>>| {
            *fixed = MachineChip::all(shape).iter().map(Chip::fixed).collect();
        }),
        heights: lie(heights),
        ..Lies::default()
    }
}

fn this_shapes_traces(t: &mut Trial) {
    let small = aludel_prover::Prover::new(Shape::Small).expect("the key is pinned");
    let bytes =
        crate::prover::Forger::new(PROVER.key()).prove(&SHARD.traces, &SHARD.statement, &Lies::default());
    let wants = aludel_verifier::verify::Expectations::default();
    t.ends(
        "tiny under small's key",
        aludel_verifier::verify::verify_with(small.key(), &bytes, &wants),
        Ending::OtherRole,
    );
}
