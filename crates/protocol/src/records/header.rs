//! Batches and their headers.

use borsh::{BorshDeserialize, BorshSerialize};
use p3_field::PrimeCharacteristicRing;
use serde::{Deserialize, Serialize};

use super::packed::packed;
use super::{QueueItem, SignedTransaction, join};
use crate::field::{F, Limbs};
use crate::hash::{DIGEST, Digest, Tag, absorb, hash_fields};
use crate::ids::{AccountId, BatchNumber};

/// Field elements of a header.
pub const HEADER_FIELDS: usize = 23;

/// One thing that a batch does, in order.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Entry {
    /// The next item of the L1 queue.
    Queue(QueueItem),
    /// A transaction.
    Transaction(SignedTransaction),
}

/// The rolling digest of a batch's published data with one more entry: of a transaction, its public digest and
/// [`crate::Transaction::public_rest`].
pub fn publish(pubdata: Digest, public: Digest, rest: &[F; DIGEST]) -> Digest {
    absorb(pubdata, &[&public.0[..], rest].concat())
}

/// The rolling digest of a batch's published data with one more item of the L1 queue, of which L1 has the rest.
pub fn publish_item(pubdata: Digest) -> Digest {
    absorb(pubdata, &[Tag::QueueItem.fe()])
}

/// Header of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// One more than the batch before.
    pub number: BatchNumber,
    /// The account that receives the fees.
    pub operator: AccountId,
    /// Transactions in the batch.
    pub transactions: u16,
    /// Items of the L1 queue that it consumes.
    pub queue_items: u16,
    /// Leaves of its tree of withdrawals.
    pub withdrawals: u16,
    /// Rolling digest ([`Tag::Pubdata`]) of what is published of the entries.
    pub pubdata: Digest,
    /// Root of the tree of its withdrawals.
    pub withdrawals_root: Digest,
}

packed!(Header {
    number: BatchNumber,
    operator: AccountId,
    transactions: u16,
    queue_items: u16,
    withdrawals: u16,
    pubdata: Digest,
    withdrawals_root: Digest,
});

impl Header {
    /// `number 2, operator 2, transactions 1, queue_items 1, withdrawals 1, pubdata 8, withdrawals_root 8`.
    pub fn fields(&self) -> [F; HEADER_FIELDS] {
        join(&[
            &self.number.0.limbs(),
            &self.operator.0.limbs(),
            &[self.transactions, self.queue_items, self.withdrawals].map(F::from_u16),
            &self.pubdata.0,
            &self.withdrawals_root.0,
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
