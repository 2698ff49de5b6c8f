//! Proofs, and circuits that verify them.

use aludel_circuits::Shape;
use aludel_circuits::recursion::{Circuit, Program};
use aludel_protocol::{F, Statement};
use aludel_recursion::{Child, ChildWitness, KeyValues, verify};
use aludel_verifier::config::Proof;
use aludel_verifier::keys::Key;
use aludel_verifier::{Machine, ShardKey, format};
use p3_field::PrimeCharacteristicRing;

/// The bytes of a shape's frozen proof.
pub fn frozen(shape: Shape) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../verifier/tests/frozen");
    std::fs::read(format!("{folder}/{shape}.proof")).expect("a frozen proof of every shape")
}

/// The key of a shape.
pub fn key(shape: Shape) -> &'static ShardKey {
    ShardKey::pinned(shape).expect("pinned")
}

/// A proof's bytes, decoded, with its statement.
pub fn decoded<A: Machine>(key: &Key<A>, bytes: &[u8]) -> (Proof, Statement) {
    let (claim, rest) = format::claim(bytes).expect("a proof");
    (format::proof(key, rest).expect("a proof"), claim.statement)
}

/// What a circuit reads of a proof.
pub fn witness<A: Machine>(key: &Key<A>, proof: &Proof, statement: &Statement) -> ChildWitness {
    ChildWitness::new(proof, &key.public_values(statement))
}

/// A program that verifies proofs of a key and makes their public values public.
pub fn program<A: Machine>(key: &Key<A>) -> Program<ChildWitness> {
    let child = Child::of(key);
    let mut c = Circuit::default();
    let key = KeyValues::wired(&mut c, &child);
    let verified = verify(&mut c, &child, &key, |w: &ChildWitness| w);
    let zero = c.constant(F::ZERO);
    let mut public = verified.public_values;
    public.resize(16, zero);
    c.publish(&public);
    c.finish()
}
