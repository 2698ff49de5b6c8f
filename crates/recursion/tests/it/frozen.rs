//! The frozen proofs of `aludel_verifier`, and circuits that verify them.

use aludel_circuits::Shape;
use aludel_circuits::recursion::{Circuit, Program};
use aludel_protocol::{F, Statement};
use aludel_recursion::{Child, ChildWitness, KeyValues, verify};
use aludel_verifier::config::Proof;
use aludel_verifier::{ShardKey, format};
use p3_field::PrimeCharacteristicRing;

/// The bytes of a shape's frozen proof.
pub fn bytes(shape: Shape) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../verifier/tests/frozen");
    std::fs::read(format!("{folder}/{shape}.proof")).expect("a frozen proof of every shape")
}

/// The key of a shape.
pub fn key(shape: Shape) -> &'static ShardKey {
    ShardKey::pinned(shape).expect("pinned")
}

/// A shape's frozen proof, decoded, with its statement.
pub fn proof(shape: Shape) -> (Proof, Statement) {
    let bytes = bytes(shape);
    let (claim, rest) = format::claim(&bytes).expect("a proof");
    (format::proof(key(shape), rest).expect("a proof"), claim.statement)
}

/// What a circuit reads of a proof.
pub fn witness(shape: Shape, proof: &Proof, statement: &Statement) -> ChildWitness {
    ChildWitness::new(proof, &key(shape).public_values(statement))
}

/// A program that verifies proofs of a shape and makes their public values public.
pub fn program(shape: Shape) -> Program<ChildWitness> {
    let child = Child::of(key(shape));
    let mut c = Circuit::default();
    let key = KeyValues::wired(&mut c, &child);
    let verified = verify(&mut c, &child, &key, |w: &ChildWitness| w);
    let zero = c.constant(F::ZERO);
    let mut public = verified.public_values;
    public.resize(16, zero);
    c.publish(&public);
    c.finish()
}
