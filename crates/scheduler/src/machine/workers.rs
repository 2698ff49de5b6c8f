//! Who works on what.

use std::collections::BTreeMap;

use super::words::WorkerSpec;
use crate::ids::{LeaseId, Millis, WorkerId};

/// A worker that lives.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    pub spec: WorkerSpec,
    /// When it was last heard of.
    pub heard: Millis,
    /// What it works on, or was told to let go of.
    pub held: BTreeMap<LeaseId, Held>,
}

/// What a worker has in hands. Its memory is taken until it lets go, whatever became of the lease.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub peak_bytes: u64,
    /// When it was seen to get on.
    pub progress: Millis,
    /// When it was told to let go.
    pub stopping: Option<Millis>,
}

impl Worker {
    /// Memory that nothing takes; `None` where all slots are taken.
    pub fn free_bytes(&self) -> Option<u64> {
        let used: u64 = self.held.values().map(|held| held.peak_bytes).sum();
        (self.held.len() < self.spec.slots).then(|| self.spec.memory_bytes.saturating_sub(used))
    }

    /// Whether it could do a task if it had nothing else.
    pub const fn can_hold(&self, peak_bytes: u64) -> bool {
        self.spec.slots > 0 && peak_bytes <= self.spec.memory_bytes
    }
}

/// All workers. A lease is in the hands of one, and its name is not enough to find it: where a coordinator lost a race it may have given the same name to
/// another lease, which nobody was told of. So nobody is given a lease of a name that it has.
#[derive(Clone, Debug, Default)]
pub(super) struct Workers {
    /// Those that live.
    pub alive: BTreeMap<WorkerId, Worker>,
    /// The highest number that one ever had.
    pub highest: Option<WorkerId>,
}

impl Workers {
    pub fn take(&mut self, worker: WorkerId, lease: LeaseId, peak_bytes: u64, now: Millis) {
        if let Some(worker) = self.alive.get_mut(&worker) {
            worker.held.insert(lease, Held { peak_bytes, progress: now, stopping: None });
        }
    }

    pub fn held(&mut self, worker: WorkerId, lease: &LeaseId) -> Option<&mut Held> {
        self.alive.get_mut(&worker)?.held.get_mut(lease)
    }

    /// Everything that is in somebody's hands.
    pub fn all_held(&self) -> impl Iterator<Item = (WorkerId, LeaseId, Held)> {
        self.alive
            .iter()
            .flat_map(|(id, worker)| worker.held.iter().map(|(lease, held)| (*id, *lease, *held)))
    }
}
