//! What people see of our files: JSON in which every digest and signature is hex and every amount a string.
//!
//! One way only: the binary encoding is what machines read.

use aludel_protocol::ids::ChainId;
use aludel_protocol::records::{
    Entry, Header, NoOp, QueueItem, Signature, SignedTransaction, Transaction, Withdrawal,
};
use aludel_protocol::statement::Checkpoint;
use serde::Serialize;

use crate::batch::{Replay, SealedBatch};
use crate::store::Store;

/// A transaction, its digest and its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedTransactionView {
    /// What is signed.
    pub transaction: Transaction,
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
    /// A transaction.
    Transaction(SignedTransactionView),
}

/// An item of the L1 queue that did not take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NoOpView {
    /// Its place among the batch's entries, from 0.
    pub entry: usize,
    /// Why.
    pub reason: NoOp,
}

/// What came of a batch's entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectsView {
    /// The items of the L1 queue without effect.
    pub no_ops: Vec<NoOpView>,
    /// What left.
    pub withdrawals: Vec<Withdrawal>,
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
    /// What came of it, its signatures taken to be good; nothing where it breaks a rule beside.
    pub effects: Option<EffectsView>,
    /// The rule that it breaks, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaks: Option<String>,
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

impl From<&SignedTransaction> for SignedTransactionView {
    fn from(signed: &SignedTransaction) -> Self {
        let SignedTransaction { transaction, signature } = signed;
        let digest = transaction.digest();
        Self { transaction: *transaction, digest, signature: signature_hex(signature) }
    }
}

impl From<&Entry> for EntryView {
    fn from(entry: &Entry) -> Self {
        match entry {
            Entry::Queue(item) => Self::Queue(*item),
            Entry::Transaction(signed) => Self::Transaction(signed.into()),
        }
    }
}

impl From<Replay> for EffectsView {
    fn from(replay: Replay) -> Self {
        let no_op = |(entry, reason): (usize, Option<NoOp>)| Some(NoOpView { entry, reason: reason? });
        let reasons = replay.executed.iter().flatten().map(|executed| executed.no_op);
        let no_ops = reasons.enumerate().filter_map(no_op).collect();
        Self { no_ops, withdrawals: replay.withdrawals.concat() }
    }
}

impl From<&SealedBatch> for SealedBatchView {
    fn from(sealed: &SealedBatch) -> Self {
        let SealedBatch { prev, chain_id, batch, witness } = sealed;
        let (effects, breaks) = match sealed.replay_trusting() {
            Ok(replay) => (Some(replay.into()), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Self {
            chain_id: *chain_id,
            prev: *prev,
            header: batch.header,
            entries: batch.entries.iter().map(EntryView::from).collect(),
            effects,
            breaks,
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
