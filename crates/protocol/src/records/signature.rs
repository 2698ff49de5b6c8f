//! Signatures as records.

use borsh::{BorshDeserialize, BorshSerialize};

use crate::field::F;
use crate::hash::{DIGEST, Digest};
use crate::params::{XMSS_CHAINS, XMSS_DEPTH, XMSS_PARAMETER};

/// An XMSS signature. The epoch lies in what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Public parameter of the key: separates the hashes of different keys.
    pub parameter: [F; XMSS_PARAMETER],
    /// Randomness that brought the message hash to the target sum.
    pub randomness: [F; DIGEST],
    /// Chain `i` at the position given by digit `i`.
    pub chains: [Digest; XMSS_CHAINS],
    /// Siblings on the way from the one-time key's leaf to the root, leaf's first.
    pub path: [Digest; XMSS_DEPTH],
}

/// Field elements as canonical little-endian words, for records that are not whole digests.
pub(crate) mod words {
    use std::io::{self, Read, Write};

    use borsh::BorshDeserialize;
    use p3_field::PrimeField32;

    use crate::field::{F, MODULUS, fe};

    pub fn write<W: Write>(fields: &[F], w: &mut W) -> io::Result<()> {
        fields.iter().try_for_each(|x| w.write_all(&x.as_canonical_u32().to_le_bytes()))
    }

    pub fn read<const N: usize, R: Read>(r: &mut R) -> io::Result<[F; N]> {
        let mut out = [fe(0); N];
        for x in &mut out {
            let word = u32::deserialize_reader(r)?;
            if word >= MODULUS {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "element is not below the field order",
                ));
            }
            *x = fe(word);
        }
        Ok(out)
    }
}

impl BorshSerialize for Signature {
    fn serialize<W: std::io::Write>(&self, w: &mut W) -> std::io::Result<()> {
        words::write(&self.parameter, w)?;
        words::write(&self.randomness, w)?;
        BorshSerialize::serialize(&self.chains, w)?;
        BorshSerialize::serialize(&self.path, w)
    }
}

impl BorshDeserialize for Signature {
    fn deserialize_reader<R: std::io::Read>(r: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            parameter: words::read(r)?,
            randomness: words::read(r)?,
            chains: BorshDeserialize::deserialize_reader(r)?,
            path: BorshDeserialize::deserialize_reader(r)?,
        })
    }
}
