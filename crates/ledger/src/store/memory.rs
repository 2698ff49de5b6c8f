//! The store in memory: it never fails, and lasts as long as the process.

use core::convert::Infallible;

use aludel_protocol::cell::{CellAddress, Payload};
use aludel_protocol::hash::Digest;
use aludel_protocol::ids::ChainId;
use aludel_protocol::statement::Checkpoint;

use super::Store;
use crate::batch::Chain;
use crate::multiproof::Multiproof;

impl Store for Chain {
    type Error = Infallible;

    fn chain_id(&self) -> ChainId {
        self.chain_id
    }

    fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }

    fn get(&self, at: &CellAddress) -> Result<Payload, Infallible> {
        Ok(self.state.get(at))
    }

    fn prove(&self, addresses: impl IntoIterator<Item = CellAddress>) -> Result<Multiproof, Infallible> {
        Ok(self.state.prove(addresses))
    }

    fn apply(
        &mut self,
        writes: &[(CellAddress, Payload)],
        next: impl FnOnce(Digest) -> Checkpoint,
    ) -> Result<Checkpoint, Infallible> {
        self.state.apply(writes);
        self.checkpoint = next(self.state.root());
        Ok(self.checkpoint)
    }

    fn count(&self) -> Result<u64, Infallible> {
        Ok(self.state.len() as u64)
    }

    fn cells(&self) -> Result<impl Iterator<Item = Result<(CellAddress, Payload), Infallible>>, Infallible> {
        Ok(self.state.cells().into_iter().map(Ok))
    }
}
