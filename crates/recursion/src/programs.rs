//! The programs: a lift of each shape, the join and the root.

use aludel_circuits::recursion::{Circuit, Program, Value};
use aludel_protocol::hash::DIGEST;
use aludel_protocol::{Digest, F};

use crate::child::Child;
use crate::keys::{KeySource, KeyWitness, member};
use crate::statement::StatementValues;
use crate::verify::{KeyValues, Source, verify};
use crate::witness::ChildWitness;

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

/// A root's witness.
#[derive(Clone, Debug)]
pub struct RootWitness {
    /// The proof of the whole run, a lift's or a join's.
    pub proof: ChildWitness,
    /// Its key.
    pub key: KeyWitness,
}

/// Verifies the proof of a lift or a join under a key of a set, and says what it says. Its own proof has few queries, so it is small: the
/// last of a run.
pub fn root(child: &Child) -> Program<RootWitness> {
    let mut c = Circuit::default();
    let public = of_set(&mut c, child, |w: &RootWitness| &w.proof, |w| &w.key);
    c.publish(&public);
    c.finish()
}

/// The statement of a child that a join verifies, and the root of its set.
fn joined(
    c: &mut Circuit<JoinWitness>,
    child: &Child,
    proof: Source<JoinWitness>,
    key: KeySource<JoinWitness>,
    statement: fn(&JoinWitness) -> Vec<F>,
) -> (StatementValues, Vec<Value>) {
    let mut public = of_set(c, child, proof, key);
    let root = public.split_off(DIGEST);
    c.stage("statements");
    (StatementValues::open(c, &public, statement), root)
}

/// The public values of a proof that is verified under a key of a set: the digest of the statement, and the root of that set.
fn of_set<W: 'static>(c: &mut Circuit<W>, child: &Child, proof: Source<W>, key: KeySource<W>) -> Vec<Value> {
    let cap = child.fixed_cap.as_ref().map_or(0, Vec::len);
    let (key, root) = member(c, &child.key_fields, cap, key);
    let public = verify(c, child, &key, proof).public_values;
    c.stage("keys");
    // The set that the child was made for is the one that its key is of.
    for (a, b) in root.iter().zip(&public[DIGEST..]) {
        c.assert_equal(*a, *b);
    }
    public
}
