//! What the coordinator's thread is told.

use aludel_protocol::{ChainId, Digest};
use aludel_scheduler::artifacts::Pin;
use aludel_scheduler::plan::ShapeNumber;
use aludel_scheduler::{Answer, ArtifactId, Input, LeaseId, Task, WorkerId};
use tokio::sync::oneshot;

use super::Unavailable;

/// Something for the coordinator's thread.
pub(super) enum Message {
    /// A client's wish. The pins hold what it names until it is durable.
    Ask { input: Input, pins: Vec<Pin>, reply: oneshot::Sender<Result<Answer, Unavailable>> },
    /// What became of a task.
    Tell { input: Input, pins: Vec<Pin> },
    /// A worker says which build it is.
    Hello { worker: WorkerId, version: String, keys: Digest },
    /// A worker lives.
    Heartbeat { worker: WorkerId },
    /// A worker gets on with an order.
    Progress { worker: WorkerId, number: u64 },
    /// A worker's process has ended.
    Gone { worker: WorkerId, why: String },
    /// Nothing new is to be begun; the answer comes when nothing is at work.
    Drain { reply: oneshot::Sender<()> },
    /// The thread ends.
    End,
}

/// A task of a lease with all that is needed to do it and to judge what comes out.
#[derive(Clone, Debug)]
pub(super) struct Assignment {
    /// Of this process no two have the same.
    pub number: u64,
    pub lease: LeaseId,
    pub shape: Option<ShapeNumber>,
    pub inputs: Vec<ArtifactId>,
    pub chain: ChainId,
    /// What the result must say, shard by shard.
    pub says: Vec<Vec<u8>>,
    /// Of `verify` the results that it reads, in the order of its inputs.
    pub due: Vec<Due>,
}

/// A result to be verified.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub task: Task,
    pub shape: Option<ShapeNumber>,
}
