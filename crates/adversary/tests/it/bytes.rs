//! A damaged file is refused, whatever is damaged: every byte of the claim, and samples of the proof.

use aludel_adversary::honest::PROOF;
use aludel_adversary::toy;
use aludel_protocol::Statement;
use aludel_verifier::VerifyError;
use aludel_verifier::format::PREFIX_BYTES;
use aludel_verifier::verify::{Expectations, verify, verify_with};

fn verdict(bytes: &[u8]) -> Result<Statement, VerifyError> {
    verify_with(toy::prover().key(), bytes, &Expectations::default())
}

#[test]
fn flipped_bytes_are_refused() {
    let proof = toy::proof();
    let dense = 0..PREFIX_BYTES + 64;
    let tail = proof.len() - 64..proof.len();
    for at in dense.chain((PREFIX_BYTES..proof.len()).step_by(proof.len() / 400)).chain(tail) {
        let mut bytes = proof.to_vec();
        bytes[at] ^= 1 << (at % 8);
        assert!(verdict(&bytes).is_err(), "byte {at} of {} does not matter", bytes.len());
    }
}

#[test]
fn flipped_bytes_of_a_real_proof_are_refused() {
    let length = PROOF.bytes.len();
    let claim = (0..PREFIX_BYTES).step_by(7);
    for at in claim.chain((PREFIX_BYTES..length).step_by(length / 150)).chain([length - 1]) {
        let mut bytes = PROOF.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        assert!(verify(&bytes, &Expectations::default()).is_err(), "byte {at} of {length} does not matter");
    }
}

/// A length that claims more than there is must not be believed.
#[test]
fn claimed_lengths_allocate_nothing() {
    let proof = toy::proof();
    for at in (PREFIX_BYTES..proof.len() - 5).step_by(proof.len() / 50) {
        let mut bytes = proof.to_vec();
        bytes[at..at + 5].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert!(verdict(&bytes).is_err());
    }
}
