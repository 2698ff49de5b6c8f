//! The L1 queue, as far as L1 has told it.

use aludel_protocol::codec::{DecodeError, Kind, decode, encode};
use aludel_protocol::hash::{Digest, Tag, rolling_start};
use aludel_protocol::ids::QueueIndex;
use aludel_protocol::records::QueueItem;
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// Every item of the L1 queue from the first on, consumed or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// In the order in which batches consume them.
    pub items: Vec<QueueItem>,
}

impl Queue {
    /// Rolling digest of the first `count` items: what a checkpoint with that queue index holds. `None` where
    /// the queue is shorter.
    pub fn digest(&self, count: QueueIndex) -> Option<Digest> {
        let items = self.items.get(..usize::try_from(count.0).ok()?)?;
        Some(items.iter().fold(rolling_start(Tag::Queue), |queue, item| item.enqueue(queue)))
    }

    /// The items that a chain with this queue index has not consumed.
    pub fn pending(&self, index: QueueIndex) -> &[QueueItem] {
        usize::try_from(index.0).ok().and_then(|i| self.items.get(i..)).unwrap_or_default()
    }

    /// As a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(Kind::Queue, self)
    }

    /// From a file.
    ///
    /// # Errors
    /// Where the bytes are not exactly those of a queue.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(Kind::Queue, bytes)
    }
}
