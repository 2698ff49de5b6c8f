//! The circuit and the native verifier agree: on honest proofs, and on random mutations of one.

use aludel_adversary::fields::{Fields, at, change, fields};
use aludel_adversary::toy::{proof, prover};
use aludel_circuits::recursion::execute;
use aludel_protocol::Statement;
use aludel_verifier::config::Proof;
use p3_batch_stark::verify_batch;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;
use serde_json::Value;

use crate::children::{decoded, program, witness};

/// Mutations that are tried.
const MUTATIONS: u64 = 2_000;
const SEED: u64 = 20_261_121;

/// One to three values, of any fields, changed.
fn mutated(seed: u64, value: &Value, fields: &Fields) -> Value {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let names: Vec<&String> = fields.keys().filter(|name| !name.ends_with('?')).collect();
    let mut changed = value.clone();
    for _ in 0..rng.random_range(1..=3) {
        let name = names.choose(&mut rng).expect("a proof has fields");
        let place = fields[*name].choose(&mut rng).expect("a field has places");
        change(name, value, at(&mut changed, place));
    }
    changed
}

/// Whether Plonky3's verifier accepts. Sizes are right: mutations change values.
fn native(proof: &Proof, statement: &Statement) -> bool {
    let key = prover().key();
    let public_values = key.public_values(statement);
    key.layout().check(proof).is_ok()
        && verify_batch(key.config(), key.chips(), proof, &public_values, key.common()).is_ok()
}

/// The circuit reads no grinding of no bits, which the native verifier wants to be zero, and no heights, which are the key's.
fn normal(mut proof: Proof, honest: &Proof) -> Proof {
    proof.degree_bits.clone_from(&honest.degree_bits);
    proof.lookup_pow_witness = honest.lookup_pow_witness;
    proof.ood_pow_witness = honest.ood_pow_witness;
    proof.opening_proof.commit_pow_witnesses.clone_from(&honest.opening_proof.commit_pow_witnesses);
    proof
}

#[test]
fn circuit_and_verifier_agree() {
    let key = prover().key();
    let program = program(key);
    let (honest, statement) = decoded(key, proof());
    let accepts = |proof: &Proof, statement: &Statement| {
        execute(&program, &witness(key, proof, statement)).check().is_ok()
    };
    assert!(native(&honest, &statement) && accepts(&honest, &statement));
    let value = serde_json::to_value(&honest).expect("a proof is serialised");
    let fields = fields(&value);
    let accepted: Vec<Option<u64>> = (0..MUTATIONS)
        .into_par_iter()
        .map(|i| {
            let changed: Proof =
                serde_json::from_value(mutated(SEED + i, &value, &fields)).expect("it reads back");
            let normal = normal(changed, &honest);
            let (native, circuit) = (native(&normal, &statement), accepts(&normal, &statement));
            assert_eq!(native, circuit, "mutation {}", SEED + i);
            native.then_some(i)
        })
        .collect();
    // Only those that touched nothing but what the circuit does not read.
    let accepted = accepted.into_iter().flatten().count();
    println!("{MUTATIONS} mutations from seed {SEED}, {accepted} of them of nothing that counts");
    assert!(accepted > 0 && accepted < MUTATIONS as usize / 3, "{accepted}");
}
