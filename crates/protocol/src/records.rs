//! Records with one encoding each as bytes (borsh) and as field elements (what is hashed).

use borsh::{BorshDeserialize, BorshSerialize};
use p3_field::PrimeCharacteristicRing;
use serde::{Deserialize, Serialize};

use crate::field::{F, Limbs, fe};
use crate::hash::{DIGEST, Digest, Tag, hash_fields};
use crate::ids::{AccountId, Amount, BatchNumber, ChainId, Epoch, Fee, L1Address, Sequence, TokenId};
use crate::params::{PROTOCOL_VERSION, XMSS_CHAINS, XMSS_DEPTH, XMSS_PARAMETER};

/// Digest of a public key, whatever the scheme: what an account's leaf holds.
pub type KeyDigest = Digest;

/// Field elements of a transfer.
pub const TRANSFER_FIELDS: usize = 27;
/// Field elements of an item of the L1 queue.
pub const QUEUE_ITEM_FIELDS: usize = 30;
/// Field elements of a header.
pub const HEADER_FIELDS: usize = 14;

/// Joins parts into a record of exactly `N` elements.
pub(crate) fn join<const N: usize>(parts: &[&[F]]) -> [F; N] {
    let joined = parts.concat();
    joined.try_into().unwrap_or_else(|v: Vec<F>| unreachable!("a record of {N} fields has {}", v.len()))
}

/// A payment from one account to another, before it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The rollup for which it is signed.
    pub chain_id: ChainId,
    /// The protocol version for which it is signed.
    pub protocol_version: u16,
    /// Who pays amount and fee, and whose key signs.
    pub from: AccountId,
    /// Who receives the amount. Must exist.
    pub to: AccountId,
    /// The token of amount and fee.
    pub token: TokenId,
    /// What the recipient receives.
    pub amount: Amount,
    /// What the operator of the batch receives.
    pub fee: Fee,
    /// The sender's sequence at inclusion.
    pub sequence: Sequence,
    /// The one-time key that signs it.
    pub epoch: Epoch,
    /// The last batch that may include it.
    pub expiry: BatchNumber,
}

impl Transfer {
    /// `chain_id 4, protocol_version 1, from 2, to 2, token 1, amount 8, fee 4, sequence 2, epoch 1, expiry 2`.
    pub fn fields(&self) -> [F; TRANSFER_FIELDS] {
        join(&[
            &self.chain_id.0.limbs(),
            &[fe(u32::from(self.protocol_version))],
            &self.from.0.limbs(),
            &self.to.0.limbs(),
            &[fe(u32::from(self.token.0))],
            &self.amount.0.limbs(),
            &self.fee.limbs(),
            &self.sequence.0.limbs(),
            &[fe(self.epoch.0)],
            &self.expiry.0.limbs(),
        ])
    }

    /// What is signed, and what the batch's body digest absorbs.
    pub fn digest(&self) -> Digest {
        hash_fields(Tag::Transfer, &self.fields())
    }
}

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

/// A transfer with the signature of its sender's key.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SignedTransfer {
    /// What is signed.
    pub transfer: Transfer,
    /// By the key whose digest the sender's account holds, at the transfer's epoch.
    pub signature: Box<Signature>,
}

/// Whom a deposit credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Deposit {
    /// An account that exists.
    ToAccount {
        /// Its number.
        account: AccountId,
    },
    /// The next free account number, created by this deposit.
    ToKey {
        /// The new account's key.
        key: KeyDigest,
        /// Who may force withdrawals of the new account.
        l1_owner: L1Address,
    },
}

/// An item of the L1 queue: so far, always a deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueItem {
    /// The token deposited.
    pub token: TokenId,
    /// How much of it.
    pub amount: Amount,
    /// To whom.
    pub deposit: Deposit,
}

impl QueueItem {
    /// The first element of a deposit to an existing account.
    pub const TO_ACCOUNT: u32 = 1;
    /// The first element of a deposit that creates an account.
    pub const TO_KEY: u32 = 2;

    /// `kind 1, token 1, amount 8, account 2, l1_owner 10, key 8`; what a kind lacks is zero.
    pub fn fields(&self) -> [F; QUEUE_ITEM_FIELDS] {
        let (kind, account, owner, key) = match self.deposit {
            Deposit::ToAccount { account } => (Self::TO_ACCOUNT, account, L1Address::default(), Digest::ZERO),
            Deposit::ToKey { key, l1_owner } => (Self::TO_KEY, AccountId(0), l1_owner, key),
        };
        join(&[
            &[fe(kind), fe(u32::from(self.token.0))],
            &self.amount.0.limbs(),
            &account.0.limbs(),
            &owner.limbs(),
            &key.0,
        ])
    }

    /// What the queue's rolling digest and the batch's body digest absorb.
    pub fn digest(&self) -> Digest {
        hash_fields(Tag::QueueItem, &self.fields())
    }
}

/// One thing that a batch does, in order.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Entry {
    /// The next item of the L1 queue.
    Queue(QueueItem),
    /// A transfer.
    Transfer(SignedTransfer),
}

impl Entry {
    /// What the batch's body digest absorbs.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Queue(item) => item.digest(),
            Self::Transfer(signed) => signed.transfer.digest(),
        }
    }
}

/// Header of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// One more than the batch before.
    pub number: BatchNumber,
    /// The account that receives the fees.
    pub operator: AccountId,
    /// Transfers in the batch.
    pub transfers: u16,
    /// Items of the L1 queue that it consumes.
    pub queue_items: u16,
    /// Rolling digest ([`Tag::Body`]) over the digests of the entries.
    pub body: Digest,
}

impl Header {
    /// `number 2, operator 2, transfers 1, queue_items 1, body 8`.
    pub fn fields(&self) -> [F; HEADER_FIELDS] {
        join(&[
            &self.number.0.limbs(),
            &self.operator.0.limbs(),
            &[F::from_u16(self.transfers), F::from_u16(self.queue_items)],
            &self.body.0,
        ])
    }

    /// What the rolling digest of headers absorbs.
    pub fn digest(&self) -> Digest {
        hash_fields(Tag::Header, &self.fields())
    }
}

/// A batch: the atomic unit of the chain.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Batch {
    /// Its header.
    pub header: Header,
    /// What it does, in order.
    pub entries: Vec<Entry>,
}

/// The protocol version as transfers carry it.
pub const fn transfer_version() -> u16 {
    PROTOCOL_VERSION as u16
}
