//! Items of the L1 queue.

use core::fmt;

use p3_field::PrimeCharacteristicRing;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::packed::packed;
use super::{KeyDigest, join};
use crate::field::{F, Limbs, fe};
use crate::hash::{Digest, absorb};
use crate::ids::{AccountId, Amount, L1Address, TokenId};

/// Field elements of an item of the L1 queue.
pub const QUEUE_ITEM_FIELDS: usize = 38;

/// A key as L1 has it: any 32 bytes. Each little-endian word counts modulo `p`, so that no bytes are refused.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyBytes(pub [u8; 32]);

impl KeyBytes {
    /// The key that they name.
    pub fn digest(&self) -> KeyDigest {
        let limbs = self.limbs();
        Digest(core::array::from_fn(|i| limbs[2 * i] + limbs[2 * i + 1] * fe(1 << 16)))
    }

    /// Sixteen 16-bit limbs: of each word the lower first.
    pub fn limbs(&self) -> [F; 16] {
        core::array::from_fn(|i| F::from_u16(u16::from_le_bytes([self.0[2 * i], self.0[2 * i + 1]])))
    }
}

impl From<KeyDigest> for KeyBytes {
    fn from(key: KeyDigest) -> Self {
        Self(key.to_bytes())
    }
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for KeyBytes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for KeyBytes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <String as Deserialize>::deserialize(d)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes)
            .map_err(|e| de::Error::custom(format!("a key is 64 hex digits: {e}")))?;
        Ok(Self(bytes))
    }
}

/// An item of the L1 queue, as L1 wrote it. Any values are an item; what it asks for, [`QueueItem::request`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueItem {
    /// 1 deposit to an account, 2 deposit to a key, 3 forced withdrawal; anything else is refunded.
    pub kind: u16,
    /// The token deposited or withdrawn.
    pub token: TokenId,
    /// How much was deposited. A forced withdrawal ignores it.
    #[serde(default)]
    pub amount: Amount,
    /// The account that is credited or forced to pay; ignored by a deposit to a key.
    #[serde(default)]
    pub account: AccountId,
    /// Who is refunded; a new account's `l1_owner`; who asks for a forced withdrawal.
    pub l1: L1Address,
    /// The new account's key; ignored by other kinds.
    #[serde(default)]
    pub key: KeyBytes,
}

packed!(QueueItem {
    kind: u16,
    token: TokenId,
    amount: Amount,
    account: AccountId,
    l1: L1Address,
    key: KeyBytes,
});

/// What an item asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// To credit an account that exists.
    ToAccount {
        /// Its number.
        account: AccountId,
    },
    /// To create an account under the next free number, and to credit it.
    ToKey {
        /// Its key.
        key: KeyDigest,
        /// Who may force its withdrawals.
        l1_owner: L1Address,
    },
    /// To pay out an account's whole balance of the token.
    Forced {
        /// Its number.
        account: AccountId,
    },
    /// Nothing that this version knows.
    Unknown,
}

impl QueueItem {
    /// Kind of a deposit to an existing account.
    pub const TO_ACCOUNT: u16 = 1;
    /// Kind of a deposit that creates an account.
    pub const TO_KEY: u16 = 2;
    /// Kind of a forced withdrawal.
    pub const FORCED: u16 = 3;

    /// A deposit to an account, refunded to `l1` where it cannot be credited.
    pub fn to_account(account: AccountId, token: TokenId, amount: Amount, l1: L1Address) -> Self {
        Self { kind: Self::TO_ACCOUNT, token, amount, account, l1, key: KeyBytes::default() }
    }

    /// A deposit that creates an account.
    pub fn to_key(key: KeyDigest, l1_owner: L1Address, token: TokenId, amount: Amount) -> Self {
        let account = AccountId::default();
        Self { kind: Self::TO_KEY, token, amount, account, l1: l1_owner, key: key.into() }
    }

    /// A forced withdrawal, which takes effect where `l1` owns the account.
    pub fn forced(account: AccountId, token: TokenId, l1: L1Address) -> Self {
        Self { kind: Self::FORCED, token, amount: Amount(0), account, l1, key: KeyBytes::default() }
    }

    /// What it asks for.
    pub fn request(&self) -> Request {
        match self.kind {
            Self::TO_ACCOUNT => Request::ToAccount { account: self.account },
            Self::TO_KEY => Request::ToKey { key: self.key.digest(), l1_owner: self.l1 },
            Self::FORCED => Request::Forced { account: self.account },
            _ => Request::Unknown,
        }
    }

    /// `kind 1, token 1, amount 8, account 2, l1 10, key 16`: 16-bit limbs all of them.
    pub fn fields(&self) -> [F; QUEUE_ITEM_FIELDS] {
        join(&[
            &[F::from_u16(self.kind), F::from_u16(self.token.0)],
            &self.amount.0.limbs(),
            &self.account.0.limbs(),
            &self.l1.limbs(),
            &self.key.limbs(),
        ])
    }

    /// The queue's rolling digest with this item: three calls.
    pub fn enqueue(&self, queue: Digest) -> Digest {
        absorb(queue, &self.fields())
    }
}

/// Why an item of the L1 queue did not take effect: a closed list. What is not a forced withdrawal is refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoOp {
    /// A deposit to an account that does not exist.
    NoAccount,
    /// A deposit that would bring a balance to `2^128` or more.
    Overflow,
    /// A deposit to a key when account numbers are used up.
    NoNumber,
    /// An item of no kind that this version knows.
    UnknownKind,
    /// A forced withdrawal from an account that does not exist.
    ForcedNoAccount,
    /// A forced withdrawal that the account's `l1_owner` did not ask for.
    NotOwner,
}

impl NoOp {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::NoAccount,
        Self::Overflow,
        Self::NoNumber,
        Self::UnknownKind,
        Self::ForcedNoAccount,
        Self::NotOwner,
    ];

    /// Whether the item's amount is refunded.
    pub const fn refunds(self) -> bool {
        !matches!(self, Self::ForcedNoAccount | Self::NotOwner)
    }
}
