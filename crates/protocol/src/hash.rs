//! Every hash that Aludel defines.
//!
//! Two functions carry all of them, both `P(x) + x` truncated to eight elements over Poseidon2 (eprint
//! 2023/323) on KoalaBear: [`compress16`] from 16 elements and [`compress24`] from 24. The feed-forward makes
//! them one-way, which a truncated permutation alone is not.
//!
//! *Domains.* A longer input is a chain of [`compress24`] calls whose first eight inputs are an [`iv`] of a
//! [`Tag`] and a length, and whose later calls begin with the digest so far. Two chains that meet must by
//! collision resistance agree on every earlier call, hence on the tag. Calls that stand alone (a cell, a
//! withdrawal, a node of a key) carry their tag in the first element. [`compress16`] makes the nodes of the state
//! tree and of the trees of withdrawals, and the steps of a key's hash chains; each has fixed depth and no digest is
//! ever opened as another sort's.
//!
//! *Strength.* A digest is eight elements of 30.99 bits: collisions cost `2^123.95`, preimages `2^247.9`.

use core::fmt;
use std::io::{self, Read, Write};
use std::sync::LazyLock;

use borsh::{BorshDeserialize, BorshSerialize};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::{Poseidon2KoalaBear, default_koalabear_poseidon2_16, default_koalabear_poseidon2_24};
use p3_symmetric::Permutation;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::field::{F, MODULUS, fe};

/// Poseidon2 of width 16: 8 full and 20 partial rounds, S-box `x^3`.
pub type Perm16 = Poseidon2KoalaBear<16>;
/// Poseidon2 of width 24: 8 full and 23 partial rounds, S-box `x^3`.
pub type Perm24 = Poseidon2KoalaBear<24>;

/// Field elements of a digest.
pub const DIGEST: usize = 8;

static PERM16: LazyLock<Perm16> = LazyLock::new(default_koalabear_poseidon2_16);
static PERM24: LazyLock<Perm24> = LazyLock::new(default_koalabear_poseidon2_24);

/// The width-16 permutation with the published constants.
pub fn perm16() -> &'static Perm16 {
    &PERM16
}

/// The width-24 permutation with the published constants.
pub fn perm24() -> &'static Perm24 {
    &PERM24
}

/// What a hash is of. The numbers are part of the protocol: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Tag {
    /// [`crate::params::config_digest`].
    Config = 1,
    /// Leaf of an account: see `Cell` in the ledger.
    AccountCell = 2,
    /// Leaf of any other cell.
    SlotCell = 3,
    /// A transfer, as it is signed.
    Transfer = 4,
    /// An item of the L1 queue, where it enters a batch's published data.
    QueueItem = 5,
    /// Rolling digest of the L1 queue.
    Queue = 6,
    /// Rolling digest of what is published of a batch.
    Pubdata = 7,
    /// A batch header.
    Header = 8,
    /// Rolling digest of headers.
    Headers = 9,
    /// A statement.
    Statement = 10,
    /// Key digest of an XMSS public key.
    XmssKey = 11,
    /// Message hash of a signature.
    XmssMessage = 12,
    /// Leaf of a tree of one-time keys.
    XmssLeaf = 13,
    /// Digest of a verifying key.
    VerifyingKey = 14,
    /// Step of a hash chain; the element is `XmssChain * 2^16 + 8 * chain + position`.
    XmssChain = 15,
    /// Inner node of a tree of one-time keys; the element is `XmssNode * 2^16 + level`.
    XmssNode = 16,
    /// Derivation of secrets from a seed.
    XmssSecret = 17,
    /// A withdrawal to L1, as it is signed.
    Withdraw = 18,
    /// A rotation of an account's key, as it is signed.
    Rotate = 19,
    /// A leaf of a batch's tree of withdrawals.
    Withdrawal = 20,
    /// A leaf of a set of verifying keys.
    KeyLeaf = 21,
    /// A node of a set of verifying keys.
    KeyNode = 22,
}

impl Tag {
    /// The tag as a field element.
    pub const fn fe(self) -> F {
        fe(self as u32)
    }

    /// The tag in the upper bits of one element, `low` (below `2^16`) in the lower.
    pub const fn with(self, low: u32) -> F {
        fe(((self as u32) << 16) + low)
    }
}

/// Truncated `P(x) + x` over width 16, for scalar or packed elements.
#[inline]
pub fn compress16<A>(x: [A; 16]) -> [A; DIGEST]
where
    A: PrimeCharacteristicRing + Copy,
    Perm16: Permutation<[A; 16]>,
{
    let y = PERM16.permute(x);
    core::array::from_fn(|i| y[i] + x[i])
}

/// Truncated `P(x) + x` over width 24, for scalar or packed elements.
#[inline]
pub fn compress24<A>(x: [A; 24]) -> [A; DIGEST]
where
    A: PrimeCharacteristicRing + Copy,
    Perm24: Permutation<[A; 24]>,
{
    let y = PERM24.permute(x);
    core::array::from_fn(|i| y[i] + x[i])
}

/// The first eight inputs of a chain: tag, length in elements, zeros.
pub const fn iv(tag: Tag, len: u32) -> [F; DIGEST] {
    let zero = fe(0);
    [tag.fe(), fe(len), zero, zero, zero, zero, zero, zero]
}

/// Where a rolling digest begins.
pub const fn rolling_start(tag: Tag) -> Digest {
    Digest(iv(tag, 0))
}

/// Appends one digest to a rolling digest: `compress24(state || item || 0^8)`.
pub fn roll(state: Digest, item: Digest) -> Digest {
    let mut x = [F::ZERO; 24];
    x[..8].copy_from_slice(&state.0);
    x[8..16].copy_from_slice(&item.0);
    Digest(compress24(x))
}

/// Inputs of each [`compress24`] call of [`hash_fields`], in order, with the resulting digest.
pub fn hash_fields_calls(tag: Tag, fields: &[F]) -> (Vec<[F; 24]>, Digest) {
    absorb_calls(Digest(iv(tag, fields.len() as u32)), fields)
}

/// Inputs of each [`compress24`] call of [`absorb`], in order, with the resulting digest.
pub fn absorb_calls(start: Digest, fields: &[F]) -> (Vec<[F; 24]>, Digest) {
    let mut state = start.0;
    let mut calls = Vec::with_capacity(fields.len().div_ceil(16));
    for block in fields.chunks(16) {
        let mut x = [F::ZERO; 24];
        x[..8].copy_from_slice(&state);
        x[8..8 + block.len()].copy_from_slice(block);
        calls.push(x);
        state = compress24(x);
    }
    (calls, Digest(state))
}

/// Appends a record of fixed length to a rolling digest, 16 elements a call, the last block padded with zeros.
pub fn absorb(start: Digest, fields: &[F]) -> Digest {
    absorb_calls(start, fields).1
}

/// Digest of a record of fixed length: blocks of 16 elements, the last one padded with zeros, chained from
/// [`iv`]`(tag, len)`.
pub fn hash_fields(tag: Tag, fields: &[F]) -> Digest {
    hash_fields_calls(tag, fields).1
}

/// Eight field elements: the output of [`compress16`] and [`compress24`].
///
/// Bytes: eight little-endian `u32`, each below `p`; nothing else decodes. Text: 64 hex digits of those bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [F; DIGEST]);

impl Digest {
    /// The digest of an empty cell.
    pub const ZERO: Self = Self([fe(0); DIGEST]);

    /// Canonical bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut out = [0; 32];
        for (chunk, x) in out.chunks_exact_mut(4).zip(self.0) {
            chunk.copy_from_slice(&x.as_canonical_u32().to_le_bytes());
        }
        out
    }

    /// Reads canonical bytes; `None` where an element is `p` or more.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let mut out = [F::ZERO; DIGEST];
        for (x, chunk) in out.iter_mut().zip(bytes.chunks_exact(4)) {
            let word = u32::from_le_bytes(chunk.try_into().ok()?);
            *x = (word < MODULUS).then(|| fe(word))?;
        }
        Some(Self(out))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl BorshSerialize for Digest {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(&self.to_bytes())
    }
}

impl BorshDeserialize for Digest {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let bytes = <[u8; 32]>::deserialize_reader(reader)?;
        Self::from_bytes(&bytes).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "digest element is not below the field order")
        })
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <String as Deserialize>::deserialize(d)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes)
            .map_err(|e| de::Error::custom(format!("a digest is 64 hex digits: {e}")))?;
        Self::from_bytes(&bytes)
            .ok_or_else(|| de::Error::custom("digest element is not below the field order"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_tag_separate() {
        let zeros = [F::ZERO; 32];
        let a = hash_fields(Tag::Transfer, &zeros[..17]);
        assert_ne!(a, hash_fields(Tag::Transfer, &zeros[..18]));
        assert_ne!(a, hash_fields(Tag::QueueItem, &zeros[..17]));
        assert_eq!(hash_fields_calls(Tag::Transfer, &zeros[..17]).0.len(), 2);
    }

    #[test]
    fn compression_feeds_forward() {
        let x: [F; 16] = core::array::from_fn(|i| fe(i as u32));
        let y = perm16().permute(x);
        assert_eq!(compress16(x)[3], y[3] + x[3]);
    }

    #[test]
    fn digest_bytes_are_canonical() {
        let d = hash_fields(Tag::Header, &[F::ONE]);
        assert_eq!(Digest::from_bytes(&d.to_bytes()), Some(d));
        let mut bytes = d.to_bytes();
        bytes[4..8].copy_from_slice(&MODULUS.to_le_bytes());
        assert_eq!(Digest::from_bytes(&bytes), None);
    }
}
