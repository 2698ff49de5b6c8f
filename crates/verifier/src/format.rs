//! The bytes of a proof: of a shard, or folded (a lift, a join, a root).
//!
//! ```text
//! header       8 bytes   "ALDL", kind 5 of a shard and 10 of a folded proof, version 1
//! role         1 byte    of a folded proof only: 1 lift, 2 join, 3 root
//! shape        1 byte    number of the shape; 0 of joins and roots
//! statement    borsh     fixed length
//! proof        postcard  Plonky3's `BatchProof`: field elements are 4 little-endian bytes in Montgomery form
//! ```
//!
//! Canonical: what decodes re-encodes to the same bytes, and nothing else decodes. A role bounds the length, and
//! that is checked before anything is decoded.

use aludel_circuits::Shape;
use aludel_protocol::Statement;
use aludel_protocol::codec::{DecodeError, HEADER_BYTES, Kind, body, header, kind_of};
use borsh::BorshDeserialize;

use crate::config::Proof;
use crate::error::VerifyError;
use crate::keys::Key;
use crate::role::Role;

/// Bytes of a statement: chain id, version, config, and of each end two roots, two digests and two numbers.
pub const STATEMENT_BYTES: usize = 8 + 2 + 32 + 2 * (4 + 3 * 32 + 4);

/// Bytes before the proof proper of a shard.
pub const PREFIX_BYTES: usize = HEADER_BYTES + 1 + STATEMENT_BYTES;

/// Bytes before the proof proper of a role.
pub const fn prefix_bytes(role: Role) -> usize {
    match role.file() {
        Kind::FoldedProof => PREFIX_BYTES + 1,
        _ => PREFIX_BYTES,
    }
}

/// What a proof says of itself, before anything is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The role whose key must accept the proof.
    pub role: Role,
    /// What the proof is said to prove.
    pub statement: Statement,
}

impl Claim {
    /// Of a shard.
    pub const fn shard(shape: Shape, statement: Statement) -> Self {
        Self { role: Role::Shard(shape), statement }
    }
}

fn damaged(kind: Kind, position: usize, reason: impl ToString) -> VerifyError {
    DecodeError::Body { kind, position, reason: reason.to_string() }.into()
}

/// Reads the claim and leaves the proof proper undecoded.
///
/// # Errors
/// Another kind or version of file, an unknown shape or role, or a damaged statement.
pub fn claim(bytes: &[u8]) -> Result<(Claim, &[u8]), VerifyError> {
    let (role, mut rest) = match kind_of(bytes)? {
        Kind::FoldedProof => folded(body(Kind::FoldedProof, bytes)?)?,
        _ => shard(body(Kind::ShardProof, bytes)?)?,
    };
    let statement = Statement::deserialize(&mut rest)
        .map_err(|e| damaged(role.file(), bytes.len().saturating_sub(rest.len()), e))?;
    Ok((Claim { role, statement }, rest))
}

/// The role of a shard proof.
fn shard(body: &[u8]) -> Result<(Role, &[u8]), VerifyError> {
    let none = || damaged(Kind::ShardProof, HEADER_BYTES, "no shape");
    let (number, rest) = body.split_first().ok_or_else(none)?;
    let shape = Shape::from_number(*number).ok_or(VerifyError::UnknownShape { number: *number })?;
    Ok((Role::Shard(shape), rest))
}

/// The role of a folded proof.
fn folded(body: &[u8]) -> Result<(Role, &[u8]), VerifyError> {
    let none = || damaged(Kind::FoldedProof, HEADER_BYTES, "no role");
    let (numbers, rest) = body.split_first_chunk().ok_or_else(none)?;
    let role = Role::folded().find(|role| role.numbers() == *numbers);
    Ok((role.ok_or(VerifyError::UnknownRole { numbers: *numbers })?, rest))
}

/// Decodes the proof proper of a key. Sizes inside it are not checked yet.
///
/// # Errors
/// Too long, damaged, trailing bytes, or not canonical.
pub fn proof<A>(key: &Key<A>, bytes: &[u8]) -> Result<Proof, VerifyError> {
    let (role, limit) = (key.role(), key.layout().limit());
    let prefix = prefix_bytes(role);
    if bytes.len() > limit {
        return Err(VerifyError::TooLong { role, limit, found: bytes.len() });
    }
    let (proof, rest) =
        postcard::take_from_bytes::<Proof>(bytes).map_err(|e| damaged(role.file(), prefix, e))?;
    if !rest.is_empty() {
        let end = prefix.saturating_add(bytes.len().saturating_sub(rest.len()));
        return Err(damaged(role.file(), end, format!("{} bytes too many", rest.len())));
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
    let mut out = header(claim.role.file()).to_vec();
    let [kind, shape] = claim.role.numbers();
    if claim.role.file() == Kind::FoldedProof {
        out.push(kind);
    }
    out.push(shape);
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
        begun(Kind::ShardProof, &[shape])
    }

    fn begun(kind: Kind, role: &[u8]) -> Vec<u8> {
        let mut bytes = header(kind).to_vec();
        bytes.extend(role);
        borsh::to_writer(&mut bytes, &statement()).expect("a vector takes everything");
        bytes
    }

    #[test]
    fn a_claim_reads_back() {
        let bytes = prefix(1);
        assert_eq!(bytes.len(), PREFIX_BYTES);
        let (claim, rest) = claim(&bytes).expect("decodes");
        assert_eq!((claim, rest.len()), (Claim::shard(Shape::Small, statement()), 0));
    }

    #[test]
    fn a_folded_claim_reads_back() {
        for role in Role::folded() {
            let bytes = begun(Kind::FoldedProof, &role.numbers());
            assert_eq!(bytes.len(), prefix_bytes(role));
            let (claim, rest) = claim(&bytes).expect("decodes");
            assert_eq!((claim, rest.len()), (Claim { role, statement: statement() }, 0));
        }
    }

    #[test]
    fn unknown_roles_and_cut_statements_are_refused() {
        for numbers in [[0, 0], [1, 5], [2, 1], [3, 1], [4, 0], [255, 0]] {
            let bytes = begun(Kind::FoldedProof, &numbers);
            assert_eq!(claim(&bytes), Err(VerifyError::UnknownRole { numbers }));
        }
        let bytes = begun(Kind::FoldedProof, &Role::Root.numbers());
        for end in 0..bytes.len() {
            assert!(matches!(claim(&bytes[..end]), Err(VerifyError::Decode(_))), "{end} bytes");
        }
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
