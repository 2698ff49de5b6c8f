//! Who works on what.

use std::collections::{BTreeMap, BTreeSet};

use super::words::WorkerSpec;
use crate::ids::{LeaseId, Millis, WorkerId};

/// A worker that lives.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    pub spec: WorkerSpec,
    /// When it was last heard of.
    pub heard: Millis,
    /// What it works on, or was told to let go of.
    pub leases: BTreeSet<LeaseId>,
}

/// What a worker has in hands. Its memory is taken until it lets go, whatever became of the lease.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub worker: WorkerId,
    pub peak_bytes: u64,
    /// When it was seen to get on.
    pub progress: Millis,
    /// When it was told to let go.
    pub stopping: Option<Millis>,
}

/// All workers.
#[derive(Clone, Debug, Default)]
pub(super) struct Workers {
    pub workers: BTreeMap<WorkerId, Worker>,
    pub held: BTreeMap<LeaseId, Held>,
}

impl Workers {
    pub fn take(&mut self, lease: LeaseId, worker: WorkerId, peak_bytes: u64, now: Millis) {
        if let Some(worker) = self.workers.get_mut(&worker) {
            worker.leases.insert(lease);
        }
        self.held.insert(lease, Held { worker, peak_bytes, progress: now, stopping: None });
    }

    /// A lease that this worker has in hands, which it has no more.
    pub fn let_go(&mut self, worker: WorkerId, lease: &LeaseId) -> Option<Held> {
        let held = self.held.get(lease).copied().filter(|held| held.worker == worker)?;
        self.held.remove(lease);
        if let Some(worker) = self.workers.get_mut(&worker) {
            worker.leases.remove(lease);
        }
        Some(held)
    }

    /// Removes a worker; what it had in hands.
    pub fn remove(&mut self, worker: WorkerId) -> Option<Vec<(LeaseId, Held)>> {
        let leases = self.workers.remove(&worker)?.leases;
        Some(leases.into_iter().filter_map(|lease| Some((lease, self.held.remove(&lease)?))).collect())
    }

    /// Memory of a worker that nothing takes; `None` where all its slots are taken.
    pub fn free_bytes(&self, worker: &Worker) -> Option<u64> {
        let held = worker.leases.iter().filter_map(|lease| self.held.get(lease));
        let used: u64 = held.map(|held| held.peak_bytes).sum();
        (worker.leases.len() < worker.spec.slots).then(|| worker.spec.memory_bytes.saturating_sub(used))
    }
}
