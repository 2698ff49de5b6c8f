//! One cell of an honest trace changes; a named constraint or bus breaks.

use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::cases::CASES;
use super::super::columns::SignatureColumns;
use super::super::signer::{Case, sign};
use crate::check::Violation;
use crate::chip::Chip;
use crate::columns::Columns;
use crate::machine::MachineChip;
use crate::poseidon2::Permutation24;
use crate::signature::{BLOCK, Signature};
use crate::tamper::{Traces, uncovered};

const CHIP: Signature = Signature { log_height: 7 };

/// A signature of epoch 77 = 0b1001101 in block 0; block 1 is padding.
fn case() -> Case {
    Case::honest(Case::LOG_HEIGHTS, &[sign(1, 77)])
}

fn column(name: &str) -> usize {
    let found = CHIP.column_names().iter().position(|n| n == name);
    found.unwrap_or_else(|| panic!("no column {name}"))
}

/// Changes a cell and hashes its row again where the cell is an input, so that the hash itself is right.
fn corrupt(case: &mut Case, name: &str, row: usize, f: impl Fn(F) -> F) {
    let width = CHIP.width();
    let cells = &mut case.signature.values[row * width..][..width];
    cells[column(name)] = f(cells[column(name)]);
    if name.starts_with("x[") {
        let mut read = SignatureColumns::read(cells);
        (read.permutation, _) = Permutation24::generate(read.x);
        cells.copy_from_slice(&read.to_row());
    }
}

#[test]
fn every_corruption_is_refused() {
    let mut honest = Traces::default();
    honest.chip(MachineChip::Signature(CHIP), case().signature, &[]).close();
    assert_eq!(honest.violations(), Vec::new());
    for case in CASES {
        case.run(&honest).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn no_column_constraint_or_bus_lacks_a_case() {
    assert_eq!(uncovered(&MachineChip::Signature(CHIP), CASES), Vec::<String>::new());
}

/// Cell, from which row (of a block) it is bound to the row before, to which, by which constraint.
const LINKS: [(&str, usize, usize, &str); 24] = [
    ("x[0]", 1, 22, "signature: leaf goes on"),
    ("x[7]", 1, 22, "signature: leaf goes on"),
    ("x[1]", 23, 23, "signature: leaf index is the epoch"),
    ("x[1]", 24, 42, "signature: node index halves"),
    ("x[8]", 43, 43, "signature: key takes the root"),
    ("x[15]", 43, 43, "signature: key takes the root"),
    ("parameter[0]", 1, 44, "signature: parameter continues"),
    ("parameter[4]", 1, 44, "signature: parameter continues"),
    ("epoch", 1, 44, "signature: epoch continues"),
    ("bit[0]", 44, 44, "signature: padding is a whole block"),
    ("sum", 1, 23, "signature: sum adds the digits"),
    ("sum", 24, 43, "signature: sum continues"),
    ("accumulator", 1, 3, "signature: word takes the digits"),
    ("accumulator", 5, 7, "signature: word takes the digits"),
    ("accumulator", 17, 19, "signature: word takes the digits"),
    ("accumulator", 21, 23, "signature: word takes the digits"),
    ("accumulator", 24, 44, "signature: last word continues"),
    ("words[0]", 1, 3, "signature: words continue"),
    ("words[0]", 4, 4, "signature: words move up"),
    ("words[3]", 20, 20, "signature: words move up"),
    ("words[4]", 4, 4, "signature: word is kept"),
    ("words[4]", 20, 20, "signature: word is kept"),
    ("words[0]", 21, 44, "signature: words continue"),
    ("words[4]", 21, 44, "signature: words continue"),
];

#[test]
fn each_row_is_bound_to_the_row_before() {
    let honest = case();
    for (name, first, last, expected) in LINKS {
        for row in first..=last {
            let mut case = honest.clone();
            corrupt(&mut case, name, row, |x| x + fe(5));
            let link = Violation::Constraint { chip: "signature", row: row - 1, name: expected };
            assert!(case.violations().contains(&link), "{name} in row {row}: not {expected}");
        }
    }
}

#[test]
fn the_running_node_is_bound_to_the_row_before() {
    for level in 0..20 {
        let mut case = case();
        let child = if 77 >> level & 1 == 1 { "x[16]" } else { "x[8]" };
        corrupt(&mut case, child, 23 + level, |x| x + fe(5));
        let name = "signature: running node is a child";
        let link = Violation::Constraint { chip: "signature", row: 22 + level, name };
        assert!(case.violations().contains(&link), "level {level}");
    }
}

/// All cells of a signature are determined, except the sum where it is no longer read: any value breaks something.
#[test]
fn no_cell_is_free() {
    let seed = 7;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let names = CHIP.column_names();
    let honest = case();
    let hash = column("parameter[0]");
    let bookkeeping = (hash..names.len()).flat_map(|cell| (0..BLOCK).map(move |row| (cell, row)));
    let some = (0..300).map(|_| (rng.random_range(0..hash), rng.random_range(0..BLOCK)));
    for (cell, row) in bookkeeping.chain(some.collect::<Vec<_>>()) {
        let mut case = honest.clone();
        case.signature.values[row * names.len() + cell] += fe(5);
        let free = names[cell] == "sum" && row == BLOCK - 1;
        assert_eq!(case.broken().is_empty(), free, "seed {seed}: {} in row {row}", names[cell]);
    }
}

#[test]
fn a_digit_has_one_form() {
    let honest = case();
    let width = CHIP.width();
    let digit = |row: usize, name: &str| honest.signature.values[row * width + column(name)];
    let full = (0..23).find(|r| digit(*r, "bit[0]") == F::ONE).expect("some digit is 7");
    let zero =
        (0..23).find(|r| digit(*r, "bit[0]") + digit(*r, "threes[0]") + digit(*r, "ones[0]") == F::ZERO);
    let mut seven = case();
    for (name, value) in [("bit[0]", 0), ("threes[0]", 2), ("ones[0]", 1)] {
        corrupt(&mut seven, name, full, |_| fe(value));
    }
    assert_eq!(seven.broken(), ["chain", "signature: digit below 7 without its bit"].into());
    let mut eight = case();
    corrupt(&mut eight, "ones[0]", full, |_| F::ONE);
    assert!(eight.broken().contains("signature: digit is 7 with its bit"));
    let mut skipped = case();
    corrupt(&mut skipped, "bit[0]", zero.expect("some digit is 0"), |_| F::ONE);
    let expected = ["chain", "signature: sum adds the digits", "signature: word takes the digits"];
    assert!(skipped.broken().contains(expected[0]) && skipped.broken().contains(expected[1]));
}
