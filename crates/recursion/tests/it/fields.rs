//! Each field of a proof, changed: the circuit does not hold, and says in which stage. What it does not read is named.

use std::collections::BTreeMap;

use aludel_adversary::fields::{FIELDS, at, change, fields, sample};
use aludel_circuits::Shape;
use aludel_circuits::recursion::execute;
use aludel_verifier::config::Proof;
use rayon::prelude::*;

use crate::children::{decoded, frozen, key, program, witness};

/// By field the stages that a change of it is found in.
const STAGES: &[(&str, &[&str])] = &[
    ("commitments.main.cap[][]", &["transcript"]),
    ("commitments.permutation.cap[][]", &["transcript"]),
    ("commitments.quotient_chunks.cap[][]", &["transcript"]),
    ("lookup_terminals[].value[]", &["transcript"]),
    ("opened_values.instances[].base_opened_values.preprocessed_local[].value[]", &["transcript"]),
    ("opened_values.instances[].base_opened_values.preprocessed_next[].value[]", &["transcript"]),
    ("opened_values.instances[].base_opened_values.quotient_chunks[][].value[]", &["transcript"]),
    ("opened_values.instances[].base_opened_values.trace_local[].value[]", &["transcript"]),
    ("opened_values.instances[].base_opened_values.trace_next[].value[]", &["transcript"]),
    ("opened_values.instances[].permutation_local[].value[]", &["transcript"]),
    ("opened_values.instances[].permutation_next[].value[]", &["transcript"]),
    ("opening_proof.batch_pow_witness", &["transcript"]),
    ("opening_proof.commit_phase_commits[].cap[][]", &["transcript"]),
    ("opening_proof.commit_phase_openings[].opening_proof.sibling_hashes[][]", &["folding"]),
    ("opening_proof.commit_phase_openings[].sibling_values[][].value[]", &["folding"]),
    ("opening_proof.final_poly[].value[]", &["transcript"]),
    ("opening_proof.input_openings[].opened_values[][][]", &["folding"]),
    ("opening_proof.input_openings[].opening_proof.sibling_hashes[][]", &["openings"]),
    ("opening_proof.query_pow_witness", &["transcript"]),
];

/// What a circuit does not read: heights and optional parts are the layout's, and grinding of no bits is nothing. A proof that has
/// other ones than the native verifier wants is still a proof of the statement.
const UNREAD: &[&str] = &[
    "commitments.random?",
    "degree_bits[]",
    "lookup_pow_witness",
    "lookup_terminals[]?",
    "ood_pow_witness",
    "opened_values.instances[].base_opened_values.preprocessed_local?",
    "opened_values.instances[].base_opened_values.preprocessed_next?",
    "opened_values.instances[].base_opened_values.random?",
    "opened_values.instances[].base_opened_values.trace_next?",
    "opening_proof.commit_pow_witnesses[]",
];

#[test]
fn every_field_of_a_proof_is_read_or_named() {
    let mut all: Vec<&str> = STAGES.iter().map(|(name, _)| *name).chain(UNREAD.iter().copied()).collect();
    all.sort_unstable();
    assert_eq!(all, FIELDS);
}

#[test]
fn a_changed_field_is_found_and_its_stage_named() {
    let key = key(Shape::Tiny);
    let (proof, statement) = decoded(key, &frozen(Shape::Tiny));
    let program = program(key);
    let value = serde_json::to_value(&proof).expect("a proof is serialised");
    let expected: BTreeMap<&str, &[&str]> = STAGES.iter().copied().collect();
    let places: Vec<_> = fields(&value)
        .into_iter()
        .filter(|(name, _)| expected.contains_key(name.as_str()))
        .flat_map(|(name, places)| sample(&name, &places).into_iter().map(move |place| (name.clone(), place)))
        .collect();
    assert!(places.len() > 2 * STAGES.len());
    let wrong: Vec<String> = places
        .par_iter()
        .filter_map(|(name, place)| {
            let mut changed = value.clone();
            change(name, &value, at(&mut changed, place));
            let changed: Proof = serde_json::from_value(changed).expect("it reads back");
            let found = execute(&program, &witness(key, &changed, &statement)).check();
            let stage = found.as_ref().err().map(|u| u.stage);
            let as_expected = stage.is_some_and(|stage| expected[name.as_str()].contains(&stage));
            (!as_expected).then(|| format!("{name} at {place:?}: {found:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Public values are no field of a proof, and another machine's key is another circuit.
#[test]
fn other_public_values_and_other_keys_are_found() {
    let key = key(Shape::Tiny);
    let (proof, statement) = decoded(key, &frozen(Shape::Tiny));
    let honest = witness(key, &proof, &statement);
    let own = program(key);
    for i in 0..8 {
        let mut changed = honest.clone();
        changed.public_values[i] += aludel_protocol::fe(1);
        assert!(execute(&own, &changed).check().is_err(), "public value {i}");
    }
    let other = program(crate::children::key(Shape::Small));
    assert!(execute(&other, &honest).check().is_err());
}
