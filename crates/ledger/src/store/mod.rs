//! Where a chain keeps its state: in memory ([`Chain`](crate::Chain)) or on disk ([`DiskStore`]).
//!
//! A store holds every cell, the tree over them and the checkpoint that they belong to. A batch changes all of it
//! at once or nothing of it. The rules know nothing of this: they see [`Cells`](crate::Cells).

mod disk;
mod error;
mod memory;

use aludel_protocol::cell::{CellAddress, Payload};
use aludel_protocol::hash::Digest;
use aludel_protocol::ids::ChainId;
use aludel_protocol::statement::Checkpoint;

pub use disk::{DiskStore, FORMAT, Options, catches_panics};
pub use error::StoreError;

use crate::multiproof::Multiproof;

/// A written cell, or why it cannot be read.
pub type ReadCell<E> = Result<(CellAddress, Payload), E>;

/// A rollup's state after some batch.
pub trait Store {
    /// Why a call fails; [`core::convert::Infallible`] where none does.
    type Error: core::error::Error + Into<StoreError>;

    /// The rollup.
    fn chain_id(&self) -> ChainId;

    /// Where the chain is. Its root is that of the cells.
    fn checkpoint(&self) -> Checkpoint;

    /// Root of the tree over the cells.
    fn root(&self) -> Digest {
        self.checkpoint().state_root
    }

    /// What a cell holds; [`Payload::EMPTY`] where nothing was written. Not checked against the root:
    /// [`Store::prove`] checks it.
    fn get(&self, at: &CellAddress) -> Result<Payload, Self::Error>;

    /// Opens the cells at `addresses` (in any order, repeats allowed) to the root.
    fn prove(&self, addresses: impl IntoIterator<Item = CellAddress>) -> Result<Multiproof, Self::Error>;

    /// Writes cells (in any order; of two writes to one cell the later counts) and the checkpoint that `next`
    /// makes from the new root, as one: whoever opens the store after a crash finds all of it or nothing. The
    /// caller holds that payloads are of canonical form, as those of [`Multiproof`] are.
    fn apply(
        &mut self,
        writes: &[(CellAddress, Payload)],
        next: impl FnOnce(Digest) -> Checkpoint,
    ) -> Result<Checkpoint, Self::Error>;

    /// How many cells were written.
    fn count(&self) -> Result<u64, Self::Error>;

    /// Every written cell, in order of address.
    fn cells(&self) -> Result<impl Iterator<Item = ReadCell<Self::Error>>, Self::Error>;
}

/// Writes in order of address, the last to each cell.
pub(crate) fn sorted(writes: &[(CellAddress, Payload)]) -> Vec<(CellAddress, Payload)> {
    let mut writes = writes.to_vec();
    writes.reverse();
    writes.sort_by_key(|(at, _)| *at);
    writes.dedup_by_key(|(at, _)| *at);
    writes
}
