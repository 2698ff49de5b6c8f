//! What a proof is made of, found by walking what is serialised, and other values for each part. The list of fields is written down
//! here, so that a field that is new shows.

use std::collections::BTreeMap;

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
    /// A field of a struct.
    Field(String),
    /// An element of a list.
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

/// The value that a way leads to.
pub fn at<'v>(value: &'v mut Value, way: &[Step]) -> &'v mut Value {
    way.iter().fold(value, |value, step| match step {
        Step::Field(field) => &mut value[field.as_str()],
        Step::Element(i) => &mut value[*i],
    })
}

/// Of the places of a field: the first, the last, and one drawn by the field's name.
pub fn sample(name: &str, places: &[Vec<Step>]) -> Vec<Vec<Step>> {
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
///
/// # Panics
/// A part is missing of which nothing here says what could stand there.
pub fn change(name: &str, proof: &Value, value: &mut Value) {
    const LAST: u64 = 0x7f00_0000;
    *value = match value {
        Value::Null => missing(name, proof),
        Value::Number(n) => Value::from((n.as_u64().expect("a field element or a height") + 1) % (LAST + 1)),
        other => panic!("{name}: {other} is neither a number nor missing"),
    };
}
