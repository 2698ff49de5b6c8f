//! Which single cells of a run a prover may change with nobody's refusal: those that the key leaves free, and no other.

use std::collections::BTreeSet;

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;

use super::super::sample::{self, Sample, chips};
use super::probe::Rows;
use crate::bus::CHALLENGE;
use crate::chip::Chip;
use crate::columns::Columns;
use crate::recursion::alu::columns::{AluFixed, AluLane};
use crate::recursion::caps::columns::CapsFixed;
use crate::recursion::pack::columns::PackFixed;
use crate::recursion::path::columns::PathFixed;

/// `(row, column)`.
type Cell = (usize, usize);

/// Cells of which another value goes unnoticed.
fn unheld(rows: &mut Rows) -> BTreeSet<Cell> {
    let (height, width) = (rows.main.len(), Chip::width(&rows.chip));
    let mut cells = BTreeSet::new();
    for row in 0..height {
        let honest = rows.around(row);
        assert!(honest.0, "an honest row");
        for column in 0..width {
            let before = rows.main[row][column];
            for change in [1, 1_234_567] {
                rows.main[row][column] = before + F::from_u32(change);
                if rows.around(row) == honest {
                    cells.insert((row, column));
                }
            }
            rows.main[row][column] = before;
        }
    }
    cells
}

/// Columns of a row that the key leaves free.
fn left_free(rows: &Rows, key: &[F]) -> Vec<usize> {
    let free = |x: F| x == F::ZERO;
    let named = |name: &str| rows.chip.column_names().iter().position(|n| n == name).expect("a column");
    match rows.chip.name() {
        "alu" => {
            let lanes = AluFixed::read(key).lane.into_iter().enumerate();
            let lane = lanes.flat_map(|(i, lane)| {
                let held = [[lane.q_a, lane.q_ab], [lane.q_b, lane.q_ab], [lane.s; 2]];
                let ports = (0..3).filter(move |p| free(lane.count[*p]) && held[*p].into_iter().all(free));
                ports.map(move |p| i * AluLane::<F>::WIDTH + p * CHALLENGE)
            });
            lane.flat_map(|start| start..start + CHALLENGE).collect()
        }
        "pack" => {
            let key = PackFixed::read(key);
            (0..CHALLENGE).filter(|i| free(key.count) && free(key.base_count[*i])).collect()
        }
        // What a row without an entry offers nobody takes: its count is held.
        "caps" if free(CapsFixed::read(key).real) => (1..Chip::width(&rows.chip)).collect(),
        "path" => {
            let key = PathFixed::read(key);
            let used = [key.start, key.linked, key.end].into_iter().any(|x| !free(x));
            if used { Vec::new() } else { vec![named("bit"), named("index")] }
        }
        _ => Vec::new(),
    }
}

#[test]
fn a_cell_is_free_only_where_the_key_says_so() {
    let (program, _) = sample::program();
    for mut rows in Rows::all(&chips(&program, &Sample::new(7))) {
        let columns = |row: usize| left_free(&rows, &rows.fixed[row]).into_iter().map(move |c| (row, c));
        let expected: BTreeSet<Cell> = (0..rows.fixed.len()).flat_map(columns).collect();
        let name = rows.chip.name();
        let cells = rows.main.len() * Chip::width(&rows.chip);
        println!("{name}: {} of {cells} cells are free", expected.len());
        assert_eq!(unheld(&mut rows), expected, "{name}");
    }
}
