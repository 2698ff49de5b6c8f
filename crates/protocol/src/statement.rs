//! What a proof says.

use serde::{Deserialize, Serialize};

use crate::field::{F, Limbs, fe};
use crate::hash::{Digest, Tag, hash_fields, rolling_start};
use crate::ids::{BatchNumber, ChainId, QueueIndex};
use crate::params::{PROTOCOL_VERSION, config_digest};
use crate::records::{join, packed};

/// Field elements of a statement.
pub const STATEMENT_FIELDS: usize = 69;

/// The chain between two batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The last batch before this point; 0 at genesis.
    pub number: BatchNumber,
    /// Root of the state tree.
    pub state_root: Digest,
    /// Rolling digest of the headers so far.
    pub headers: Digest,
    /// Rolling digest of the L1 queue items consumed so far.
    pub queue: Digest,
    /// How many those are.
    pub queue_index: QueueIndex,
}

impl Checkpoint {
    /// The point before the first batch, over a given state.
    pub const fn genesis(state_root: Digest) -> Self {
        Self {
            number: BatchNumber(0),
            state_root,
            headers: rolling_start(Tag::Headers),
            queue: rolling_start(Tag::Queue),
            queue_index: QueueIndex(0),
        }
    }
}

/// What a shard proof, and every fold of such proofs, says: *batches `prev.number + 1 ..= next.number` of this
/// chain lead from `prev` to `next` by the rules of this version and configuration*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The rollup.
    pub chain_id: ChainId,
    /// The protocol version.
    pub protocol_version: u16,
    /// [`config_digest`] of the rules.
    pub config: Digest,
    /// Where the batches begin.
    pub prev: Checkpoint,
    /// Where they end.
    pub next: Checkpoint,
}

packed!(Statement {
    chain_id: ChainId,
    protocol_version: u16,
    config: Digest,
    prev: Checkpoint,
    next: Checkpoint
});

impl Statement {
    /// A statement of this build's version and configuration.
    pub fn new(chain_id: ChainId, prev: Checkpoint, next: Checkpoint) -> Self {
        Self { chain_id, protocol_version: PROTOCOL_VERSION as u16, config: config_digest(), prev, next }
    }

    /// `chain_id 4, protocol_version 1, config 8`, then of `prev` and `next` in turn: `number 2` each,
    /// `state_root 8` each, `headers 8` each, `queue 8 and queue_index 2` each.
    pub fn fields(&self) -> [F; STATEMENT_FIELDS] {
        let (p, n) = (&self.prev, &self.next);
        join(&[
            &self.chain_id.0.limbs(),
            &[fe(u32::from(self.protocol_version))],
            &self.config.0,
            &p.number.0.limbs(),
            &n.number.0.limbs(),
            &p.state_root.0,
            &n.state_root.0,
            &p.headers.0,
            &n.headers.0,
            &p.queue.0,
            &p.queue_index.0.limbs(),
            &n.queue.0,
            &n.queue_index.0.limbs(),
        ])
    }

    /// The public values of a shard proof.
    pub fn digest(&self) -> Digest {
        hash_fields(Tag::Statement, &self.fields())
    }
}
