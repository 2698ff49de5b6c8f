//! Which cells of the small shard nobody misses when they change: none but those that this says.

use aludel_protocol::{F, fe};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::Matrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::sample::honest;
use crate::chip::Chip;
use crate::tamper::Traces;

/// Names of a chip's columns, and its height.
fn extent(traces: &Traces, chip: &str) -> (Vec<String>, usize) {
    let found = traces.chips().iter().find(|(c, ..)| c.name() == chip);
    let (chip, main, _) = found.expect("a chip of the shard");
    (chip.column_names(), main.height())
}

fn value(traces: &Traces, chip: &str, at: (usize, &str)) -> F {
    let column = extent(traces, chip).0.iter().position(|name| name == at.1).expect("a column of the chip");
    let found = traces.chips().iter().find(|(c, ..)| c.name() == chip);
    found.expect("a chip of the shard").1.row_slice(at.0).expect("a row of the trace")[column]
}

fn accepted(honest: &Traces, chip: &str, row: usize, column: usize) -> bool {
    let mut traces = honest.clone();
    traces.main_mut(chip).expect("a chip of the shard").row_mut(row)[column] += fe(5);
    traces.violations().is_empty()
}

#[test]
fn of_a_cell_only_the_place_and_time_of_padding_are_free() {
    let honest = honest();
    let (names, height) = extent(&honest, "cell");
    for row in 0..height {
        let padding = value(&honest, "cell", (row, "real")).is_zero();
        for (column, name) in names.iter().enumerate() {
            let free = padding && ["hi", "lo", "time"].contains(&name.as_str());
            assert_eq!(accepted(&honest, "cell", row, column), free, "{name} in row {row}");
        }
    }
}

#[test]
fn a_statement_is_its_first_row() {
    let honest = honest();
    let (names, _) = extent(&honest, "statement");
    for (column, name) in names.iter().enumerate() {
        assert!(!accepted(&honest, "statement", 0, column), "{name}");
        assert!(accepted(&honest, "statement", 1, column), "{name}");
    }
}

/// Coordinates and digests of padding are free too, but only together with what is derived from them.
#[test]
fn of_a_node_only_space_and_level_of_padding_are_free() {
    let seed = 11;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let honest = honest();
    let (names, height) = extent(&honest, "node");
    let few: Vec<_> =
        (0..names.len()).filter(|i| !names[*i].contains(".old.") && !names[*i].contains(".new.")).collect();
    for _ in 0..600 {
        let (row, column) = (rng.random_range(0..height), few[rng.random_range(0..few.len())]);
        let (lane, cell) = names[column].split_once("].").expect("a cell of a lane");
        let real = ["left", "right"]
            .iter()
            .any(|side| value(&honest, "node", (row, &format!("{lane}].{side}.touched"))) == F::ONE);
        let free = !real && ["space", "level"].contains(&cell);
        assert_eq!(
            accepted(&honest, "node", row, column),
            free,
            "seed {seed}: {} in row {row}",
            names[column]
        );
    }
}
