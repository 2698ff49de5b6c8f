//! What a task takes of a worker's memory.

use crate::plan::{Planned, ShapeNumber, Stage};

/// Says how much memory tasks take, before they are begun.
pub trait MemoryModel {
    /// Bytes of its worker's memory that a task takes at most. Asked once each time that a task can be begun; few different figures, for each is a queue.
    fn peak_bytes(&self, task: &Planned) -> u64;
}

/// One figure a sort of task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticEstimates {
    /// Witness and proof of a shard, by the number of its shape; the last counts for all further ones.
    pub prove: Vec<u64>,
    /// A lift.
    pub lift: u64,
    /// A join.
    pub join: u64,
    /// A root.
    pub root: u64,
    /// Checks, verification, receipts.
    pub other: u64,
}

impl Default for StaticEstimates {
    /// Peaks of processes of the CPU prover, rounded up to a quarter of 10^9 bytes: 1.7 a shard of shape `large`, which smaller ones do not exceed, 2.9 one
    /// of shape `huge`, 0.35 a lift, 0.43 a join, 1.0 a root (README, decision 0007). What the others take was not measured and is small beside these.
    fn default() -> Self {
        let quarter = 250_000_000;
        Self {
            prove: [7, 7, 7, 7, 12].map(|n| n * quarter).to_vec(),
            lift: 2 * quarter,
            join: 2 * quarter,
            root: 5 * quarter,
            other: 2 * quarter,
        }
    }
}

impl MemoryModel for StaticEstimates {
    fn peak_bytes(&self, task: &Planned) -> u64 {
        match task.task.stage() {
            Stage::Prove => {
                let ShapeNumber(shape) = task.shape.unwrap_or(ShapeNumber(u8::MAX));
                self.prove.get(usize::from(shape)).or(self.prove.last()).copied().unwrap_or(0)
            }
            Stage::Lift => self.lift,
            Stage::Join => self.join,
            Stage::Root => self.root,
            Stage::Check | Stage::Verify | Stage::Publish => self.other,
        }
    }
}
