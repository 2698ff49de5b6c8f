//! What the coordinator does itself, because it trusts no worker with it: reading batches, verifying proofs.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};

use aludel_circuits::Shape;
use aludel_protocol::{BatchNumber, ChainId, Digest};
use aludel_scheduler::artifacts::{ArtifactError, Artifacts};
use aludel_scheduler::plan::ShapeNumber;
use aludel_scheduler::{ArtifactId, Cut, Failure, FailureClass, Lapse, Task};

/// What a checked segment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its shards, in order, each with what its proof must say.
    pub cuts: Vec<Cut>,
    /// What all of them say together.
    pub statement: Vec<u8>,
}

/// Says what batches are and whether proofs hold. Statements are bytes that it alone reads.
pub trait Judge: Send + Sync + 'static {
    /// Root of the set of keys that its proofs name.
    fn keys(&self) -> Digest;

    /// Which batch of which chain these bytes are.
    ///
    /// # Errors
    /// They are none, with the class of what is wrong.
    fn batch(&self, bytes: &[u8]) -> Result<(ChainId, BatchNumber), Failure>;

    /// Replays the batches of a segment, which are the inputs of `work`, and cuts them into shards.
    ///
    /// # Errors
    /// They break a rule, no shape holds one of them, one cannot be read, or it was told to stop.
    fn check(&self, chain: ChainId, work: &Work<'_>) -> Result<Checked, Lapse>;

    /// Whether a result of `task`, whose shard is of `shape` if it is of one, is a proof of what these shards say together.
    ///
    /// # Errors
    /// Why it is not.
    fn verify(
        &self,
        task: Task,
        shape: Option<ShapeNumber>,
        proof: &[u8],
        says: &[&[u8]],
    ) -> Result<(), String>;

    /// The largest shape of shards, but for batches that alone need a larger one.
    fn most(&self) -> Shape {
        Shape::Large
    }

    /// What shards say together that follow one another.
    ///
    /// # Errors
    /// They do not.
    fn fold(&self, says: &[&[u8]]) -> Result<Vec<u8>, Failure>;
}

/// A task of the coordinator while it is done.
pub struct Work<'a> {
    artifacts: &'a Artifacts,
    inputs: &'a [ArtifactId],
    is_stopped: &'a AtomicBool,
    progress: &'a dyn Fn(),
}

impl<'a> Work<'a> {
    /// Of these inputs.
    pub const fn new(
        artifacts: &'a Artifacts,
        inputs: &'a [ArtifactId],
        is_stopped: &'a AtomicBool,
        progress: &'a dyn Fn(),
    ) -> Self {
        Self { artifacts, inputs, is_stopped, progress }
    }

    /// Its inputs, each read when it is its turn; reading one says that the work gets on.
    pub fn inputs(&self) -> impl Iterator<Item = Result<Vec<u8>, Lapse>> {
        self.inputs.iter().map(|id| {
            if self.is_stopped.load(Ordering::Relaxed) {
                return Err(Lapse::Stopped);
            }
            (self.progress)();
            self.artifacts.read(*id).map_err(unread)
        })
    }
}

/// What an artifact that cannot be read means for the task that takes it.
pub fn unread(error: ArtifactError) -> Lapse {
    match error {
        ArtifactError::Missing { id } | ArtifactError::Damaged { id, .. } => Lapse::InputLost(id),
        ArtifactError::Full { .. } | ArtifactError::Io { .. } => {
            Lapse::Failed(Failure::new(FailureClass::Device, error.to_string()))
        }
    }
}

/// Whether an artifact was not kept because there is no room: of ours, of the disk, or by a limit of the system for whoever runs this.
pub fn is_full(error: &ArtifactError) -> bool {
    let no_room =
        |kind| matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge);
    match error {
        ArtifactError::Full { .. } => true,
        ArtifactError::Io { kind, .. } => no_room(*kind),
        ArtifactError::Missing { .. } | ArtifactError::Damaged { .. } => false,
    }
}
