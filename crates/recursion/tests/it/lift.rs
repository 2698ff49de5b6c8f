//! A shard proof, verified by a circuit, proven, verified natively: the whole way once.

use std::time::Instant;

use aludel_circuits::recursion::machine::traces;
use aludel_circuits::recursion::{Heights, RecursionChip, execute};
use aludel_circuits::{Chip, Shape};
use aludel_prover::Prover;
use aludel_verifier::{Machine, Role};

use crate::children::{decoded, frozen, key, program, witness};

#[test]
fn a_lift_is_proven_and_verified() {
    let child = key(Shape::Tiny);
    let (proof, statement) = decoded(child, &frozen(Shape::Tiny));
    let program = program(child);
    let heights = Heights::of(&program, 4);
    let chips = RecursionChip::of(&program, &heights).expect("they fit");
    let prover = Prover::with_chips(Role::Lift(Shape::Tiny), chips).expect("keyed");

    let start = Instant::now();
    let e = execute(&program, &witness(child, &proof, &statement));
    assert_eq!(e.check(), Ok(()));
    let traces = traces(&e, &heights).expect("they fit");
    let witness = start.elapsed();
    let of = |chip: &RecursionChip| if chip.public_values() == 0 { Vec::new() } else { e.public() };
    let public_values: Vec<_> = prover.key().chips().iter().map(of).collect();
    let start = Instant::now();
    let lifted = prover.proof(&traces, public_values.clone()).expect("proven");
    let proving = start.elapsed();
    let cells: usize = prover.key().layout().chips().iter().map(|chip| chip.cells()).sum();
    println!("{cells} cells, witness {witness:?}, proven in {proving:?}");

    let key = prover.key();
    let verify = |public_values: &[Vec<_>]| {
        key.layout().check(&lifted).expect("its layout");
        RecursionChip::verify_batch(key.config(), key.chips(), &lifted, public_values, key.common())
    };
    assert_eq!(verify(&public_values), Ok(()));
    // The key of a verifier, which has no program, is the same.
    let bare = aludel_verifier::Key::from_root(
        Role::Lift(Shape::Tiny),
        RecursionChip::all(&heights),
        key.root().cloned(),
    );
    assert_eq!(bare.expect("keyed").digest(), key.digest());
    let mut others = public_values;
    for i in 0..16 {
        let last = others.last_mut().expect("a machine has chips");
        last[i] += aludel_protocol::fe(1);
        assert!(verify(&others).is_err(), "public value {i}");
        let last = others.last_mut().expect("a machine has chips");
        last[i] -= aludel_protocol::fe(1);
    }
    let security = key.security();
    println!("{:.1} proven bits, by {}", security.proven_bits, security.binding);
    assert!(security.proven_bits >= 100.0);
}
