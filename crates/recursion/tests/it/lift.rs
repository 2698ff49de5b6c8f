//! The whole way once: a shard proof verified by a circuit, that proven and verified natively, and two such proofs verified by one
//! circuit again.

use std::sync::LazyLock;
use std::time::Instant;

use aludel_circuits::recursion::machine::traces;
use aludel_circuits::recursion::{Circuit, Heights, Program, RecursionChip, execute};
use aludel_circuits::{Chip, Shape};
use aludel_protocol::{F, fe};
use aludel_prover::Prover;
use aludel_recursion::{Child, ChildWitness, KeyValues, verify};
use aludel_verifier::config::Proof;
use aludel_verifier::{Key, Machine, Role, security};

use crate::children::{decoded, frozen, key, program, witness};

/// A proof that a frozen shard proof was verified.
struct Lifted {
    prover: Prover<RecursionChip>,
    proof: Proof,
    public_values: Vec<Vec<F>>,
}

static LIFTED: LazyLock<Lifted> = LazyLock::new(|| {
    let child = key(Shape::Tiny);
    let (proof, statement) = decoded(child, &frozen(Shape::Tiny));
    prove(&program(child), &witness(child, &proof, &statement))
});

/// Proves that a program was run.
fn prove(program: &Program<ChildWitness>, witness: &ChildWitness) -> Lifted {
    let chips = RecursionChip::of(program, &Heights::FOLDED).expect("they fit");
    let prover = Prover::with_chips(Role::Lift(Shape::Tiny), chips).expect("keyed");
    let start = Instant::now();
    let e = execute(program, witness);
    assert_eq!(e.check(), Ok(()));
    let traces = traces(&e, &Heights::FOLDED).expect("they fit");
    let made = start.elapsed();
    let public = e.public();
    let public_values: Vec<_> =
        prover.key().chips().iter().map(|chip| chip.given(&public).to_vec()).collect();
    let start = Instant::now();
    let proof = prover.proof(&traces, public_values.clone()).expect("proven");
    println!("traces in {made:?}, proven in {:?}", start.elapsed());
    Lifted { prover, proof, public_values }
}

fn verdict(lifted: &Lifted, public_values: &[Vec<F>]) -> Result<(), String> {
    let key = lifted.prover.key();
    key.layout().check(&lifted.proof).map_err(|e| e.to_string())?;
    RecursionChip::verify_batch(key.config(), key.chips(), &lifted.proof, public_values, key.common())
}

/// One test, because each takes the same lift.
#[test]
fn a_lift_is_good() {
    a_lift_is_verified_natively();
    a_verifiers_key_needs_no_program();
    the_recursion_machine_has_a_hundred_proven_bits();
}

fn a_lift_is_verified_natively() {
    let lifted = &*LIFTED;
    assert_eq!(verdict(lifted, &lifted.public_values), Ok(()));
    let mut others = lifted.public_values.clone();
    for i in 0..16 {
        let values = others.last_mut().expect("a machine has chips");
        values[i] += fe(1);
        assert!(verdict(lifted, &others).is_err(), "public value {i}");
        let values = others.last_mut().expect("a machine has chips");
        values[i] -= fe(1);
    }
}

fn a_verifiers_key_needs_no_program() {
    let key = LIFTED.prover.key();
    let bare =
        Key::from_root(key.role(), RecursionChip::all(&Heights::FOLDED), key.root().cloned()).expect("keyed");
    assert_eq!(bare.digest(), key.digest());
    let shard = self::key(Shape::Tiny);
    assert_ne!(bare.digest(), shard.digest());
}

fn the_recursion_machine_has_a_hundred_proven_bits() {
    let key = LIFTED.prover.key();
    let security = security(key.role()).expect("keyed");
    let cells: usize = key.layout().chips().iter().map(|chip| chip.cells()).sum();
    println!("{cells} cells, {:.1} proven bits, by {}", security.proven_bits, security.binding);
    assert!(security.proven_bits >= 100.0);
}

/// What a join has to do besides folding statements: with two proofs to verify it fits the machine of a lift, and is proven.
#[test]
fn two_lifts_are_verified_by_one_circuit_of_the_same_machine() {
    let lifted = &*LIFTED;
    let child = Child::of(lifted.prover.key());
    let mut c = Circuit::<ChildWitness>::default();
    let key = KeyValues::wired(&mut c, &child);
    let [one, other] = [(), ()].map(|()| verify(&mut c, &child, &key, |w| w).public_values);
    for (a, b) in one.iter().zip(&other) {
        c.assert_equal(*a, *b);
    }
    c.publish(&one);
    let program = c.finish();
    let rows = program.rows();
    println!(
        "sponge {} path {} alu {} lanes transcript {} bits {} pack {} caps {}",
        rows.sponge.len(),
        rows.path.len(),
        rows.alu.len(),
        rows.transcript.len(),
        rows.bits.len(),
        rows.pack.len(),
        rows.caps.len(),
    );
    let joined = prove(&program, &ChildWitness::new(&lifted.proof, &lifted.public_values));
    assert_eq!(verdict(&joined, &lifted.public_values), Ok(()));
}
