//! The programs: a lift of each shape, and the join.

use aludel_circuits::recursion::{Circuit, Heights, Program, Value};
use aludel_protocol::hash::DIGEST;
use aludel_protocol::{Digest, F};

use crate::child::Child;
use crate::keys::{KeyWitness, member};
use crate::statement::StatementValues;
use crate::verify::{KeyValues, verify};
use crate::witness::ChildWitness;

/// The one machine of lifts and joins.
pub const HEIGHTS: Heights =
    Heights { sponge: 15, path: 15, alu: 15, transcript: 12, bits: 14, pack: 14, caps: 9, public: 4 };

/// A lift's witness.
#[derive(Clone, Debug)]
pub struct LiftWitness {
    /// The shard's proof.
    pub proof: ChildWitness,
    /// The root of the set of keys that the proof is meant for. A lift needs no key of it: joins and the last verifier compare.
    pub root: Digest,
}

/// Verifies a shard proof under the child's key, which is part of the program.
pub fn lift(child: &Child) -> Program<LiftWitness> {
    let mut c = Circuit::default();
    let key = KeyValues::wired(&mut c, child);
    let mut public = verify(&mut c, child, &key, |w: &LiftWitness| &w.proof).public_values;
    let root = c.hint(DIGEST, |w: &LiftWitness| w.root.0.to_vec());
    c.adopt(&root);
    public.extend(root);
    c.publish(&public);
    c.finish()
}

/// One of the two proofs that a join verifies.
#[derive(Clone, Debug)]
pub struct JoinChild {
    /// The proof.
    pub proof: ChildWitness,
    /// Its key.
    pub key: KeyWitness,
    /// The fields of its statement.
    pub statement: Vec<F>,
}

/// A join's witness: the earlier run and the later one.
pub type JoinWitness = [JoinChild; 2];

/// Verifies two proofs of lifts or joins under keys of one set and folds their statements. The child is any lift's or join's: they
/// differ in what is hinted here.
pub fn join(child: &Child) -> Program<JoinWitness> {
    let mut c = Circuit::default();
    let (first, root) = joined(&mut c, child, |w| &w[0].proof, |w| &w[0].key, |w| w[0].statement.clone());
    let (second, other) = joined(&mut c, child, |w| &w[1].proof, |w| &w[1].key, |w| w[1].statement.clone());
    c.stage("statements");
    for (a, b) in root.iter().zip(&other) {
        c.assert_equal(*a, *b);
    }
    let folded = first.fold(&mut c, &second);
    let digest = folded.digest(&mut c);
    let public: Vec<_> = digest.into_iter().chain(root).collect();
    c.publish(&public);
    c.finish()
}

/// A verified child's statement and root.
fn joined(
    c: &mut Circuit<JoinWitness>,
    child: &Child,
    proof: fn(&JoinWitness) -> &ChildWitness,
    key: fn(&JoinWitness) -> &KeyWitness,
    statement: fn(&JoinWitness) -> Vec<F>,
) -> (StatementValues, [Value; DIGEST]) {
    let cap = child.fixed_cap.as_ref().map_or(0, Vec::len);
    let (key, root) = member(c, &child.key_fields, cap, key);
    let public = verify(c, child, &key, proof).public_values;
    let (digest, own) = public.split_at(DIGEST);
    c.stage("keys");
    // The set that the child was made for is the one that its key is of.
    for (a, b) in root.iter().zip(own) {
        c.assert_equal(*a, *b);
    }
    c.stage("statements");
    (StatementValues::open(c, digest, statement), root)
}
