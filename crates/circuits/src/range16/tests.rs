//! Each corruption and the constraint that names it.

use super::cases::CASES;
use crate::machine::MachineChip;
use crate::node::sample::honest;
use crate::shape::Shape;
use crate::tamper::uncovered;

#[test]
fn every_corruption_is_refused() {
    let honest = honest();
    for case in CASES {
        case.run(&honest).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn no_column_constraint_or_bus_lacks_a_case() {
    let chip = MachineChip::all(Shape::Tiny).into_iter().find(|c| matches!(c, MachineChip::Range16(_)));
    assert_eq!(uncovered(&chip.expect("a chip of the machine"), CASES), Vec::<String>::new());
}
