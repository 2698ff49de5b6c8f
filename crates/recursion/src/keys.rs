//! The key of a recursion proof inside a circuit: its digest from the cap of its preprocessed columns, and its place in the set.

use aludel_circuits::recursion::circuit::Part;
use aludel_circuits::recursion::{Circuit, Value};
use aludel_protocol::F;
use aludel_protocol::hash::{DIGEST, Tag};
use aludel_verifier::Role;
use aludel_verifier::key_set::{KeyPath, LOG_KEYS};
use p3_field::PrimeCharacteristicRing;

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
            numbers: role.numbers().map(F::from_u8),
            fixed_cap,
            right: path.right.map(F::from_bool).to_vec(),
            siblings: path.siblings.iter().flat_map(|digest| digest.0).collect(),
        }
    }
}

/// Where a circuit's witness has a child's key.
pub type KeySource<W> = fn(&W) -> &KeyWitness;

/// The key of a lift or a join of a set. All of them have one machine: what their digests absorb before the cap, `key_fields`, differs in
/// kind and shape only, and caps have `cap` elements. Returned with the set's root.
pub fn member<W: 'static>(
    c: &mut Circuit<W>,
    key_fields: &[F],
    cap: usize,
    source: KeySource<W>,
) -> (KeyValues, [Value; DIGEST]) {
    c.stage("keys");
    let numbers = c.hint(2, move |w: &W| source(w).numbers.to_vec());
    c.adopt(&numbers);
    // kind = 1 or kind = 2: never a shard.
    let [lift, join] = [Role::LIFT, Role::JOIN].map(F::from_u8);
    let kind = numbers[0];
    c.assert_sum(&[Part {
        a: Some(kind),
        b: Some(kind),
        factors: [F::ONE, -(lift + join), F::ZERO, lift * join],
    }]);
    let fixed_cap = c.hint(cap, move |w: &W| source(w).fixed_cap.iter().copied().take(cap).collect());

    // The program is the same whichever member's fields these are: its own numbers are no constants.
    let (before, after) = key_fields.split_at(Role::NUMBERS_AT.min(key_fields.len()));
    let mut fields: Vec<Value> = before.iter().map(|x| c.constant(*x)).collect();
    fields.extend(numbers.iter());
    fields.extend(after.iter().skip(2).map(|x| c.constant(*x)));
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
    (KeyValues { digest, fixed_cap }, node)
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

#[cfg(test)]
mod tests {
    use aludel_circuits::recursion::{Program, execute};
    use aludel_protocol::hash::hash_fields;
    use aludel_protocol::{Digest, fe};

    use super::*;

    /// What a key's digest absorbs, of any kind.
    fn fields() -> Vec<F> {
        (0..20).map(fe).collect()
    }

    /// A program that takes a key of a set whose root is hinted beside it.
    fn program() -> Program<(KeyWitness, Digest)> {
        let mut c = Circuit::default();
        let root = c.hint(DIGEST, |w: &(KeyWitness, Digest)| w.1.0.to_vec());
        c.adopt(&root);
        let (key, found) = member(&mut c, &fields(), 16, |w| &w.0);
        c.adopt(&key.fixed_cap);
        found.iter().zip(&root).for_each(|(a, b)| c.assert_equal(*a, *b));
        let public: Vec<Value> = key.digest.iter().chain(&root).copied().collect();
        c.publish(&public);
        c.finish()
    }

    /// A key of these numbers, and the root that follows from what is told of its place, honest or not.
    fn key(numbers: [u32; 2], right: [u32; LOG_KEYS]) -> (KeyWitness, Digest) {
        let numbers = numbers.map(fe);
        let fixed_cap: Vec<F> = (100..116).map(fe).collect();
        let mut absorbed = fields();
        absorbed.splice(Role::NUMBERS_AT..Role::NUMBERS_AT + 2, numbers);
        absorbed.push(fe(2));
        absorbed.extend(&fixed_cap);
        let digest = hash_fields(Tag::VerifyingKey, &absorbed);
        let mut node = hash_fields(Tag::KeyLeaf, &[&numbers[..], &digest.0].concat());
        let siblings: Vec<F> = (200..200 + 8 * LOG_KEYS as u32).map(fe).collect();
        for (bit, sibling) in right.iter().zip(siblings.chunks(DIGEST)) {
            let select = |x: &F, y: &F| *x + fe(*bit) * (*y - *x);
            let left = node.0.iter().zip(sibling).map(|(x, y)| select(x, y));
            let right = node.0.iter().zip(sibling).map(|(x, y)| select(y, x));
            node = hash_fields(Tag::KeyNode, &left.chain(right).collect::<Vec<_>>());
        }
        (KeyWitness { numbers, fixed_cap, right: right.map(fe).to_vec(), siblings }, node)
    }

    #[test]
    fn lifts_and_joins_are_members_and_nothing_else_is() {
        let program = program();
        let accepted = |numbers, right| execute(&program, &key(numbers, right)).check().is_ok();
        for numbers in [[1, 0], [1, 3], [2, 0]] {
            assert!(accepted(numbers, [0, 1, 1, 0]), "{numbers:?}");
        }
        // Each is a leaf of the set that it names: only its kind is wrong.
        for kind in [0, 3, 4, 0x7f00_0000] {
            assert!(!accepted([kind, 0], [0, 1, 1, 0]), "kind {kind}");
        }
    }

    /// A bit of 2 would make a node of a child and twice the other.
    #[test]
    fn a_place_is_of_bits() {
        let program = program();
        for i in 0..LOG_KEYS {
            for bit in [2, 0x7f00_0000] {
                let mut right = [0; LOG_KEYS];
                right[i] = bit;
                assert!(execute(&program, &key([1, 0], right)).check().is_err(), "bit {i} of {bit}");
            }
        }
    }
}
