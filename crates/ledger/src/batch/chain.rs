//! The chain at one point, in memory: what the next batch is made from. [`crate::store`] has the one on disk.

use aludel_protocol::ids::ChainId;
use aludel_protocol::statement::Checkpoint;

use crate::state::State;

/// A rollup's state after some batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The rollup.
    pub chain_id: ChainId,
    /// Where it is. Its root is the state's.
    pub checkpoint: Checkpoint,
    /// Every cell.
    pub state: State,
}

impl Chain {
    /// A chain without batches.
    pub fn genesis(chain_id: ChainId) -> Self {
        let state = State::genesis();
        Self { chain_id, checkpoint: Checkpoint::genesis(state.root()), state }
    }
}
