//! The byte strings that Ethereum hashes: fixed width, integers big-endian, as Solidity's `abi.encodePacked` makes
//! them of the same fields in the same order. `docs/records.md` lists them.

use std::io::{self, Read, Write};

use crate::hash::Digest;
use crate::ids::{AccountId, Amount, BatchNumber, ChainId, L1Address, QueueIndex, TokenId};
use crate::records::KeyBytes;
use crate::statement::Checkpoint;

/// A value with a fixed-width encoding.
pub trait Packed: Sized {
    /// Bytes of it.
    const BYTES: usize;

    /// Writes exactly [`Packed::BYTES`] bytes.
    fn pack<W: Write>(&self, w: &mut W) -> io::Result<()>;

    /// Reads exactly [`Packed::BYTES`] bytes; refuses what [`Packed::pack`] does not write.
    fn unpack<R: Read>(r: &mut R) -> io::Result<Self>;

    /// The encoding.
    fn to_packed(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::BYTES);
        self.pack(&mut out).unwrap_or_else(|e| unreachable!("writing to a vector fails: {e}"));
        out
    }
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        impl Packed for $int {
            const BYTES: usize = size_of::<$int>();

            fn pack<W: Write>(&self, w: &mut W) -> io::Result<()> {
                w.write_all(&self.to_be_bytes())
            }

            fn unpack<R: Read>(r: &mut R) -> io::Result<Self> {
                let mut bytes = [0; size_of::<$int>()];
                r.read_exact(&mut bytes)?;
                Ok(Self::from_be_bytes(bytes))
            }
        }
    )*};
}

integers!(u16, u32, u64, u128);

macro_rules! newtypes {
    ($($name:ident($of:ty)),*) => {$(
        impl Packed for $name {
            const BYTES: usize = <$of as Packed>::BYTES;

            fn pack<W: Write>(&self, w: &mut W) -> io::Result<()> {
                self.0.pack(w)
            }

            fn unpack<R: Read>(r: &mut R) -> io::Result<Self> {
                <$of as Packed>::unpack(r).map(Self)
            }
        }
    )*};
}

newtypes!(
    AccountId(u32),
    Amount(u128),
    BatchNumber(u32),
    ChainId(u64),
    KeyBytes([u8; 32]),
    L1Address([u8; 20]),
    QueueIndex(u32),
    TokenId(u16)
);

impl<const N: usize> Packed for [u8; N] {
    const BYTES: usize = N;

    fn pack<W: Write>(&self, w: &mut W) -> io::Result<()> {
        w.write_all(self)
    }

    fn unpack<R: Read>(r: &mut R) -> io::Result<Self> {
        let mut bytes = [0; N];
        r.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Packed for Digest {
    const BYTES: usize = 32;

    fn pack<W: Write>(&self, w: &mut W) -> io::Result<()> {
        w.write_all(&self.to_bytes())
    }

    fn unpack<R: Read>(r: &mut R) -> io::Result<Self> {
        let bytes = Packed::unpack(r)?;
        Self::from_bytes(&bytes).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "digest element is not below the field order")
        })
    }
}

/// Implements [`Packed`] for a struct, field by field, and borsh by the same bytes: a record has one encoding.
macro_rules! packed {
    ($name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        impl $crate::records::Packed for $name {
            const BYTES: usize = 0 $(+ <$type as $crate::records::Packed>::BYTES)*;

            fn pack<W: std::io::Write>(&self, w: &mut W) -> std::io::Result<()> {
                $(<$type as $crate::records::Packed>::pack(&self.$field, w)?;)*
                Ok(())
            }

            fn unpack<R: std::io::Read>(r: &mut R) -> std::io::Result<Self> {
                Ok(Self { $($field: <$type as $crate::records::Packed>::unpack(r)?),* })
            }
        }

        impl borsh::BorshSerialize for $name {
            fn serialize<W: std::io::Write>(&self, w: &mut W) -> std::io::Result<()> {
                $crate::records::Packed::pack(self, w)
            }
        }

        impl borsh::BorshDeserialize for $name {
            fn deserialize_reader<R: std::io::Read>(r: &mut R) -> std::io::Result<Self> {
                $crate::records::Packed::unpack(r)
            }
        }
    };
}

pub(crate) use packed;

packed!(Checkpoint {
    number: BatchNumber,
    state_root: Digest,
    headers: Digest,
    queue: Digest,
    queue_index: QueueIndex,
});
