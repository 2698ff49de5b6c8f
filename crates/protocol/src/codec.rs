//! The one binary encoding: borsh, behind a header that names what the file is.
//!
//! Canonical: what decodes re-encodes to the same bytes, and nothing else decodes. Integers are little-endian,
//! enums one byte, vectors a `u32` count and their items; trailing bytes are refused.

use borsh::{BorshDeserialize, BorshSerialize};

/// First bytes of every file of ours.
pub const MAGIC: [u8; 4] = *b"ALDL";

/// Bytes of the header: magic, kind, version.
pub const HEADER_BYTES: usize = 8;

/// What a file holds. The numbers are part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Kind {
    /// A signed transaction.
    Transaction = 1,
    /// A sealed batch with the part of the state that it touches.
    Batch = 2,
    /// The L1 queue.
    Queue = 3,
    /// A statement.
    Statement = 4,
    /// A shard proof.
    ShardProof = 5,
    /// Secret keys, encrypted.
    Keystore = 6,
    /// How far the keys of a keystore are used.
    KeyUsage = 7,
    /// What is published of a batch.
    Pubdata = 8,
    /// A withdrawal with its path to a rolling digest of headers.
    Claim = 9,
    /// A proof of verified proofs: a lift, a join or a root.
    FoldedProof = 10,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Transaction,
        Self::Batch,
        Self::Queue,
        Self::Statement,
        Self::ShardProof,
        Self::Keystore,
        Self::KeyUsage,
        Self::Pubdata,
        Self::Claim,
        Self::FoldedProof,
    ];

    /// The word for it in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transaction => "signed transaction",
            Self::Batch => "batch",
            Self::Queue => "L1 queue",
            Self::Statement => "statement",
            Self::ShardProof => "shard proof",
            Self::Keystore => "keystore",
            Self::KeyUsage => "key usage record",
            Self::Pubdata => "published data",
            Self::Claim => "claim",
            Self::FoldedProof => "folded proof",
        }
    }

    /// The version of this kind's encoding that this build writes and reads.
    pub const fn version(self) -> u16 {
        match self {
            // Version 1 was a single key in the clear.
            Self::Keystore => 2,
            _ => 1,
        }
    }
}

/// Why bytes are not what they should be.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum DecodeError {
    /// Not a file of ours.
    #[error("no Aludel file: it begins with {found:02x?}, not with \"ALDL\"; check the path")]
    Magic {
        /// The first bytes, at most four.
        found: Vec<u8>,
    },
    /// Cut off before its header ends; nothing at all, too.
    #[error("no Aludel file: {found} bytes, and a header has {HEADER_BYTES}; fetch or make it again")]
    Short {
        /// Bytes that there are.
        found: usize,
    },
    /// A file of ours, of another kind.
    #[error("expected a {}, found a {}; check the path", expected.name(), found.name())]
    Kind {
        /// What the caller wanted.
        expected: Kind,
        /// What the header says.
        found: Kind,
    },
    /// A file of ours, of a kind that this build does not know.
    #[error("an Aludel file of unknown kind {number}; use the build that wrote it")]
    UnknownKind {
        /// What the header says.
        number: u16,
    },
    /// Another version of the format.
    #[error("this is version {found} of the {} format and this build reads version {expected}; use the build that wrote it", kind.name())]
    Version {
        /// What the file is.
        kind: Kind,
        /// The version that this build reads.
        expected: u16,
        /// The version in the header.
        found: u16,
    },
    /// The header is right and the body is not.
    #[error("damaged {} at byte {position}: {reason}; fetch or make it again", kind.name())]
    Body {
        /// What the file is.
        kind: Kind,
        /// Offset in the file at which decoding stopped.
        position: usize,
        /// What was wrong there.
        reason: String,
    },
}

/// Header and body.
pub fn encode<T: BorshSerialize>(kind: Kind, value: &T) -> Vec<u8> {
    let mut out = header(kind).to_vec();
    value.serialize(&mut out).expect("writing to a vector does not fail");
    out
}

/// The eight header bytes of a kind.
pub fn header(kind: Kind) -> [u8; HEADER_BYTES] {
    let mut out = [0; HEADER_BYTES];
    out[..4].copy_from_slice(&MAGIC);
    out[4..6].copy_from_slice(&(kind as u16).to_le_bytes());
    out[6..].copy_from_slice(&kind.version().to_le_bytes());
    out
}

/// The kind that a header names.
pub fn kind_of(bytes: &[u8]) -> Result<Kind, DecodeError> {
    let number = kind_number(bytes)?;
    Kind::ALL.into_iter().find(|k| *k as u16 == number).ok_or(DecodeError::UnknownKind { number })
}

fn kind_number(bytes: &[u8]) -> Result<u16, DecodeError> {
    match bytes {
        [b'A', b'L', b'D', b'L', lo, hi, _, _, ..] => Ok(u16::from_le_bytes([*lo, *hi])),
        short if short.len() < HEADER_BYTES && short.iter().zip(&MAGIC).all(|(found, own)| found == own) => {
            Err(DecodeError::Short { found: short.len() })
        }
        _ => Err(DecodeError::Magic { found: bytes.iter().take(4).copied().collect() }),
    }
}

/// Checks the header and returns the body.
pub fn body(kind: Kind, bytes: &[u8]) -> Result<&[u8], DecodeError> {
    let found = kind_of(bytes)?;
    if found != kind {
        return Err(DecodeError::Kind { expected: kind, found });
    }
    let (head, body) = bytes.split_at(HEADER_BYTES);
    let found = u16::from_le_bytes([head[6], head[7]]);
    if found != kind.version() {
        return Err(DecodeError::Version { kind, expected: kind.version(), found });
    }
    Ok(body)
}

/// Decodes a whole file; trailing bytes are an error.
pub fn decode<T: BorshDeserialize>(kind: Kind, bytes: &[u8]) -> Result<T, DecodeError> {
    let mut rest = body(kind, bytes)?;
    let fail =
        |rest: &[u8], reason: String| DecodeError::Body { kind, position: bytes.len() - rest.len(), reason };
    let value = T::deserialize(&mut rest).map_err(|e| fail(rest, e.to_string()))?;
    match rest.is_empty() {
        true => Ok(value),
        false => Err(fail(rest, format!("{} bytes too many", rest.len()))),
    }
}
