//! What a proof is made of, found by walking what is serialised: each field is changed in value, and each list in
//! length, and the verifier must refuse it. The list of fields is written down here, so that a field that is new shows.

use std::collections::BTreeMap;

use aludel_adversary::honest::{PROOF, PROVER};
use aludel_adversary::toy;
use aludel_verifier::config::Proof;
use aludel_verifier::format::{self, Claim, PREFIX_BYTES};
use aludel_verifier::keys::Key;
use aludel_verifier::verify::{Expectations, verify_with};
use aludel_verifier::{Machine, VerifyError};
use rayon::prelude::*;
use serde_json::Value;

/// Every field of a proof, down to what has no parts, of the toy machine and of the real one. `[]` is any element of a
/// list; `?` a part that is missing in some chip.
pub const FIELDS: &[&str] = &[
    "commitments.main.cap[][]",
    "commitments.permutation.cap[][]",
    "commitments.quotient_chunks.cap[][]",
    "commitments.random?",
    "degree_bits[]",
    "lookup_pow_witness",
    "lookup_terminals[].value[]",
    "lookup_terminals[]?",
    "ood_pow_witness",
    "opened_values.instances[].base_opened_values.preprocessed_local?",
    "opened_values.instances[].base_opened_values.preprocessed_local[].value[]",
    "opened_values.instances[].base_opened_values.preprocessed_next?",
    "opened_values.instances[].base_opened_values.preprocessed_next[].value[]",
    "opened_values.instances[].base_opened_values.quotient_chunks[][].value[]",
    "opened_values.instances[].base_opened_values.random?",
    "opened_values.instances[].base_opened_values.trace_local[].value[]",
    "opened_values.instances[].base_opened_values.trace_next?",
    "opened_values.instances[].base_opened_values.trace_next[].value[]",
    "opened_values.instances[].permutation_local[].value[]",
    "opened_values.instances[].permutation_next[].value[]",
    "opening_proof.batch_pow_witness",
    "opening_proof.commit_phase_commits[].cap[][]",
    "opening_proof.commit_phase_openings[].opening_proof.sibling_hashes[][]",
    "opening_proof.commit_phase_openings[].sibling_values[][].value[]",
    "opening_proof.commit_pow_witnesses[]",
    "opening_proof.final_poly[].value[]",
    "opening_proof.input_openings[].opened_values[][][]",
    "opening_proof.input_openings[].opening_proof.sibling_hashes[][]",
    "opening_proof.query_pow_witness",
];

/// Where each kind of value lies: the way to it, by field.
pub type Fields = BTreeMap<String, Vec<Vec<Step>>>;

/// A step into a value.
#[derive(Clone, Debug)]
pub enum Step {
    Field(String),
    Element(usize),
}

fn walk(value: &Value, name: &str, way: &mut Vec<Step>, out: &mut Fields) {
    let into = |step: Step, name: String, value: &Value, way: &mut Vec<Step>, out: &mut Fields| {
        way.push(step);
        walk(value, &name, way, out);
        way.pop();
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(field, value)| {
            let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
            into(Step::Field(field.clone()), name, value, way, out);
        }),
        Value::Array(list) => list.iter().enumerate().for_each(|(i, value)| {
            into(Step::Element(i), format!("{name}[]"), value, way, out);
        }),
        // Of no size: a type without a value.
        Value::Null if name.ends_with("._marker") || name.ends_with("._phantom") => {}
        Value::Null => out.entry(format!("{name}?")).or_default().push(way.clone()),
        _ => out.entry(name.to_owned()).or_default().push(way.clone()),
    }
}

/// Every field of what was serialised.
pub fn fields(value: &Value) -> Fields {
    let mut out = Fields::new();
    walk(value, "", &mut Vec::new(), &mut out);
    out
}

fn at<'v>(value: &'v mut Value, way: &[Step]) -> &'v mut Value {
    way.iter().fold(value, |value, step| match step {
        Step::Field(field) => &mut value[field.as_str()],
        Step::Element(i) => &mut value[*i],
    })
}

/// Of the places of a field: the first, the last, and one drawn by the field's name.
fn sample(name: &str, places: &[Vec<Step>]) -> Vec<Vec<Step>> {
    let drawn = name.bytes().fold(7_usize, |x, byte| x.wrapping_mul(31) ^ usize::from(byte)) % places.len();
    let mut at = vec![0, drawn, places.len() - 1];
    at.dedup();
    at.into_iter().map(|i| places[i].clone()).collect()
}

/// What stands where a part is missing: as honest a part as there is in the proof.
fn missing(name: &str, proof: &Value) -> Value {
    let chip = |of: usize| &proof["opened_values"]["instances"][of]["base_opened_values"];
    match name.trim_end_matches('?') {
        "commitments.random" => proof["commitments"]["main"].clone(),
        "lookup_terminals[]" => proof["lookup_terminals"][0].clone(),
        "opened_values.instances[].base_opened_values.preprocessed_local"
        | "opened_values.instances[].base_opened_values.preprocessed_next" => {
            chip(0)["preprocessed_local"].clone()
        }
        "opened_values.instances[].base_opened_values.random"
        | "opened_values.instances[].base_opened_values.trace_next" => chip(0)["trace_local"].clone(),
        other => panic!("{other} is missing, and nothing here says what could stand there"),
    }
}

/// Another value of the field's type.
fn change(name: &str, proof: &Value, value: &mut Value) {
    const LAST: u64 = 0x7f00_0000;
    *value = match value {
        Value::Null => missing(name, proof),
        Value::Number(n) => Value::from((n.as_u64().expect("a field element or a height") + 1) % (LAST + 1)),
        other => panic!("{name}: {other} is neither a number nor missing"),
    };
}

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
