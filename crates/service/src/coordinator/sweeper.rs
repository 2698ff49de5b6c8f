//! Letting go of artifacts, on a thread of its own: removing a file takes the disk as long as writing a record, and a job of a thousand batches that ends
//! would hold all others up.

use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use aludel_scheduler::ArtifactId;
use aludel_scheduler::artifacts::Artifacts;

/// Lets go of artifacts in the order in which it is told; when it is dropped, all of them are gone.
#[derive(Debug)]
pub(super) struct Sweeper {
    artifacts: Artifacts,
    /// None where the system gives no thread: then it is done at once.
    thread: Option<(Sender<Vec<ArtifactId>>, JoinHandle<()>)>,
}

impl Sweeper {
    pub fn start(artifacts: Artifacts) -> Self {
        let (told, ids) = mpsc::channel::<Vec<ArtifactId>>();
        let folder = artifacts.clone();
        let thread = thread::Builder::new()
            .name("sweeper".into())
            .spawn(move || ids.iter().for_each(|ids| folder.let_go(ids)));
        Self { artifacts, thread: thread.ok().map(|thread| (told, thread)) }
    }

    /// These are held once less. Until that is so they stay, which does no harm.
    pub fn let_go(&self, ids: Vec<ArtifactId>) {
        if ids.is_empty() {
            return;
        }
        let untold = match &self.thread {
            Some((told, _)) => told.send(ids).err().map(|error| error.0),
            None => Some(ids),
        };
        self.artifacts.let_go(untold.into_iter().flatten());
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        if let Some((told, thread)) = self.thread.take() {
            drop(told);
            let _ = thread.join();
        }
    }
}
