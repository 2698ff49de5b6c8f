//! Corruptions of honest traces, each with the constraint or the bus that refuses it, and the manifest that
//! fails when a column, a constraint or a bus of a chip has none.
//!
//! A case finds its row by a column's value, so that the same case runs on a chip's own small trace and on that of
//! a whole machine, where the proof of the forged trace must be refused as well. Feature `tamper`.

mod survey;
mod traces;

use core::fmt;
use std::collections::BTreeSet;

use aludel_protocol::F;
use aludel_protocol::hash::compress24;
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

pub use survey::Survey;
pub use traces::Traces;

use crate::bus::Bus;
use crate::check::Violation;
use crate::chip::Chip;
use crate::machine::MachineChip;

/// Which row is corrupted.
#[derive(Clone, Copy, Debug)]
pub enum At {
    /// The row of this number.
    Row(usize),
    /// The last row.
    Last,
    /// The first row in which this column has this value.
    Where(&'static str, u32),
    /// The first row in which each of these columns has its value.
    Each(&'static [(&'static str, u32)]),
    /// The row after the first in which this column has this value.
    After(&'static str, u32),
    /// The first row in which each of these preprocessed columns, and each of these columns, has its value.
    Key(&'static [(&'static str, u32)], &'static [(&'static str, u32)]),
}

/// The preprocessed count of a port that reads.
pub const READ: u32 = F::ORDER_U32 - 1;

/// What a cell becomes.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// More by this.
    Add(u32),
    /// This.
    Set(u32),
}

/// Who refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The constraint of this name, in the corrupted row or the one before it.
    Constraint(&'static str),
    /// This bus, which no longer balances; if it is a table's, over a message that no table holds.
    Bus(Bus),
}

/// One cell of an honest trace, corrupted. `[*]` in a column's name is the first lane with a row that fits.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The chip.
    pub chip: &'static str,
    /// The column by name.
    pub column: &'static str,
    /// The row.
    pub at: At,
    /// The corruption.
    pub change: Change,
    /// Who refuses it.
    pub expect: Expect,
}

/// A case that does not show what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TamperError {
    /// The traces lack its chip: add it.
    #[error("there is no chip {0} among the traces")]
    NoChip(String),
    /// No cell is what the case looks for: name another, or choose a trace that has it.
    #[error("no cell fits {0}")]
    NoCell(String),
    /// The expected violation is not among those found: a guard is missing.
    #[error("{case} is not refused; found {found:?}")]
    NotRefused {
        /// The case.
        case: String,
        /// What was violated instead.
        found: Vec<Violation>,
    },
}

impl Case {
    /// Corrupts the traces; returns the row.
    pub fn apply<C: Chip + Clone>(&self, traces: &mut Traces<C>) -> Result<usize, TamperError> {
        let (row, column) = self.locate(traces)?;
        let main = traces.main_mut(self.chip).ok_or_else(|| TamperError::NoChip(self.chip.to_owned()))?;
        let index = row * main.width() + column;
        let cell = main.values.get_mut(index).ok_or_else(|| TamperError::NoCell(self.to_string()))?;
        let before = *cell;
        *cell = match self.change {
            Change::Add(x) => before + F::from_u32(x),
            Change::Set(x) => F::from_u32(x),
        };
        if *cell == before {
            Err(TamperError::NoCell(format!("{self}: it changes nothing")))
        } else {
            Ok(row)
        }
    }

    /// Corrupts honest traces and holds the violations against what is expected.
    pub fn run<C: Chip + Clone>(&self, honest: &Traces<C>) -> Result<(), TamperError> {
        let mut forged = honest.clone();
        let at = self.apply(&mut forged)?;
        let found = forged.violations();
        // A constraint reads its row and the next one.
        let height = forged.find(self.chip)?.1.height();
        let expected = |v: &Violation| match (v, self.expect) {
            (Violation::Constraint { chip, row, name }, Expect::Constraint(expected)) => {
                let reads = *row == at || (row + 1) % height == at;
                reads && (*chip, *name) == (self.chip, expected)
            }
            (Violation::Bus { bus, fields, .. }, Expect::Bus(expected)) => {
                *bus == expected.name() && (self.chip == *bus || !answerable(expected, fields))
            }
            _ => false,
        };
        if found.iter().any(expected) {
            return Ok(());
        }
        Err(TamperError::NotRefused { case: self.to_string(), found })
    }

    fn locate<C: Chip + Clone>(&self, traces: &Traces<C>) -> Result<(usize, usize), TamperError> {
        let (chip, main) = traces.find(self.chip)?;
        let (names, key_names, key) = (chip.column_names(), chip.fixed_names(), chip.fixed());
        let first = |lane: usize, cells: &[(&str, u32)]| {
            let cells = find_cells(&names, lane, cells)?;
            (0..main.height()).find(|&r| holds(main, r, &cells))
        };
        let keyed = |lane: usize, key_cells: &[(&str, u32)], cells: &[(&str, u32)]| {
            let key_cells = find_cells(&key_names, lane, key_cells)?;
            let cells = find_cells(&names, lane, cells)?;
            let key = key.as_ref()?;
            (0..main.height()).find(|&r| holds(key, r, &key_cells) && holds(main, r, &cells))
        };
        let row = |lane: usize| match self.at {
            At::Row(row) => Some(row),
            At::Last => main.height().checked_sub(1),
            At::Where(key, value) => first(lane, &[(key, value)]),
            At::Each(keys) => first(lane, keys),
            At::After(key, value) => first(lane, &[(key, value)]).map(|row| row + 1),
            At::Key(key, cells) => keyed(lane, key, cells),
        };
        let lanes = 0..names.len();
        let mut cells =
            lanes.map_while(|lane| find_column(&names, lane, self.column).map(|column| (row(lane), column)));
        let found = cells.find_map(|(row, column)| row.map(|row| (row, column)));
        found.ok_or_else(|| TamperError::NoCell(self.to_string()))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chip, column, at, change, expect } = self;
        write!(f, "{chip}: {column} {change:?} at {at:?}, refused by {expect:?}")
    }
}

/// The column of this name in a lane.
fn find_column(names: &[String], lane: usize, pattern: &str) -> Option<usize> {
    let name = pattern.replace('*', &lane.to_string());
    names.iter().position(|n| *n == name)
}

/// The columns of these names in a lane, with their values.
fn find_cells(names: &[String], lane: usize, cells: &[(&str, u32)]) -> Option<Vec<(usize, F)>> {
    cells.iter().map(|(name, x)| Some((find_column(names, lane, name)?, F::from_u32(*x)))).collect()
}

/// Whether a row has these values.
fn holds(matrix: &RowMajorMatrix<F>, row: usize, cells: &[(usize, F)]) -> bool {
    cells.iter().all(|(column, x)| matrix.get(row, *column) == Some(*x))
}

/// Whether a table would answer the message: a forger writes the tables' counts as well, so a count that merely
/// does not follow refuses nothing.
fn answerable(bus: Bus, fields: &[u32]) -> bool {
    match bus {
        Bus::Range16 => fields[0] < 1 << 16,
        Bus::Hash24 => {
            let x: Vec<F> = fields.iter().copied().map(F::from_u32).collect();
            compress24::<F>(core::array::from_fn(|i| x[i]))[..] == x[24..]
        }
        _ => false,
    }
}

/// The cases of a chip of the machine.
pub const fn cases(chip: &MachineChip) -> &'static [Case] {
    match chip {
        MachineChip::Range16(_) => crate::range16::cases::CASES,
        MachineChip::Hash24(_) => crate::hash24::cases::CASES,
        MachineChip::Chain(_) => crate::chain::cases::CASES,
        MachineChip::Signature(_) => crate::signature::cases::CASES,
        MachineChip::Node(_) => crate::node::cases::CASES,
        MachineChip::Cell(_) => crate::cell::cases::CASES,
        MachineChip::Transaction(_) => crate::transaction::cases::CASES,
        MachineChip::Statement(_) => crate::statement::cases::CASES,
    }
}

/// Columns, constraints and buses of a chip for which no case stands. Array elements and lanes count as one
/// column, a permutation's cells as one.
pub fn uncovered<C: Chip>(chip: &C, cases: &[Case]) -> Vec<String> {
    let cases: Vec<&Case> = cases.iter().filter(|c| c.chip == chip.name()).collect();
    let columns: BTreeSet<String> = cases.iter().map(|c| group(c.column)).collect();
    let expected = |e: Expect| cases.iter().any(|c| c.expect == e);
    let survey = Survey::of(chip);
    let names = chip.column_names();
    let groups: BTreeSet<String> = names.iter().map(|n| group(n)).collect();
    let columns = groups.difference(&columns).map(|c| format!("column {c}"));
    let constraints = survey.constraints.iter().filter(|n| !expected(Expect::Constraint(n)));
    let buses = survey.buses.iter().filter(|b| !expected(Expect::Bus(**b)));
    let constraints = constraints.map(|n| format!("constraint {n}"));
    columns.chain(constraints).chain(buses.map(|b| format!("bus {}", b.name()))).collect()
}

/// A column's name without indices; every cell of a permutation is the permutation.
fn group(column: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_i32;
    for c in column.chars() {
        depth += i32::from(c == '[');
        if depth == 0 {
            out.push(c);
        }
        depth -= i32::from(c == ']');
    }
    for rounds in [".beginning", ".partial", ".ending"] {
        out = out.trim_end_matches(rounds).to_owned();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::sample::honest;

    const TIME: Case = Case {
        chip: "cell",
        column: "time",
        at: At::Where("real", 1),
        change: Change::Add(1),
        expect: Expect::Bus(Bus::Cell),
    };

    #[test]
    fn a_case_fails_where_it_shows_nothing() {
        let honest = honest();
        assert_eq!(TIME.run(&honest), Ok(()));
        let wrong = [Expect::Bus(Bus::Node), Expect::Constraint("real is boolean")];
        for expect in wrong {
            let refused = Case { expect, ..TIME }.run(&honest);
            assert!(matches!(refused, Err(TamperError::NotRefused { .. })));
        }
        let nowhere = [
            Case { column: "colour", ..TIME },
            Case { at: At::Where("real", 2), ..TIME },
            Case { at: At::Row(1 << 20), ..TIME },
            Case { at: At::Each(&[("real", 1), ("space", 2)]), ..TIME },
            Case { at: At::After("space", 2), ..TIME },
            Case { at: At::Key(&[("real", 1)], &[]), ..TIME },
            Case { change: Change::Add(0), ..TIME },
        ];
        for case in nowhere {
            assert!(matches!(case.run(&honest), Err(TamperError::NoCell(_))), "{case}");
        }
        assert!(matches!(Case { chip: "lathe", ..TIME }.run(&honest), Err(TamperError::NoChip(_))));
    }

    #[test]
    fn a_chip_alone_is_refused_as_among_the_others() {
        let honest = honest();
        let alone = honest.alone("cell").expect("there is one");
        assert_eq!((alone.chips().len(), alone.violations()), (1, Vec::new()));
        let mut forged = [honest, alone];
        forged.iter_mut().for_each(|traces| assert_eq!(TIME.apply(traces), Ok(0)));
        let [whole, alone] = forged.map(|traces| traces.violations());
        assert_eq!(whole, alone);
        assert!(!whole.is_empty());
        assert!(matches!(Traces::<MachineChip>::default().alone("cell"), Err(TamperError::NoChip(_))));
    }

    #[test]
    fn rows_are_found_by_several_columns_and_after_another() {
        let traces = honest();
        let places = [
            (At::Where("space", 1), 3),
            (At::Each(&[("space", 1), ("slot", 3)]), 6),
            (At::After("space", 1), 4),
        ];
        for (at, row) in places {
            assert_eq!(Case { at, ..TIME }.apply(&mut traces.clone()), Ok(row));
        }
    }

    #[test]
    fn a_table_refuses_only_what_it_does_not_hold() {
        let limb = |change| Case {
            chip: "statement",
            column: "chain_id[0]",
            at: At::Row(0),
            change,
            expect: Expect::Bus(Bus::Range16),
        };
        assert_eq!(limb(Change::Set(1 << 16)).run(&honest()), Ok(()));
        let answered = limb(Change::Set(9)).run(&honest());
        assert!(matches!(answered, Err(TamperError::NotRefused { .. })));
    }

    #[test]
    fn the_manifest_names_what_lacks_a_case() {
        let cell = MachineChip::Cell(crate::cell::Cell { log_height: 3 });
        let left = uncovered(&cell, &[TIME]);
        assert!(!left.contains(&"column time".to_owned()) && !left.contains(&"bus cell".to_owned()));
        for lacking in ["column initial", "constraint real is boolean", "bus node"] {
            assert!(left.contains(&lacking.to_owned()), "{lacking}");
        }
        assert_eq!(group("lane[2].old.beginning[63]"), "lane.old");
    }
}
