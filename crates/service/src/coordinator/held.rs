//! Which artifacts are kept because of which job: [`Job::artifacts`](aludel_scheduler::Job::artifacts), record by record.

use std::collections::BTreeMap;

use aludel_scheduler::artifacts::Artifacts;
use aludel_scheduler::{ArtifactId, End, JobId, Millis, Record, Task};

/// What each job holds.
#[derive(Debug, Default)]
pub(super) struct Held(BTreeMap<JobId, OfJob>);

#[derive(Debug, Default)]
struct OfJob {
    batches: Vec<ArtifactId>,
    results: BTreeMap<Task, ArtifactId>,
    /// What it ended with.
    kept: Vec<ArtifactId>,
    accepted: Millis,
}

impl Held {
    /// A record is durable: what it names is held. What is not held any more because of it is for the caller to let go of.
    #[must_use = "it is held until it is let go of"]
    pub fn follow(&mut self, artifacts: &Artifacts, id: JobId, record: &Record) -> Vec<ArtifactId> {
        let job = self.0.entry(id).or_default();
        match record {
            Record::Accepted { request, at } => {
                job.accepted = *at;
                job.take(artifacts, &request.batches);
                Vec::new()
            }
            Record::InputAdded { batches, .. } => {
                job.take(artifacts, batches);
                Vec::new()
            }
            Record::Completed { task, output, .. } => {
                artifacts.hold([output.artifact]);
                job.results.insert(*task, output.artifact).into_iter().collect()
            }
            Record::OutputLost { task } => job.results.remove(task).into_iter().collect(),
            Record::Ended { end, .. } => {
                if let End::Succeeded { proofs, receipt } = end {
                    job.kept = proofs.iter().chain([receipt]).copied().collect();
                    artifacts.hold(job.kept.iter().copied());
                }
                let results = std::mem::take(&mut job.results).into_values();
                std::mem::take(&mut job.batches).into_iter().chain(results).collect()
            }
            Record::InputSealed { .. }
            | Record::Leased { .. }
            | Record::Released { .. }
            | Record::CancelRequested { .. } => Vec::new(),
        }
    }

    /// When a job was accepted.
    pub fn accepted(&self, id: JobId) -> Millis {
        self.0.get(&id).map(|job| job.accepted).unwrap_or_default()
    }

    /// A job is forgotten. What it held is for the caller to let go of.
    #[must_use = "it is held until it is let go of"]
    pub fn forget(&mut self, id: JobId) -> Vec<ArtifactId> {
        self.0.remove(&id).map(|job| job.all().collect()).unwrap_or_default()
    }

    /// The store is read anew. What was held so far is for the caller to let go of, when what the logs name is held again.
    pub fn clear(&mut self) -> Vec<(JobId, Vec<ArtifactId>)> {
        let jobs = std::mem::take(&mut self.0).into_iter();
        jobs.map(|(id, job)| (id, job.all().collect())).collect()
    }
}

impl OfJob {
    fn all(self) -> impl Iterator<Item = ArtifactId> {
        self.batches.into_iter().chain(self.results.into_values()).chain(self.kept)
    }

    fn take(&mut self, artifacts: &Artifacts, batches: &[aludel_scheduler::Batch]) {
        let ids = batches.iter().map(|batch| batch.artifact);
        artifacts.hold(ids.clone());
        self.batches.extend(ids);
    }
}
