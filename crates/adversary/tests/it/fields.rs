//! Each field of a proof is changed in value, and each list in length, and the verifier must refuse it.

use aludel_adversary::fields::{FIELDS, Fields, Step, at, change, fields, sample};
use aludel_adversary::honest::{PROOF, PROVER};
use aludel_adversary::toy;
use aludel_verifier::config::Proof;
use aludel_verifier::format::{self, Claim, PREFIX_BYTES};
use aludel_verifier::keys::Key;
use aludel_verifier::verify::{Expectations, verify_with};
use aludel_verifier::{Machine, VerifyError};
use rayon::prelude::*;
use serde_json::Value;

/// How a failure begins where the change made no proof.
const UNREADABLE: &str = "it does not read back";

fn refused<A: Machine>(key: &Key<A>, claim: &Claim, proof: Value) -> Result<VerifyError, String> {
    let proof: Proof = serde_json::from_value(proof).map_err(|e| format!("{UNREADABLE}: {e}"))?;
    let bytes = format::encode(claim, &proof)?;
    match verify_with(key, &bytes, &Expectations::default()) {
        Err(error @ (VerifyError::Refused { .. } | VerifyError::Layout { .. })) => Ok(error),
        other => Err(format!("{other:?}")),
    }
}

/// Changes each field of a proof at three places; what is not refused, in words, and how many changes there were.
fn every_field_counts<A: Machine + Sync>(key: &Key<A>, bytes: &[u8]) -> (Vec<String>, usize) {
    let (claim, rest) = format::claim(bytes).expect("honest");
    let proof = format::proof(key, rest).expect("honest");
    let proof = serde_json::to_value(&proof).expect("a proof is serialised");
    let places = fields(&proof).into_iter().flat_map(|(name, places)| {
        let sampled = sample(&name, &places);
        sampled.into_iter().map(move |place| (name.clone(), place))
    });
    let places: Vec<_> = places.collect();
    let failures = places.par_iter().filter_map(|(name, place)| {
        let mut changed = proof.clone();
        change(name, &proof, at(&mut changed, place));
        let found = refused(key, &claim, changed).err()?;
        // The next row of preprocessed columns without this one: no proof can be written so.
        let unwritable = name.ends_with('?') && found.starts_with(UNREADABLE);
        (!unwritable).then(|| format!("{name} at {place:?}: {found}"))
    });
    (failures.collect(), places.len())
}

/// Each list of a proof, an element longer and an element shorter.
fn every_length_counts<A: Machine + Sync>(key: &Key<A>, bytes: &[u8]) -> (Vec<String>, usize) {
    let (claim, rest) = format::claim(bytes).expect("honest");
    let proof =
        serde_json::to_value(format::proof(key, rest).expect("honest")).expect("a proof is serialised");
    let mut lists = Fields::new();
    walk_lists(&proof, "", &mut Vec::new(), &mut lists);
    let places = lists.into_iter().flat_map(|(name, places)| {
        let sampled = sample(&name, &places);
        sampled.into_iter().map(move |place| (name.clone(), place))
    });
    let places: Vec<_> = places.collect();
    let changes = places.par_iter().flat_map_iter(|place| [(place, true), (place, false)]);
    let failures = changes.filter_map(|((name, place), longer)| {
        let mut changed = proof.clone();
        let list = at(&mut changed, place).as_array_mut().expect("a list");
        match (longer, list.last().cloned()) {
            (true, Some(last)) => list.push(last),
            _ => list.truncate(list.len().saturating_sub(1)),
        }
        // Where the length is the type's, the change does not even read back.
        let fixed = |e: &String| !e.starts_with(UNREADABLE);
        refused(key, &claim, changed).err().filter(fixed).map(|e| format!("{name}, longer {longer}: {e}"))
    });
    (failures.collect(), 2 * places.len())
}

fn walk_lists(value: &Value, name: &str, way: &mut Vec<Step>, out: &mut Fields) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(field, value)| {
            way.push(Step::Field(field.clone()));
            walk_lists(value, &format!("{name}.{field}"), way, out);
            way.pop();
        }),
        Value::Array(list) => {
            // A list that is empty has no element to add.
            if !list.is_empty() {
                out.entry(name.to_owned()).or_default().push(way.clone());
            }
            list.iter().enumerate().for_each(|(i, value)| {
                way.push(Step::Element(i));
                walk_lists(value, &format!("{name}[]"), way, out);
                way.pop();
            });
        }
        _ => {}
    }
}

fn no_failures((failures, changes): (Vec<String>, usize)) -> usize {
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    changes
}

#[test]
fn the_list_of_a_proofs_fields_is_whole() {
    let of = |proof: &Proof| fields(&serde_json::to_value(proof).expect("a proof is serialised"));
    let toy = format::proof(toy::prover().key(), &toy::proof()[PREFIX_BYTES..]).expect("honest");
    let real = format::proof(PROVER.key(), &PROOF.bytes[PREFIX_BYTES..]).expect("honest");
    let mut found = of(&toy);
    found.append(&mut of(&real));
    assert_eq!(found.into_keys().collect::<Vec<_>>(), FIELDS);
}

#[test]
fn every_field_of_a_proof_counts() {
    let values = no_failures(every_field_counts(toy::prover().key(), toy::proof()));
    let lengths = no_failures(every_length_counts(toy::prover().key(), toy::proof()));
    println!("{} proof fields: {values} values and {lengths} lengths changed", FIELDS.len());
}

#[test]
fn every_field_of_a_real_proof_counts() {
    let values = no_failures(every_field_counts(PROVER.key(), &PROOF.bytes));
    println!("{values} values changed");
}
