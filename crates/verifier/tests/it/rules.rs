//! Machines that break a rule of keys have none.

use aludel_circuits::Shape;
use aludel_verifier::Key;

use crate::toy::{Fault, machine};

#[test]
fn faulty_machines_have_no_key() {
    for (fault, reason) in [
        (Fault::High, "its height is not in 2^4 to 2^23"),
        (Fault::Low, "its height is not in 2^4 to 2^23"),
        (Fault::Width, "other widths"),
        (Fault::NextRow, "other rows"),
        (Fault::FixedNextRow, "other rows"),
        (Fault::Local, "without a bus"),
        (Fault::Nobody, "no bus is called nobody"),
        (Fault::Narrow, "a message on bus chain has not 16 fields"),
        (Fault::Exclusive, "a message on bus auth has not 17 fields"),
        (Fault::Twice, "bound 2 on its count"),
        (Fault::Periodic, "periodic columns are not supported"),
        (Fault::Boundary, "boundary values and periodic"),
    ] {
        let Err(error) = Key::from_root(Shape::Tiny, machine(fault), None) else {
            panic!("{fault:?} is not seen");
        };
        let error = error.to_string();
        assert!(error.contains("cubes") && error.contains(reason), "{fault:?}: {error}");
    }
    assert!(Key::derive_for_prover(Shape::Tiny, machine(Fault::None)).is_ok());
}
