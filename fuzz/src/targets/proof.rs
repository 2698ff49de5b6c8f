//! Shard proofs: decoded, and verified.

use std::sync::LazyLock;

use aludel_circuits::{MachineChip, Shape};
use aludel_prover::Prover;
use aludel_verifier::format::{self, Claim, PREFIX_BYTES};
use aludel_verifier::verify::{Expectations, verify_with};
use aludel_witness::Shard;

use crate::edits::{self, DECODABLE, EDIT, Edited};
use crate::outline::{Outline, outline};
use crate::world::WORLD;
use crate::{Kind, Target, Verdict, round_trip};

/// The family.
pub const TARGETS: &[Target] = &[
    Target { name: "proof", kind: Kind::Proof, run: decode, seeds },
    Target { name: "verify", kind: Kind::Verify, run: verify, seeds },
    Target { name: "verify_statement", kind: Kind::Verify, run: verify_statement, seeds: statement_seeds },
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

/// Decodes the claim and the proof proper.
fn decode(data: &[u8]) -> Verdict {
    let read = |data: &[u8]| {
        let (claim, rest) = format::claim(data)?;
        format::proof(PROVER.key(), rest).map(|proof| (claim, proof))
    };
    let encode = |(claim, proof): &(Claim, _)| format::encode(claim, proof).expect("our proofs serialise");
    match round_trip::binary(data, read, encode) {
        Some(_) => Verdict::Accepted,
        None => Verdict::Refused,
    }
}

/// Of all these bytes only the proof itself verifies.
fn verify(data: &[u8]) -> Verdict {
    let verdict = verify_with(PROVER.key(), data, &Expectations::default());
    assert_eq!(verdict.is_ok(), data == *PROOF, "{verdict:?}");
    decode(data)
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

/// Nothing, and one edit of every class of places. All decode.
fn edits_seeds() -> Vec<Vec<u8>> {
    let classes = u8::try_from(OUTLINE.len()).expect("few classes");
    let edit = |class| [&[DECODABLE, class][..], &[0; EDIT - 2]].concat();
    (0..classes).map(edit).chain([Vec::new()]).collect()
}

/// The proof after edits of its structure, as [`verify`] judges it: what is changed anywhere does not verify.
fn verify_edits(data: &[u8]) -> Verdict {
    let (prefix, proper) = PROOF.split_at(PREFIX_BYTES);
    let edited = edits::apply(Edited { bytes: proper, outline: &OUTLINE }, data);
    verify(&[prefix, &edited].concat())
}
