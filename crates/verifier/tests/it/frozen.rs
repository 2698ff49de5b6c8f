//! Proofs made once, one a shape, all of one statement: what verified then must verify now.
//!
//! `tests/frozen/regenerate` makes them again, after a change that is meant to break them; `aludel-node` tests that a fresh
//! run gives the same bytes.

use std::path::{Path, PathBuf};

use aludel_circuits::Shape;
use aludel_protocol::Statement;
use aludel_protocol::codec::HEADER_BYTES;
use aludel_verifier::format::Claim;
use aludel_verifier::verify::{Expectations, verify};
use aludel_verifier::{Role, VerifyError, format};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(name)
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(file(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn proof(shape: Shape) -> Vec<u8> {
    read(&format!("{shape}.proof"))
}

fn statement(name: &str) -> Statement {
    serde_json::from_slice(&read(name)).expect("a statement")
}

#[test]
fn a_frozen_proof_of_each_shape_verifies() {
    let says = statement("statement.json");
    assert_ne!(says.prev, says.next);
    let wants = Expectations { chain_id: Some(says.chain_id), statement: Some(says) };
    for shape in Shape::ALL {
        let bytes = proof(shape);
        assert_eq!(format::claim(&bytes).expect("decodes").0, Claim::shard(shape, says));
        assert_eq!(verify(&bytes, &wants), Ok(says), "{shape}: see tests/frozen/regenerate");
    }
}

#[test]
fn the_frozen_root_verifies() {
    let (bytes, says) = (read("root.proof"), statement("root.json"));
    let wants = Expectations { chain_id: Some(says.chain_id), statement: Some(says) };
    assert_eq!(format::claim(&bytes).expect("decodes").0, Claim { role: Role::Root, statement: says });
    assert_eq!(verify(&bytes, &wants), Ok(says), "see tests/frozen/regenerate");
    // It is no other role's: each has other sizes.
    for role in Role::folded().filter(|role| *role != Role::Root) {
        let mut other = bytes.clone();
        other[HEADER_BYTES..HEADER_BYTES + 2].copy_from_slice(&role.numbers());
        let verdict = verify(&other, &Expectations::default());
        assert!(matches!(verdict, Err(VerifyError::Layout { .. })), "{role}: {verdict:?}");
    }
}

#[test]
fn no_frozen_proof_passes_for_another_shapes() {
    for (shape, other) in Shape::ALL.into_iter().zip(Shape::ALL.into_iter().cycle().skip(1)) {
        let mut bytes = proof(shape);
        let at = format::PREFIX_BYTES - format::STATEMENT_BYTES - 1;
        assert_eq!(bytes[at], shape.number());
        bytes[at] = other.number();
        let verdict = verify(&bytes, &Expectations::default());
        let layout = matches!(verdict, Err(VerifyError::Layout { part: "height of a chip", .. }));
        assert!(layout, "{shape} as {other}: {verdict:?}");
    }
}
