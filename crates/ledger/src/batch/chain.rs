//! The chain at one point: what the next batch is made from.

use aludel_protocol::cell::{CellAddress, Payload};
use aludel_protocol::codec::{DecodeError, Kind, decode, encode};
use aludel_protocol::hash::Digest;
use aludel_protocol::ids::ChainId;
use aludel_protocol::statement::Checkpoint;
use borsh::{BorshDeserialize, BorshSerialize};

use crate::multiproof::{ProofError, check_cells};
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

/// Why a snapshot is not taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// The bytes are no snapshot.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The cells are not in canonical form.
    #[error("damaged state snapshot: {0}")]
    Cells(#[from] ProofError),
    /// An empty cell is listed.
    #[error("damaged state snapshot: it lists the empty cell {at:?}")]
    Empty {
        /// The cell.
        at: CellAddress,
    },
    /// Cells and checkpoint do not belong together.
    #[error("damaged state snapshot: its cells have the root {found}, its checkpoint says {expected}")]
    Root {
        /// The checkpoint's.
        expected: Digest,
        /// The cells'.
        found: Digest,
    },
}

#[derive(BorshSerialize, BorshDeserialize)]
struct Snapshot {
    chain_id: ChainId,
    checkpoint: Checkpoint,
    cells: Vec<(CellAddress, Payload)>,
}

impl Chain {
    /// A chain without batches.
    pub fn genesis(chain_id: ChainId) -> Self {
        let state = State::genesis();
        Self { chain_id, checkpoint: Checkpoint::genesis(state.root()), state }
    }

    /// As a file: chain id, checkpoint and the written cells in order of address.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { chain_id, checkpoint, state } = self;
        let cells = state.cells();
        encode(Kind::State, &Snapshot { chain_id: *chain_id, checkpoint: *checkpoint, cells })
    }

    /// From a file, whose tree is built anew.
    ///
    /// # Errors
    /// Where the bytes are not exactly those of a snapshot whose cells have the checkpoint's root.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let Snapshot { chain_id, checkpoint, cells } = decode(Kind::State, bytes)?;
        check_cells(&cells)?;
        if let Some((at, _)) = cells.iter().find(|(_, payload)| !payload.exists()) {
            return Err(SnapshotError::Empty { at: *at });
        }
        let mut state = State::empty();
        state.apply(&cells);
        match state.root() {
            found if found == checkpoint.state_root => Ok(Self { chain_id, checkpoint, state }),
            found => Err(SnapshotError::Root { expected: checkpoint.state_root, found }),
        }
    }
}
