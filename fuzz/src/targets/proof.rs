//! Proofs of shards and roots: decoded, and verified.

use std::sync::LazyLock;

use aludel_circuits::{MachineChip, Shape};
use aludel_prover::Prover;
use aludel_verifier::config::Proof;
use aludel_verifier::format::{self, Claim, PREFIX_BYTES};
use aludel_verifier::keys::FoldedKey;
use aludel_verifier::verify::{Expectations, verify_with};
use aludel_verifier::{Role, ShardKey, VerifyError};
use aludel_witness::Shard;

use crate::edits::{self, DECODABLE, EDIT, Edited};
use crate::memory::bounded;
use crate::outline::{Outline, outline};
use crate::world::WORLD;
use crate::{Kind, Target, Verdict, round_trip};

/// The family.
pub const TARGETS: &[Target] = &[
    Target { name: "proof", kind: Kind::Proof, run: decode, seeds },
    Target { name: "verify", kind: Kind::Verify, run: verify, seeds },
    Target { name: "verify_statement", kind: Kind::Verify, run: verify_statement, seeds: statement_seeds },
    Target { name: "verify_root", kind: Kind::Verify, run: verify_root, seeds: root_seeds },
    Target { name: "verify_edits", kind: Kind::Verify, run: verify_edits, seeds: edits_seeds },
];

/// Of the machine as it is, whether or not its key is the pinned one.
static PROVER: LazyLock<Prover> =
    LazyLock::new(|| Prover::with_chips(Shape::Tiny, MachineChip::all(Shape::Tiny)).expect("a good machine"));

/// A proof of a few batches.
static PROOF: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let shard = Shard::generate(&WORLD.small[..3], Some(Shape::Tiny)).expect("honest batches have a witness");
    PROVER.prove(&shard.traces, &shard.statement).expect("an honest shard proves").bytes
});

fn seeds() -> Vec<Vec<u8>> {
    vec![PROOF.clone()]
}

/// Bytes of memory for one of a proof, at most. An empty list is one byte in the file and 24 in memory, three times that while
/// the list that holds it grows; and a count is believed, up to 1 MiB, as long as it is no more than the bytes left: 192 bytes
/// are reserved for each chip whose openings are said to follow. A proof as long as the key admits is far below that.
const FACTOR: usize = 256;

/// Decodes the claim and the proof proper.
fn decode(data: &[u8]) -> Verdict {
    let read = |data: &[u8]| {
        let (claim, rest) = format::claim(data)?;
        format::proof(PROVER.key(), rest).map(|proof| (claim, proof))
    };
    let encode = |(claim, proof): &(Claim, _)| format::encode(claim, proof).expect("our proofs serialise");
    match round_trip::within(FACTOR, data, read, encode) {
        Ok(_) => Verdict::Accepted,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            Verdict::Refused
        }
    }
}

/// Of all these bytes only the proof itself verifies.
fn verify(data: &[u8]) -> Verdict {
    let judge = || verify_with(PROVER.key(), data, &Expectations::default());
    let verdict = bounded(data, FACTOR, judge);
    assert_eq!(verdict.is_ok(), data == *PROOF, "{verdict:?}");
    decode(data)
}

/// A root, and every pinned key, so that none of them is made while memory is counted.
static ROOT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let shards = Shape::ALL.into_iter().all(|shape| ShardKey::pinned(shape).is_ok());
    let folded = Role::folded().all(|role| FoldedKey::pinned(role).is_ok());
    assert!(shards && folded, "a key is not the pinned one");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/verifier/tests/frozen/root.proof");
    std::fs::read(path).expect("the frozen root")
});

fn root_seeds() -> Vec<Vec<u8>> {
    vec![ROOT.clone()]
}

/// Under the pinned key of the role that they name, of all these bytes only the root verifies.
fn verify_root(data: &[u8]) -> Verdict {
    let root = &*ROOT;
    let verdict = bounded(data, FACTOR, || aludel_verifier::verify(data, &Expectations::default()));
    assert_eq!(verdict.is_ok(), data == *root, "{verdict:?}");
    let encode = |(claim, proof): &(Claim, _)| format::encode(claim, proof).expect("our proofs serialise");
    match round_trip::within(FACTOR, data, of_any_role, encode) {
        Ok(_) => Verdict::Accepted,
        Err(_) => Verdict::Refused,
    }
}

fn of_any_role(data: &[u8]) -> Result<(Claim, Proof), VerifyError> {
    let (claim, rest) = format::claim(data)?;
    let proof = match claim.role {
        Role::Shard(shape) => format::proof(ShardKey::pinned(shape)?, rest)?,
        role => format::proof(FoldedKey::pinned(role)?, rest)?,
    };
    Ok((claim, proof))
}

/// What stands before the proof proper.
fn statement_seeds() -> Vec<Vec<u8>> {
    vec![PROOF[..PREFIX_BYTES].to_vec()]
}

/// The proof proper proves its own statement and no other: in a proof of a megabyte mutants hardly meet those bytes.
fn verify_statement(data: &[u8]) -> Verdict {
    let (own, proper) = PROOF.split_at(PREFIX_BYTES);
    let whole = [data, proper].concat();
    let verdict = verify_with(PROVER.key(), &whole, &Expectations::default());
    assert_eq!(verdict.is_ok(), data == own, "{verdict:?}");
    match format::claim(&whole) {
        Ok((_, rest)) if rest == proper => Verdict::Accepted,
        _ => Verdict::Refused,
    }
}

/// Where the proof proper has what.
static OUTLINE: LazyLock<Outline> = LazyLock::new(|| {
    let proof = format::proof(PROVER.key(), &PROOF[PREFIX_BYTES..]).expect("our proof decodes");
    outline(&proof).expect("a proof holds nothing else")
});

/// Nothing, and one edit of every class of places, but for those that then do not decode.
fn edits_seeds() -> Vec<Vec<u8>> {
    let classes = u8::try_from(OUTLINE.len()).expect("few classes");
    let edit = |class| [&[DECODABLE, class][..], &[0; EDIT - 2]].concat();
    let decodes = |edits: &Vec<u8>| decode(&edited(edits)) == Verdict::Accepted;
    (0..classes).map(edit).chain([Vec::new()]).filter(decodes).collect()
}

fn edited(edits: &[u8]) -> Vec<u8> {
    let (prefix, proper) = PROOF.split_at(PREFIX_BYTES);
    let edited = edits::apply(Edited { bytes: proper, outline: &OUTLINE }, edits);
    [prefix, &edited].concat()
}

/// The proof after edits of its structure, as [`verify`] judges it: what is changed anywhere does not verify.
fn verify_edits(data: &[u8]) -> Verdict {
    verify(&edited(data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_reach_every_part_of_a_proof() {
        let ends = OUTLINE.values().flatten().map(|place| place.range.end);
        assert_eq!(ends.max(), Some(PROOF.len() - PREFIX_BYTES), "the outline is of these bytes");
        assert!(edits_seeds().len() > OUTLINE.len() - 5, "nearly every class has an edit that decodes");
    }

    /// Found by libFuzzer: lists of empty lists, with which a decoder was said to take no more than 8 bytes for one.
    #[test]
    fn lists_of_empty_lists_take_bounded_memory() {
        for (start, count) in [(1541, 10_000), (96_180, 10_000), (96_181, 100_000)] {
            let head = &PROOF[..PREFIX_BYTES + start];
            let lists = [&postcard::to_allocvec(&count).expect("a number")[..], &vec![0; count]].concat();
            assert_eq!(decode(&[head, &lists].concat()), Verdict::Refused);
        }
    }
}
