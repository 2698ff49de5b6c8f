//! Nothing of the recursion machine is left out: each column, constraint and bus of each chip has a case of corruption, and each field
//! of each message and each public value is changed here. Every single cell of a run is changed in `attacks/free.rs`.

use std::collections::BTreeSet;

use aludel_protocol::F;
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use super::attacks::probe::Rows;
use super::corruptions::ALL;
use super::sample::{self, Sample, chips};
use crate::bus::Bus;
use crate::check::Violation;
use crate::chip::Chip;
use crate::recursion::RecursionChip;
use crate::tamper::{Case, Survey, Traces, uncovered};

/// A message with its count.
type Message = (Bus, Vec<F>, F);

/// The machine in numbers.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    columns: usize,
    /// By name.
    constraints: usize,
    /// Of a row of each chip.
    messages: usize,
    /// Cells that these carry.
    carried: usize,
    public_values: usize,
    /// Cases, by hand.
    corruptions: usize,
    buses: BTreeSet<Bus>,
}

fn honest() -> Traces<RecursionChip> {
    chips(&sample::program().0, &Sample::new(7))
}

#[test]
fn nothing_lacks_a_case() {
    let honest = honest();
    assert_eq!(honest.chips().len(), ALL.len());
    let mut totals = Totals::default();
    for (((chip, ..), cases), rows) in honest.chips().iter().zip(ALL).zip(Rows::all(&honest)) {
        let survey = Survey::of(chip);
        assert!(cases.iter().all(|case| case.chip == chip.name()), "{}", chip.name());
        assert_eq!(uncovered(chip, cases), Vec::<String>::new(), "{}", chip.name());
        totals.columns += chip.width();
        totals.constraints += survey.constraints.len();
        totals.messages += survey.messages;
        totals.carried += carried(&honest, rows, survey.messages);
        totals.public_values += public_values(&honest, chip);
        totals.corruptions += cases.len();
        totals.buses.extend(survey.buses);
    }
    println!("{totals:?}");
    let expected = Totals {
        columns: 701,
        constraints: 25,
        messages: 59,
        carried: 167,
        public_values: 16,
        corruptions: 167,
        buses: Bus::RECURSION.into_iter().collect(),
    };
    assert_eq!(totals, expected, "the machine has changed: so do the figures in the documents");
}

/// Changes each cell that a message of a chip carries, in a row in which the message counts: what the message then says no longer
/// balances. How many there are.
fn carried(honest: &Traces<RecursionChip>, mut rows: Rows, messages: usize) -> usize {
    let name = rows.chip.name();
    let alone = honest.alone(name).expect("a chip of the machine");
    let mut carried = 0;
    for message in 0..messages {
        let counts = |row: &usize| rows.probe(*row).messages[message].2 != F::ZERO;
        let row = (0..rows.main.len()).find(counts);
        let row = row.unwrap_or_else(|| panic!("{name}: message {message} is never sent or received"));
        let cells = cells(&mut rows, row, message);
        assert!(!cells.is_empty(), "{name}: message {message} carries no cell of its row");
        for (column, said) in &cells {
            let refused = unbalances(&alone, name, (row, *column), said);
            assert!(refused, "{name}: message {message} with another cell {column} in row {row}");
        }
        carried += cells.len();
    }
    carried
}

/// The columns of a row that a message carries, with what it says when the cell is one more than it is.
fn cells(rows: &mut Rows, row: usize, message: usize) -> Vec<(usize, Message)> {
    let said = |rows: &Rows| rows.probe(row).messages.swap_remove(message);
    let (width, honest) = (Chip::width(&rows.chip), said(rows));
    let changed = |column: usize| {
        rows.main[row][column] += F::ONE;
        let changed = said(rows);
        rows.main[row][column] -= F::ONE;
        (changed != honest).then_some((column, changed))
    };
    (0..width).filter_map(changed).collect()
}

/// Whether a message is sent and received unequally often when a cell is one more than it is.
fn unbalances(
    alone: &Traces<RecursionChip>,
    chip: &str,
    (row, column): (usize, usize),
    said: &Message,
) -> bool {
    let mut forged = alone.clone();
    let main = forged.main_mut(chip).expect("a chip of the machine");
    main.row_mut(row)[column] += F::ONE;
    let (on, said) = (said.0.name(), said.1.iter().map(PrimeField32::as_canonical_u32).collect::<Vec<_>>());
    let own =
        |v: &Violation| matches!(v, Violation::Bus { bus, fields, .. } if (*bus, fields) == (on, &said));
    forged.violations().iter().any(own)
}

/// Changes each public value of a chip: it is refused, by a constraint of that chip alone. How many there are.
fn public_values(honest: &Traces<RecursionChip>, chip: &RecursionChip) -> usize {
    for i in 0..chip.public_values() {
        let mut forged = Traces::default();
        for (other, main, public) in honest.chips() {
            let mut public = public.clone();
            if other.name() == chip.name() {
                public[i] += F::ONE;
            }
            forged.chip(other.clone(), main.clone(), &public);
        }
        let refused = forged.refused_by();
        let own = |name: &String| name.starts_with(&format!("{}: ", chip.name()));
        assert!(!refused.is_empty() && refused.iter().all(own), "public value {i}: {refused:?}");
    }
    chip.public_values()
}

/// The manifest can fail: without cases each column, constraint and bus of each chip lacks one.
#[test]
fn a_chip_without_cases_lacks_them_all() {
    for ((chip, ..), all) in honest().chips().iter().zip(ALL) {
        let (survey, left) = (Survey::of(chip), uncovered(chip, &[]));
        let named = |name: String| assert!(left.contains(&name), "{}: {name}", chip.name());
        survey.constraints.iter().for_each(|name| named(format!("constraint {name}")));
        survey.buses.iter().for_each(|bus| named(format!("bus {}", bus.name())));
        assert!(left.iter().any(|name| name.starts_with("column ")), "{}", chip.name());
        // Without those of one column, constraint or bus, that one is named.
        for lacking in &left {
            let covers = |case: &&Case| !uncovered(chip, &[**case]).contains(lacking);
            let others: Vec<Case> = all.iter().filter(|case| !covers(case)).copied().collect();
            assert!(uncovered(chip, &others).contains(lacking), "{}: {lacking}", chip.name());
        }
    }
}
