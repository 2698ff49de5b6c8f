//! Identifiers and quantities: one type each, so that none stands in for another.

use core::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::field::{F, fe};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($int:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
            Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

id!(
    /// A rollup, in every signed message and in every statement.
    ChainId(u64)
);
id!(
    /// An account, numbered in order of creation. Account 0 is the system's.
    AccountId(u32)
);
id!(
    /// A token; 0 is the native one, whose balance lies in the account's leaf.
    TokenId(u16)
);
id!(
    /// A batch: the clock of the chain. The state before the first batch has number 0.
    BatchNumber(u32)
);
id!(
    /// Number of transactions of an account so far; a transaction carries the current value.
    Sequence(u32)
);
id!(
    /// Index of a one-time key, `0..2^20`.
    Epoch(u32)
);
id!(
    /// Number of items of the L1 queue consumed so far.
    QueueIndex(u32)
);

/// An amount of a token in its smallest unit. JSON carries it as a decimal string: 128 bits exceed what JSON
/// numbers hold.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Amount(pub u128);

/// A fee in the smallest unit of the token that is transferred.
pub type Fee = u64;

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <String as Deserialize>::deserialize(d)?;
        // Only the canonical spelling: no sign, no leading zero.
        text.parse().ok().filter(|x: &u128| x.to_string() == text).map(Self).ok_or_else(|| {
            de::Error::custom(format!("an amount is a decimal string below 2^128, not {text:?}"))
        })
    }
}

/// An Ethereum address.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct L1Address(pub [u8; 20]);

impl L1Address {
    /// Ten 16-bit limbs, each from two bytes in big-endian order, first bytes first.
    pub fn limbs(&self) -> [F; 10] {
        core::array::from_fn(|i| fe(u32::from(u16::from_be_bytes([self.0[2 * i], self.0[2 * i + 1]]))))
    }
}

impl fmt::Display for L1Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for L1Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for L1Address {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for L1Address {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <String as Deserialize>::deserialize(d)?;
        let mut bytes = [0; 20];
        text.strip_prefix("0x")
            .and_then(|digits| hex::decode_to_slice(digits, &mut bytes).ok())
            .map(|()| Self(bytes))
            .ok_or_else(|| de::Error::custom(format!("an L1 address is 0x and 40 hex digits, not {text:?}")))
    }
}
