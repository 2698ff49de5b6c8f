//! The bytes of a shard proof.
//!
//! ```text
//! header       8 bytes   "ALDL", kind 5, version 1
//! shape        1 byte    number of the shape
//! statement    borsh     fixed length
//! proof        postcard  Plonky3's `BatchProof`: field elements are 4 little-endian bytes in Montgomery form
//! ```
//!
//! Canonical: what decodes re-encodes to the same bytes, and nothing else decodes. A shape bounds the length, and
//! that is checked before anything is decoded.

use aludel_circuits::Shape;
use aludel_protocol::Statement;
use aludel_protocol::codec::{DecodeError, HEADER_BYTES, Kind, body, header};
use borsh::BorshDeserialize;

use crate::config::Proof;
use crate::error::VerifyError;
use crate::keys::Key;

/// Bytes of a statement: chain id, version, config, and of each end two roots, two digests and two numbers.
pub const STATEMENT_BYTES: usize = 8 + 2 + 32 + 2 * (4 + 3 * 32 + 4);

/// Bytes before the proof proper.
pub const PREFIX_BYTES: usize = HEADER_BYTES + 1 + STATEMENT_BYTES;

/// What a proof says of itself, before anything is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The shape whose key must accept the proof.
    pub shape: Shape,
    /// What the proof is said to prove.
    pub statement: Statement,
}

fn damaged(position: usize, reason: impl ToString) -> VerifyError {
    DecodeError::Body { kind: Kind::ShardProof, position, reason: reason.to_string() }.into()
}

/// Reads the claim and leaves the proof proper undecoded.
///
/// # Errors
/// Another kind or version of file, an unknown shape, or a damaged statement.
pub fn claim(bytes: &[u8]) -> Result<(Claim, &[u8]), VerifyError> {
    let rest = body(Kind::ShardProof, bytes)?;
    let (number, mut rest) = rest.split_first().ok_or_else(|| damaged(HEADER_BYTES, "no shape"))?;
    let shape = Shape::from_number(*number).ok_or(VerifyError::UnknownShape { number: *number })?;
    let statement =
        Statement::deserialize(&mut rest).map_err(|e| damaged(bytes.len().saturating_sub(rest.len()), e))?;
    Ok((Claim { shape, statement }, rest))
}

/// Decodes the proof proper of a key. Sizes inside it are not checked yet.
///
/// # Errors
/// Too long, damaged, trailing bytes, or not canonical.
pub fn proof<A>(key: &Key<A>, bytes: &[u8]) -> Result<Proof, VerifyError> {
    let (role, limit) = (key.role(), key.layout().limit());
    if bytes.len() > limit {
        return Err(VerifyError::TooLong { role, limit, found: bytes.len() });
    }
    let (proof, rest) = postcard::take_from_bytes::<Proof>(bytes).map_err(|e| damaged(PREFIX_BYTES, e))?;
    if !rest.is_empty() {
        let end = PREFIX_BYTES.saturating_add(bytes.len().saturating_sub(rest.len()));
        return Err(damaged(end, format!("{} bytes too many", rest.len())));
    }
    match postcard::to_allocvec(&proof) {
        Ok(again) if again == bytes => Ok(proof),
        _ => Err(VerifyError::NotCanonical),
    }
}

/// The file of a proof.
///
/// # Errors
/// Plonky3's proof cannot be serialised: our bug.
pub fn encode(claim: &Claim, proof: &Proof) -> Result<Vec<u8>, String> {
    let mut out = header(Kind::ShardProof).to_vec();
    out.push(claim.shape.number());
    borsh::to_writer(&mut out, &claim.statement).map_err(|e| e.to_string())?;
    postcard::to_extend(proof, out).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use aludel_protocol::{ChainId, Checkpoint, Digest};

    use super::*;

    fn statement() -> Statement {
        let genesis = Checkpoint::genesis(Digest::ZERO);
        Statement::new(ChainId(7), genesis, genesis)
    }

    fn prefix(shape: u8) -> Vec<u8> {
        let mut bytes = header(Kind::ShardProof).to_vec();
        bytes.push(shape);
        borsh::to_writer(&mut bytes, &statement()).expect("a vector takes everything");
        bytes
    }

    #[test]
    fn a_claim_reads_back() {
        let bytes = prefix(1);
        assert_eq!(bytes.len(), PREFIX_BYTES);
        let (claim, rest) = claim(&bytes).expect("decodes");
        assert_eq!((claim.shape, claim.statement, rest.len()), (Shape::Small, statement(), 0));
    }

    #[test]
    fn unknown_shapes_and_cut_statements_are_refused() {
        assert_eq!(claim(&prefix(9)), Err(VerifyError::UnknownShape { number: 9 }));
        let bytes = prefix(0);
        for end in 0..bytes.len() {
            assert!(matches!(claim(&bytes[..end]), Err(VerifyError::Decode(_))), "{end} bytes");
        }
    }
}
