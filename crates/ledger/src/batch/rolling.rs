//! The digests and counts that roll through a batch: one computation for sealing and for replaying.

use aludel_protocol::hash::{Digest, Tag, roll, rolling_start};
use aludel_protocol::ids::{AccountId, BatchNumber, QueueIndex};
use aludel_protocol::records::{Entry, Header};
use aludel_protocol::statement::Checkpoint;

/// A count that has no successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exhausted {
    Transfers,
    QueueItems,
    QueueIndex,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Rolling {
    transfers: u16,
    queue_items: u16,
    body: Digest,
    queue: Digest,
    queue_index: QueueIndex,
}

impl Rolling {
    pub const fn after(prev: &Checkpoint) -> Self {
        let body = rolling_start(Tag::Body);
        Self { transfers: 0, queue_items: 0, body, queue: prev.queue, queue_index: prev.queue_index }
    }

    /// With one more entry of the given digest.
    pub fn with(mut self, entry: &Entry, digest: Digest) -> Result<Self, Exhausted> {
        match entry {
            Entry::Transfer(_) => {
                self.transfers = self.transfers.checked_add(1).ok_or(Exhausted::Transfers)?
            }
            Entry::Queue(_) => self.absorb_item(digest)?,
        }
        self.body = roll(self.body, digest);
        Ok(self)
    }

    fn absorb_item(&mut self, digest: Digest) -> Result<(), Exhausted> {
        self.queue_items = self.queue_items.checked_add(1).ok_or(Exhausted::QueueItems)?;
        let next = self.queue_index.0.checked_add(1).map(QueueIndex);
        self.queue_index = next.ok_or(Exhausted::QueueIndex)?;
        self.queue = roll(self.queue, digest);
        Ok(())
    }

    /// Items of the L1 queue consumed by now, over all batches.
    pub const fn queue_index(&self) -> QueueIndex {
        self.queue_index
    }

    pub const fn header(&self, number: BatchNumber, operator: AccountId) -> Header {
        let Self { transfers, queue_items, body, .. } = *self;
        Header { number, operator, transfers, queue_items, body }
    }

    /// The chain after a batch of this header, which leads from `prev` to `state_root`.
    pub fn checkpoint(&self, prev: &Checkpoint, header: &Header, state_root: Digest) -> Checkpoint {
        Checkpoint {
            number: header.number,
            state_root,
            headers: roll(prev.headers, header.digest()),
            queue: self.queue,
            queue_index: self.queue_index,
        }
    }
}

/// The number after a checkpoint's.
pub(super) fn next_number(prev: &Checkpoint) -> Option<BatchNumber> {
    prev.number.0.checked_add(1).map(BatchNumber)
}
