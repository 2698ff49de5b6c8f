//! What a proof and its claim are made of, and that nothing of it is left out: each column, constraint and bus of each
//! chip has a case of corruption, each field of the statement is altered, and each field of a proof, found by walking
//! what is serialised and listed here, is changed in value and in size.

use std::collections::BTreeMap;

use aludel_adversary::catalogue::{altered, chapters};
use aludel_adversary::honest::{PROOF, PROVER, SHARD};
use aludel_adversary::toy;
use aludel_circuits::tamper::{Survey, cases, uncovered};
use aludel_circuits::{Bus, Chip, MachineChip, Shape};
use aludel_protocol::Statement;
use aludel_verifier::config::Proof;
use aludel_verifier::format::{self, Claim, PREFIX_BYTES};
use aludel_verifier::keys::Key;
use aludel_verifier::verify::{Expectations, verify_with};
use aludel_verifier::{Machine, VerifyError};
use rayon::prelude::*;
use serde_json::Value;

/// Every field of a proof, down to what has no parts, with how many values it has in the toy machine's proof. `[]` is any
/// element of a list; `?` a part that is missing there.
const FIELDS: &[(&str, usize)] = &[];

/// Where each kind of value lies: the way to it, by field.
type Fields = BTreeMap<String, Vec<Vec<Step>>>;

/// A step into a value.
#[derive(Clone, Debug)]
enum Step {
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
        Value::Null => out.entry(format!("{name}?")).or_default().push(way.clone()),
        _ => out.entry(name.to_owned()).or_default().push(way.clone()),
    }
}

fn fields(proof: &Value) -> Fields {
    let mut out = Fields::new();
    walk(proof, "", &mut Vec::new(), &mut out);
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
        "opened_values.instances[].base_opened_values.preprocessed" => chip(0)["preprocessed"].clone(),
        "opened_values.instances[].base_opened_values.preprocessed.next" => {
            chip(0)["preprocessed"]["local"].clone()
        }
        "opened_values.instances[].base_opened_values.random" => chip(0)["trace_local"].clone(),
        "opened_values.instances[].base_opened_values.trace_next" => chip(0)["trace_local"].clone(),
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

fn refused<A: Machine>(key: &Key<A>, claim: &Claim, proof: Value) -> Result<VerifyError, String> {
    let proof: Proof = serde_json::from_value(proof).map_err(|e| format!("it does not read back: {e}"))?;
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
        refused(key, &claim, changed).err().map(|found| format!("{name} at {place:?}: {found}"))
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
        let fixed = |e: &String| !e.starts_with("it does not read back");
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
    let proof = format::proof(toy::prover().key(), &toy::proof()[PREFIX_BYTES..]).expect("honest");
    let fields = fields(&serde_json::to_value(&proof).expect("a proof is serialised"));
    let found: Vec<_> = fields.iter().map(|(name, places)| (name.as_str(), places.len())).collect();
    assert_eq!(found, FIELDS);
    // Whatever a real proof has is in the list, too.
    let real = format::proof(PROVER.key(), &PROOF.bytes[PREFIX_BYTES..]).expect("honest");
    let real = serde_json::to_value(&real).expect("a proof is serialised");
    for name in super::manifest::fields(&real).keys() {
        assert!(fields.contains_key(name), "{name}");
    }
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

/// The statement's fields, found by walking what is serialised, are those that are altered.
#[test]
fn every_field_of_the_statement_is_altered() {
    let fields = |statement: &Statement| {
        let mut out = Fields::new();
        let value = serde_json::to_value(statement).expect("a statement is serialised");
        walk(&value, "", &mut Vec::new(), &mut out);
        out.into_keys().collect::<Vec<_>>()
    };
    let mut names: Vec<_> = altered(SHARD.statement).into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, fields(&SHARD.statement));
    assert_eq!(names.len(), 13);
    for (name, statement) in altered(SHARD.statement) {
        assert_ne!(statement.digest(), SHARD.statement.digest(), "{name}");
    }
}

/// What the whole crate covers, in numbers, each of which is at least what it was when it was written.
#[test]
fn nothing_lacks_a_case() {
    let chips = MachineChip::all(Shape::Tiny);
    let mut buses = std::collections::BTreeSet::new();
    let (mut columns, mut constraints, mut corruptions) = (0, 0, 0);
    for chip in &chips {
        let survey = Survey::of(chip);
        assert_eq!(uncovered(chip, cases(chip)), Vec::<String>::new(), "chip {}", chip.name());
        assert!(cases(chip).iter().all(|case| case.chip == chip.name()), "chip {}", chip.name());
        columns += chip.width();
        constraints += survey.constraints.len();
        corruptions += cases(chip).len();
        buses.extend(survey.buses);
    }
    assert_eq!(buses, Bus::ALL.into_iter().collect());
    let forgeries: usize = chapters().iter().map(|chapter| chapter.crimes.len()).sum();
    let statement = altered(SHARD.statement).len();
    println!(
        "{columns} columns, {constraints} constraints, {} buses, {statement} statement fields, {} proof fields, \
         {corruptions} corruptions, {forgeries} forgeries",
        buses.len(),
        FIELDS.len(),
    );
    assert!(corruptions >= 513 && forgeries >= 100, "{corruptions}, {forgeries}");
}
