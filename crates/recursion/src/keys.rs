//! The key of a recursion proof inside a circuit: its digest from the cap of its preprocessed columns, and its place in the set.

use aludel_circuits::recursion::circuit::Part;
use aludel_circuits::recursion::{Circuit, Value};
use aludel_protocol::F;
use aludel_protocol::hash::{DIGEST, Tag};
use aludel_verifier::Role;
use aludel_verifier::key_set::{KeyPath, LOG_KEYS};
use p3_field::PrimeCharacteristicRing;

use crate::child::Child;
use crate::verify::KeyValues;

/// What a circuit is told of a child's key.
#[derive(Clone, Debug)]
pub struct KeyWitness {
    /// Kind and shape.
    pub numbers: [F; 2],
    /// Digests of the cap of its preprocessed columns, one after another.
    pub fixed_cap: Vec<F>,
    /// Its place in the set, from the leaf up: one where the node is a right child.
    pub right: Vec<F>,
    /// What lies beside it, from the leaf up.
    pub siblings: Vec<F>,
}

impl KeyWitness {
    /// Of a key and its place.
    pub fn new(role: Role, fixed_cap: Vec<F>, path: &KeyPath) -> Self {
        Self {
            numbers: role.numbers().map(F::from_usize),
            fixed_cap,
            right: path.right.map(F::from_bool).to_vec(),
            siblings: path.siblings.iter().flat_map(|digest| digest.0).collect(),
        }
    }
}

/// Where a circuit's witness has a child's key.
pub type KeySource<W> = fn(&W) -> &KeyWitness;

/// The key of a lift or a join of a set, whose machine is the child's: all lifts and joins have one.
///
/// # Panics
/// The child's machine has no preprocessed columns.
pub fn member<W: 'static>(
    c: &mut Circuit<W>,
    child: &Child,
    root: &[Value],
    source: KeySource<W>,
) -> KeyValues {
    c.stage("keys");
    let numbers = c.hint(2, move |w: &W| source(w).numbers.to_vec());
    c.adopt(&numbers);
    // kind = 1 or kind = 2: never a shard.
    let [lift, join] = [Role::LIFT, Role::JOIN].map(F::from_usize);
    let [kind, shape] = [numbers[0], numbers[1]];
    c.assert_sum(&[Part {
        a: Some(kind),
        b: Some(kind),
        factors: [F::ONE, -(lift + join), F::ZERO, lift * join],
    }]);
    let cap = child.fixed_cap.as_ref().expect("recursion keys have preprocessed columns").len();
    let fixed_cap = c.hint(cap, move |w: &W| source(w).fixed_cap.iter().copied().take(cap).collect());

    let mut fields: Vec<Value> = child.key_fields.iter().map(|x| c.constant(*x)).collect();
    fields[Role::NUMBERS_AT] = kind;
    fields[Role::NUMBERS_AT + 1] = shape;
    fields.push(c.constant(F::from_usize(cap / DIGEST)));
    fields.extend(&fixed_cap);
    let hashed = c.hash_fields(Tag::VerifyingKey, &fields);
    let digest = c.reveal(hashed).to_vec();

    let leaf: Vec<Value> = numbers.into_iter().chain(digest.iter().copied()).collect();
    let hashed = c.hash_fields(Tag::KeyLeaf, &leaf);
    let mut node = c.reveal(hashed);
    let right = c.hint(LOG_KEYS, move |w: &W| source(w).right.clone());
    let siblings = c.hint(LOG_KEYS * DIGEST, move |w: &W| source(w).siblings.clone());
    c.adopt(&right);
    c.adopt(&siblings);
    for (bit, sibling) in right.iter().zip(siblings.chunks(DIGEST)) {
        node = above(c, *bit, &node, sibling);
    }
    for (found, expected) in node.iter().zip(root) {
        c.assert_equal(*found, *expected);
    }
    KeyValues { digest, fixed_cap }
}

/// The node above one that is the right child where the bit is one.
fn above<W>(c: &mut Circuit<W>, bit: Value, node: &[Value], sibling: &[Value]) -> [Value; DIGEST] {
    c.assert_sum(&[Part { a: Some(bit), b: Some(bit), factors: [F::ONE, F::NEG_ONE, F::ZERO, F::ZERO] }]);
    let pairs = || node.iter().zip(sibling);
    let left: Vec<Value> = pairs().map(|(x, y)| c.select(bit, *x, *y)).collect();
    let right: Vec<Value> = pairs().map(|(x, y)| c.select(bit, *y, *x)).collect();
    let hashed = c.hash_fields(Tag::KeyNode, &[left, right].concat());
    c.reveal(hashed)
}
