//! What people see of our files: JSON in which every digest and signature is hex and every amount a string.
//!
//! One way only: the binary encoding is what machines read.

use aludel_protocol::ids::ChainId;
use aludel_protocol::records::{Entry, Header, QueueItem, Signature, SignedTransfer, Transfer};
use aludel_protocol::statement::Checkpoint;
use serde::Serialize;

use crate::batch::SealedBatch;
use crate::store::Store;

/// A transfer, its digest and its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedTransferView {
    /// What is signed.
    pub transfer: Transfer,
    /// Its digest, the message of the signature.
    pub digest: aludel_protocol::Digest,
    /// The bytes of the signature's encoding, as hex digits.
    pub signature: String,
}

/// An entry of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryView {
    /// An item of the L1 queue.
    Queue(QueueItem),
    /// A transfer.
    Transfer(SignedTransferView),
}

/// A sealed batch; of its multiproof only how large it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SealedBatchView {
    /// The rollup.
    pub chain_id: ChainId,
    /// The chain before the batch.
    pub prev: Checkpoint,
    /// The batch's header.
    pub header: Header,
    /// What it does, in order.
    pub entries: Vec<EntryView>,
    /// Cells that it touches.
    pub cells: usize,
    /// Digests that tie them to the root.
    pub siblings: usize,
}

/// A chain; of its state only how large it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainView {
    /// The rollup.
    pub chain_id: ChainId,
    /// Where it is.
    pub checkpoint: Checkpoint,
    /// Cells that were written.
    pub cells: u64,
}

/// The bytes of a signature as hex digits.
pub fn signature_hex(signature: &Signature) -> String {
    hex::encode(borsh::to_vec(signature).expect("writing to a vector does not fail"))
}

impl From<&SignedTransfer> for SignedTransferView {
    fn from(signed: &SignedTransfer) -> Self {
        let SignedTransfer { transfer, signature } = signed;
        Self { transfer: *transfer, digest: transfer.digest(), signature: signature_hex(signature) }
    }
}

impl From<&Entry> for EntryView {
    fn from(entry: &Entry) -> Self {
        match entry {
            Entry::Queue(item) => Self::Queue(*item),
            Entry::Transfer(signed) => Self::Transfer(signed.into()),
        }
    }
}

impl From<&SealedBatch> for SealedBatchView {
    fn from(sealed: &SealedBatch) -> Self {
        let SealedBatch { prev, chain_id, batch, witness } = sealed;
        Self {
            chain_id: *chain_id,
            prev: *prev,
            header: batch.header,
            entries: batch.entries.iter().map(EntryView::from).collect(),
            cells: witness.cells().len(),
            siblings: witness.siblings().len(),
        }
    }
}

impl ChainView {
    /// Of a store.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn of<S: Store>(store: &S) -> Result<Self, S::Error> {
        Ok(Self { chain_id: store.chain_id(), checkpoint: store.checkpoint(), cells: store.count()? })
    }
}
