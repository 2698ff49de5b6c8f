//! Batches: sealed by whoever makes the chain, replayed by whoever proves or checks it, published for everybody,
//! rebuilt by anybody.

mod builder;
mod chain;
mod checks;
mod left;
mod publish;
mod queue;
mod rebuild;
mod replay;
mod rolling;
mod tally;

use aludel_protocol::codec::{DecodeError, Kind, decode, encode};
use aludel_protocol::ids::ChainId;
use aludel_protocol::records::Batch;
use aludel_protocol::statement::Checkpoint;
use borsh::{BorshDeserialize, BorshSerialize};

pub use builder::{BatchBuilder, BatchError, PushError};
pub use chain::{Chain, SnapshotError};
pub use checks::{CheckpointField, Checks, Misfit, StatementError};
pub use left::{Claims, Gap, Left};
pub use publish::{PublishError, publish};
pub use queue::Queue;
pub use rebuild::{Rebuild, RebuildError, Rebuilt};
pub use replay::{HeaderField, Replay, ReplayError, replay, replay_run};
pub use tally::Tally;

use crate::multiproof::Multiproof;

/// A batch with all that it takes to replay and to prove it.
///
/// What decodes is of canonical form; whether it is true, [`replay`] says.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SealedBatch {
    /// The chain before the batch.
    pub prev: Checkpoint,
    /// The rollup.
    pub chain_id: ChainId,
    /// Header and entries.
    pub batch: Batch,
    /// The cells that the batch touches, no more, before it.
    pub witness: Multiproof,
}

impl SealedBatch {
    /// As a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(Kind::Batch, self)
    }

    /// From a file.
    ///
    /// # Errors
    /// Where the bytes are not exactly those of a sealed batch.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(Kind::Batch, bytes)
    }

    /// The chain after the batch, its signatures taken to be good: for whoever sealed it, or replayed it before.
    ///
    /// # Errors
    /// As [`replay`], signatures apart.
    pub fn next(&self) -> Result<Checkpoint, ReplayError> {
        replay(self, &replay::trusting).map(|replay| replay.next)
    }
}
