//! Joins: seven shards of the toy machine folded under every tree, and what a join must refuse.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aludel_adversary::toy;
use aludel_circuits::Chip;
use aludel_circuits::Shape;
use aludel_circuits::recursion::machine::traces;
use aludel_circuits::recursion::{Execution, Heights, Program, RecursionChip, execute};
use aludel_protocol::{BatchNumber, ChainId, Checkpoint, Digest, F, Statement, fe};
use aludel_prover::Prover;
use aludel_recursion::{
    Child, ChildWitness, JoinChild, JoinWitness, KeyWitness, LiftWitness, RootWitness, join, lift, root,
};
use aludel_verifier::{Key, KeySet, Machine, Role};
use rayon::prelude::*;

use crate::children::decoded;

const LIFT: Role = Role::Lift(Shape::Tiny);

/// A program with its prover.
struct Machinery<W> {
    program: Program<W>,
    prover: Prover<RecursionChip>,
}

impl<W> Machinery<W> {
    fn new(role: Role, program: Program<W>) -> Self {
        let chips = RecursionChip::of(&program, &Heights::FOLDED).expect("they fit");
        Self { program, prover: Prover::with_chips(role, chips).expect("keyed") }
    }

    fn key(&self) -> &Key<RecursionChip> {
        self.prover.key()
    }

    /// Proves an execution and verifies the proof.
    fn prove(&self, e: &Execution<'_>) -> ChildWitness {
        let traces = traces(e, &Heights::FOLDED).expect("they fit");
        let key = self.key();
        let public = e.public();
        let public_values: Vec<_> = key.chips().iter().map(|chip| chip.given(&public).to_vec()).collect();
        let proof = self.prover.proof(&traces, public_values.clone()).expect("proven");
        key.layout().check(&proof).expect("its layout");
        let verdict =
            RecursionChip::verify_batch(key.config(), key.chips(), &proof, &public_values, key.common());
        assert_eq!(verdict, Ok(()));
        ChildWitness::new(&proof, &public_values)
    }
}

/// Lifts of the toy machine, joins, and the set of their keys.
struct Works {
    lift: Machinery<LiftWitness>,
    join: Machinery<JoinWitness>,
    set: KeySet,
}

static WORKS: LazyLock<Works> = LazyLock::new(|| {
    let lift = Machinery::new(LIFT, lift(&Child::of(toy::prover().key())));
    let join = Machinery::new(Role::Join, join(&Child::of(lift.key())));
    let set = KeySet::new(&[(LIFT, lift.key().digest()), (Role::Join, join.key().digest())]);
    Works { lift, join, set: set.expect("two keys") }
});

/// A folded run.
#[derive(Clone)]
struct Run {
    role: Role,
    statement: Statement,
    proof: ChildWitness,
}

fn statement(chain: u64, prev: u32, next: u32) -> Statement {
    let at = |number: u32| Checkpoint {
        number: BatchNumber(number),
        headers: Digest([fe(number); 8]),
        ..Checkpoint::genesis(Digest([fe(7 * number); 8]))
    };
    Statement::new(ChainId(chain), at(prev), at(next))
}

/// A shard, proven and lifted for a set of keys.
fn lifted(statement: Statement, root: Digest) -> Run {
    let toy = toy::prover();
    let bytes = toy.prove(&toy::traces(&statement), &statement).expect("proven").bytes;
    let (proof, _) = decoded(toy.key(), &bytes);
    let proof = ChildWitness::new(&proof, &toy.key().public_values(&statement));
    let lift = &WORKS.lift;
    let witness = LiftWitness { proof, root };
    let e = execute(&lift.program, &witness);
    assert_eq!(e.check(), Ok(()));
    Run { role: LIFT, statement, proof: lift.prove(&e) }
}

/// Where runs begin and end: batches 1 to 3, 4 and 5, 6, ..
const ENDS: [u32; 8] = [0, 3, 5, 6, 10, 11, 20, 4096];

/// The lift of a run.
fn run(i: usize) -> Run {
    lifted(statement(42, ENDS[i], ENDS[i + 1]), WORKS.set.root())
}

/// The first three.
static RUNS: LazyLock<[Run; 3]> = LazyLock::new(|| [0, 1, 2].map(run));

fn child(run: &Run) -> JoinChild {
    let works = &*WORKS;
    let key = if run.role == LIFT { works.lift.key() } else { works.join.key() };
    let cap = key.root().expect("it has preprocessed columns").roots().as_flattened().to_vec();
    let path = works.set.path(run.role).expect("its key is in the set");
    JoinChild {
        proof: run.proof.clone(),
        key: KeyWitness::new(run.role, cap, &path),
        statement: run.statement.fields().to_vec(),
    }
}

fn joined(first: &Run, second: &Run) -> Run {
    let witness = [child(first), child(second)];
    let e = execute(&WORKS.join.program, &witness);
    assert_eq!(e.check(), Ok(()));
    let statement = Statement { next: second.statement.next, ..first.statement };
    Run { role: Role::Join, statement, proof: WORKS.join.prove(&e) }
}

/// A tree is a cut of the run, and a tree of each part. Every cut of every part is run here, over proofs that other such cuts
/// gave; a part is proven once, since a join sees no more of it than its proof.
#[test]
fn every_tree_gives_one_statement() {
    let rows = WORKS.join.program.rows();
    let shared = (rows.sponge.len(), rows.path.len(), rows.alu.len(), rows.pack.len(), rows.caps.len());
    println!("a join: sponge, path, alu lanes, pack, caps {shared:?}");
    let shards = ENDS.len() - 1;
    let mut parts: BTreeMap<(usize, usize), Run> = (0..shards).map(|i| ((i, i + 1), run(i))).collect();
    let mut cuts = 0;
    for length in 2..=shards {
        for (from, to) in (0..=shards - length).map(|from| (from, from + length)) {
            let expected = statement(42, ENDS[from], ENDS[to]);
            let public: Vec<F> = expected.digest().0.into_iter().chain(WORKS.set.root().0).collect();
            let cut = |at: usize| [child(&parts[&(from, at)]), child(&parts[&(at, to)])];
            let refused = (from + 1..to).into_par_iter().filter_map(|at| {
                let witness = cut(at);
                let e = execute(&WORKS.join.program, &witness);
                (e.check() != Ok(()) || e.public() != public).then_some((from, at, to))
            });
            assert_eq!(refused.collect::<Vec<_>>(), []);
            cuts += length - 1;
            if length < shards {
                // By turns the first cut and the last, so that lifts and joins stand on either side.
                let at = if length % 2 == 0 { from + 1 } else { to - 1 };
                let run = joined(&parts[&(from, at)], &parts[&(at, to)]);
                parts.insert((from, to), run);
            }
        }
    }
    assert_eq!(cuts, 56);
}

/// One test, because each takes the same three lifts, half a minute of work.
#[test]
fn a_join_refuses() {
    runs_that_do_not_follow_one_another_are_refused();
    other_chains_and_sets_are_refused();
    keys_of_other_kinds_shapes_caps_and_places_are_refused();
    a_proof_under_another_key_of_the_set_is_refused();
    statements_that_are_not_the_proofs_are_refused();
    a_root_refuses_what_a_join_does();
}

/// A root of one of the runs, and the stage in which one of another kind, set, key or statement's digest is refused.
fn a_root_refuses_what_a_join_does() {
    let program = root(&Child::of(WORKS.lift.key()));
    let run = &RUNS[0];
    let refused = |change: &dyn Fn(&mut RootWitness)| {
        let JoinChild { proof, key, .. } = child(run);
        let mut witness = RootWitness { proof, key };
        change(&mut witness);
        let e = execute(&program, &witness);
        let honest = run.statement.digest().0.into_iter().chain(WORKS.set.root().0);
        assert!(e.check().is_err() || e.public() == honest.collect::<Vec<_>>());
        e.check().err().map(|u| u.stage)
    };
    assert_eq!(refused(&|_| ()), None);
    for kind in [0, 3] {
        assert_eq!(refused(&|w| w.key.numbers[0] = fe(kind)), Some("keys"), "kind {kind}");
    }
    assert_eq!(refused(&|w| w.key.siblings[0] += fe(1)), Some("keys"), "another set");
    let other = WORKS.join.key().root().expect("it has preprocessed columns").roots().as_flattened();
    assert_eq!(refused(&|w| w.key.fixed_cap = other.to_vec()), Some("transcript"), "another key");
    for i in 0..16 {
        assert!(refused(&|w| w.proof.public_values[i] += fe(1)).is_some(), "public value {i}");
    }
}

/// The stage in which a join refuses, of a witness.
fn refused(witness: &JoinWitness) -> Option<&'static str> {
    execute(&WORKS.join.program, witness).check().err().map(|u| u.stage)
}

fn runs_that_do_not_follow_one_another_are_refused() {
    let [a, b, c] = &*RUNS;
    assert_eq!(refused(&[child(a), child(b)]), None);
    for (name, pair) in [("gap", [a, c]), ("overlap", [a, a]), ("swap", [b, a])] {
        assert_eq!(refused(&pair.map(child)), Some("statements"), "{name}");
    }
}

fn other_chains_and_sets_are_refused() {
    let [a, _, _] = &*RUNS;
    let other = lifted(statement(43, 3, 5), WORKS.set.root());
    assert_eq!(refused(&[child(a), child(&other)]), Some("statements"), "another chain");
    let set = KeySet::new(&[(LIFT, WORKS.lift.key().digest())]).expect("one key");
    let other = lifted(statement(42, 3, 5), set.root());
    // Told of its own set, the child is good; the two sets differ.
    let mut member = child(&other);
    let path = set.path(LIFT).expect("its key is in the set");
    member.key = KeyWitness::new(LIFT, member.key.fixed_cap, &path);
    assert_eq!(refused(&[child(a), member]), Some("statements"), "another set");
    assert_eq!(refused(&[child(a), child(&other)]), Some("keys"), "a key outside its set");
}

fn keys_of_other_kinds_shapes_caps_and_places_are_refused() {
    let [a, b, _] = &*RUNS;
    let change = |change: &dyn Fn(&mut KeyWitness)| {
        let mut first = child(a);
        change(&mut first.key);
        refused(&[first, child(b)])
    };
    type Change = Box<dyn Fn(&mut KeyWitness)>;
    // Another kind, shape or cap is another key, under which the proof is none; another place leads to another root.
    let mut changes: Vec<(&str, &str, Change)> = vec![
        ("a shard", "keys", Box::new(|key| key.numbers[0] = fe(0))),
        ("a join", "transcript", Box::new(|key| key.numbers[0] = fe(2))),
        ("no kind", "keys", Box::new(|key| key.numbers[0] = fe(3))),
        ("another shape", "transcript", Box::new(|key| key.numbers[1] = fe(1))),
        ("no bit", "keys", Box::new(|key| key.right[2] = fe(2))),
    ];
    for i in [0, 60, 127] {
        changes.push(("cap", "transcript", Box::new(move |key| key.fixed_cap[i] += fe(1))));
    }
    for i in 0..4 {
        changes.push(("place", "keys", Box::new(move |key| key.right[i] = fe(1) - key.right[i])));
        changes.push(("path", "keys", Box::new(move |key| key.siblings[8 * i] += fe(1))));
    }
    for (name, stage, own) in &changes {
        assert_eq!(change(own), Some(*stage), "{name}");
    }
}

fn a_proof_under_another_key_of_the_set_is_refused() {
    let [a, b, c] = &*RUNS;
    let ab = joined(a, b);
    // The key of lifts, for a join's proof.
    let mut claimed = child(&ab);
    claimed.key = child(a).key;
    assert_eq!(refused(&[claimed, child(c)]), Some("transcript"));
}

fn statements_that_are_not_the_proofs_are_refused() {
    let [a, b, _] = &*RUNS;
    let found: Vec<_> = (0..69)
        .into_par_iter()
        .map(|i| {
            let mut first = child(a);
            first.statement[i] += fe(1);
            refused(&[first, child(b)])
        })
        .collect();
    assert_eq!(found, vec![Some("statements"); 69]);
    for i in 0..16 {
        let mut second = child(b);
        second.proof.public_values[i] += fe(1);
        assert!(refused(&[child(a), second]).is_some(), "public value {i}");
    }
}
