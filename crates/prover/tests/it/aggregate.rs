//! Shards of the real machine, folded into one root under the pinned keys.

use std::sync::LazyLock;

use aludel_bench::Scenario;
use aludel_circuits::Shape;
use aludel_circuits::recursion::{Heights, RecursionChip};
use aludel_protocol::Statement;
use aludel_protocol::codec::{DecodeError, Kind};
use aludel_prover::Prover;
use aludel_prover::aggregate::{AggregateError, Folded, Folder, Shard, aggregate, in_order};
use aludel_verifier::keys::{FoldedKey, Key};
use aludel_verifier::verify::{Expectations, verify, verify_with};
use aludel_verifier::{Role, VerifyError, format};

/// Proofs of three batches, each a shard, in order.
static SHARDS: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    let batches = Scenario::new(4, 3).every_kind();
    let prover = Prover::new(Shape::Tiny).expect("the key is pinned");
    core::array::from_fn(|i| {
        let shard = aludel_witness::Shard::generate(&batches[i..=i], Some(Shape::Tiny)).expect("it fits");
        prover.prove(&shard.traces, &shard.statement).expect("proven").bytes
    })
});

fn open(bytes: &[u8]) -> Shard {
    Shard::open(bytes, &Expectations::default()).expect("an honest proof")
}

fn shards<const N: usize>(numbers: [usize; N]) -> Vec<Shard> {
    numbers.map(|i| open(&SHARDS[i])).to_vec()
}

/// What three shards say together.
fn whole() -> Statement {
    let [first, _, last] = [0, 1, 2].map(|i| *open(&SHARDS[i]).statement());
    Statement { next: last.next, ..first }
}

/// One test, because each part takes the same proofs.
#[test]
fn shards_become_a_root() {
    let folder = Folder::new().expect("pinned");
    let root = aggregate(&folder, shards([2, 0, 1]), 2, |_| ()).expect("three shards in any order");
    println!("{} bytes, verified in {:?}", root.bytes().len(), root.stats().verifying);
    a_root_is_one_proof_of_all(&root);
    what_is_no_root_is_refused(&root);
    nothing_is_made_of_a_root(&folder, &root);
    a_root_of_one_shard_is_as_large(&folder, &root);
    a_lift_is_no_other_lift_and_no_join(&folder);
}

/// All of them have one layout: their transcripts differ by the keys' digests and by the commitments to the programs.
fn a_lift_is_no_other_lift_and_no_join(folder: &Folder) {
    let lift = folder.lift(open(&SHARDS[0])).expect("a shard");
    assert_eq!(verify(lift.bytes(), &Expectations::default()), Ok(*lift.statement()));
    let (claim, rest) = format::claim(lift.bytes()).expect("decodes");
    let key = FoldedKey::pinned(Role::Lift(Shape::Tiny)).expect("pinned");
    let proof = format::proof(key, rest).expect("decodes");
    for role in [Role::Lift(Shape::Small), Role::Join] {
        let relabelled = format::encode(&format::Claim { role, ..claim }, &proof).expect("encodes");
        let verdict = verify(&relabelled, &Expectations::default());
        assert!(matches!(verdict, Err(VerifyError::Refused { .. })), "{role}: {verdict:?}");
    }
}

fn a_root_is_one_proof_of_all(root: &Folded) {
    assert_eq!((root.role(), *root.statement()), (Role::Root, whole()));
    let wants = Expectations { chain_id: Some(whole().chain_id), statement: Some(whole()) };
    assert_eq!(verify(root.bytes(), &wants), Ok(whole()));
    let (claim, _) = format::claim(root.bytes()).expect("decodes");
    assert_eq!(claim, format::Claim { role: Role::Root, statement: whole() });
    // The bound of docs/decisions/0007-recursion.md, which no slow day changes.
    assert!(root.bytes().len() <= 400_000, "{} bytes", root.bytes().len());
}

fn what_is_no_root_is_refused(root: &Folded) {
    let (claim, rest) = format::claim(root.bytes()).expect("decodes");
    let key = FoldedKey::pinned(Role::Root).expect("pinned");
    let proof = format::proof(key, rest).expect("decodes");
    // Another statement, as good as the first in every rule.
    let mut other = claim.statement;
    other.next.headers = other.prev.headers;
    let said = format::encode(&format::Claim { statement: other, ..claim }, &proof).expect("encodes");
    assert!(matches!(verify(&said, &Expectations::default()), Err(VerifyError::Refused { .. })));
    // Another role: a join has other heights and other queries.
    let join = format::encode(&format::Claim { role: Role::Join, ..claim }, &proof).expect("encodes");
    assert!(matches!(verify(&join, &Expectations::default()), Err(VerifyError::Layout { .. })));
    // Another set of keys.
    let other = key_of_another_set();
    let verdict = verify_with(&other, root.bytes(), &Expectations::default());
    assert!(matches!(verdict, Err(VerifyError::Refused { .. })), "{verdict:?}");
}

/// The root's own key, for proofs that name no set.
fn key_of_another_set() -> FoldedKey {
    let pinned = FoldedKey::pinned(Role::Root).expect("pinned");
    let chips = RecursionChip::all(&Heights::ROOT);
    Key::from_root(Role::Root, chips, pinned.root().cloned()).expect("the same key")
}

fn nothing_is_made_of_a_root(folder: &Folder, root: &Folded) {
    assert!(matches!(folder.root(root), Err(AggregateError::NotJoined { role: Role::Root })));
    let opened = Folded::open(root.bytes().to_vec(), &Expectations::default()).expect("a good root");
    assert_eq!((opened.role(), opened.statement()), (Role::Root, root.statement()));
    let folded = Folded::open(SHARDS[0].clone(), &Expectations::default());
    let expected = DecodeError::Kind { expected: Kind::FoldedProof, found: Kind::ShardProof };
    assert!(matches!(folded, Err(AggregateError::Refused(VerifyError::Decode(e))) if e == expected));
    let shard = Shard::open(root.bytes(), &Expectations::default());
    assert!(matches!(shard, Err(AggregateError::NoShard { role: Role::Root })));
}

/// Sizes differ by how many siblings the paths of the queries share, and by nothing else.
fn a_root_of_one_shard_is_as_large(folder: &Folder, root: &Folded) {
    let one = aggregate(folder, shards([1]), 1, |_| ()).expect("a shard");
    assert_eq!(one.statement(), open(&SHARDS[1]).statement());
    let (a, b) = (one.bytes().len(), root.bytes().len());
    println!("a root of one shard: {a} bytes, of three: {b}");
    assert!(a.abs_diff(b) * 50 < a, "{a} and {b}");
}

#[test]
fn shards_that_do_not_follow_are_named() {
    let named = |numbers: Vec<Shard>| in_order(numbers).map(|_| ()).map_err(|e| e.to_string());
    assert_eq!(named(shards([1, 2, 0])), Ok(()));
    let gap = named(shards([2, 0])).expect_err("the second is missing");
    assert!(
        gap.starts_with("a gap: the statement of batches 1 to 1 is followed by that of batches 3 to 3"),
        "{gap}"
    );
    let overlap = named(shards([1, 0, 1])).expect_err("the second is there twice");
    assert!(
        overlap
            .starts_with("an overlap: the statement of batches 2 to 2 is followed by that of batches 2 to 2"),
        "{overlap}"
    );
    assert!(matches!(in_order(Vec::new()), Err(AggregateError::Nothing)));
    // What does not verify is no shard.
    let mut bytes = SHARDS[0].clone();
    *bytes.last_mut().expect("not empty") ^= 1;
    let opened = Shard::open(&bytes, &Expectations::default());
    assert!(matches!(opened, Err(AggregateError::Refused(_))));
}
