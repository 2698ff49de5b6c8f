//! What an account signs.

use borsh::{BorshDeserialize, BorshSerialize};
use p3_field::PrimeCharacteristicRing;
use serde::{Deserialize, Serialize};

use super::{KeyDigest, Signature};
use crate::field::{F, Limbs, fe};
use crate::hash::{DIGEST, Digest, Tag, absorb, iv};
use crate::ids::{AccountId, Amount, BatchNumber, ChainId, Epoch, Fee, L1Address, Sequence, TokenId};
use crate::params::PROTOCOL_VERSION;

/// Elements of the public part of a transaction, one hash call: what its effect depends on, beside the state.
pub const PUBLIC_FIELDS: usize = 16;
/// Where a transaction's `to 2` or L1 address begins in its fields.
pub const REST_AT: usize = PUBLIC_FIELDS + 4;
/// Field elements of a transfer.
pub const TRANSFER_FIELDS: usize = REST_AT + 2;
/// Field elements of a withdrawal, as it is signed.
pub const WITHDRAW_FIELDS: usize = REST_AT + 10;
/// Field elements of a rotation.
pub const ROTATE_FIELDS: usize = REST_AT;

/// What a transaction does, beside paying its fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Pays another account.
    Transfer {
        /// Who receives the amount. Must exist.
        to: AccountId,
        /// What the recipient receives.
        amount: Amount,
    },
    /// Pays an address on L1: a leaf of the batch's withdrawals.
    Withdraw {
        /// Who may claim the amount.
        to: L1Address,
        /// What leaves.
        amount: Amount,
    },
    /// Gives the account another key, whose epochs begin at 0. The only action of a key's last epoch.
    Rotate {
        /// The new key.
        key: KeyDigest,
    },
}

impl Action {
    /// The tag of a transaction that does it.
    pub const fn tag(&self) -> Tag {
        match self {
            Self::Transfer { .. } => Tag::Transfer,
            Self::Withdraw { .. } => Tag::Withdraw,
            Self::Rotate { .. } => Tag::Rotate,
        }
    }

    /// What leaves the sender's balance, beside the fee.
    pub const fn amount(&self) -> Amount {
        match self {
            Self::Transfer { amount, .. } | Self::Withdraw { amount, .. } => *amount,
            Self::Rotate { .. } => Amount(0),
        }
    }

    /// Whether it is a rotation.
    pub const fn is_rotation(&self) -> bool {
        matches!(self, Self::Rotate { .. })
    }

    /// Eight elements of the public part: the amount, or the new key.
    fn eight(&self) -> [F; DIGEST] {
        match self {
            Self::Transfer { amount, .. } | Self::Withdraw { amount, .. } => amount.0.limbs(),
            Self::Rotate { key } => key.0,
        }
    }

    fn rest(&self) -> Vec<F> {
        match self {
            Self::Transfer { to, .. } => to.0.limbs().to_vec(),
            Self::Withdraw { to, .. } => to.limbs().to_vec(),
            Self::Rotate { .. } => Vec::new(),
        }
    }
}

/// A transaction before it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// The rollup for which it is signed.
    pub chain_id: ChainId,
    /// The protocol version for which it is signed.
    pub protocol_version: u16,
    /// Who pays amount and fee, and whose key signs.
    pub from: AccountId,
    /// The token of amount and fee.
    pub token: TokenId,
    /// What the operator of the batch receives.
    pub fee: Fee,
    /// The sender's sequence at inclusion.
    pub sequence: Sequence,
    /// The one-time key that signs it.
    pub epoch: Epoch,
    /// The last batch that may include it.
    pub expiry: BatchNumber,
    /// What it does.
    pub action: Action,
}

impl Transaction {
    /// Where the hash of a transaction begins: `tag, length, version, chain id 4, 0`.
    pub fn start(&self) -> [F; DIGEST] {
        let mut start = iv(self.action.tag(), self.fields().len() as u32);
        start[2] = fe(u32::from(self.protocol_version));
        start[3..7].copy_from_slice(&self.chain_id.0.limbs());
        start
    }

    /// `from 2, token 1, fee 4, epoch 1, amount 8 or key 8`, which are public; `sequence 2, expiry 2`, then `to 2` of
    /// a transfer or the ten limbs of a withdrawal's L1 address.
    pub fn fields(&self) -> Vec<F> {
        [
            &self.from.0.limbs()[..],
            &[F::from_u16(self.token.0)],
            &self.fee.limbs(),
            &[fe(self.epoch.0)],
            &self.action.eight(),
            &self.sequence.0.limbs(),
            &self.expiry.0.limbs(),
            &self.action.rest(),
        ]
        .concat()
    }

    /// What a batch's published data commit to, and what is signed.
    pub fn digests(&self) -> TransactionDigests {
        let fields = self.fields();
        let (public, rest) = fields.split_at(PUBLIC_FIELDS);
        let public = absorb(Digest(self.start()), public);
        TransactionDigests { public, message: absorb(public, rest) }
    }

    /// What is signed.
    pub fn digest(&self) -> Digest {
        self.digests().message
    }

    /// What follows the public digest where the transaction enters a batch's published data: `to 2` of a transfer.
    pub fn public_rest(&self) -> [F; DIGEST] {
        let mut rest = [F::ZERO; DIGEST];
        if let Action::Transfer { to, .. } = self.action {
            rest[..2].copy_from_slice(&to.0.limbs());
        }
        rest
    }
}

/// The two digests of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionDigests {
    /// Of the public part: what a batch's published data commit to.
    pub public: Digest,
    /// Of the whole: what is signed.
    pub message: Digest,
}

/// A transaction with the signature of its sender's key.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SignedTransaction {
    /// What is signed.
    pub transaction: Transaction,
    /// By the key whose digest the sender's account holds, at the transaction's epoch.
    pub signature: Box<Signature>,
}

/// The protocol version as transactions carry it.
pub const fn transaction_version() -> u16 {
    PROTOCOL_VERSION as u16
}
