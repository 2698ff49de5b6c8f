//! Who waits for what happens to a job.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aludel_scheduler::JobId;
use tokio::sync::watch;

/// By job how many records it has, for as long as somebody waits for more.
#[derive(Debug, Default)]
pub(super) struct Notices(Mutex<HashMap<JobId, watch::Sender<u32>>>);

impl Notices {
    /// Changes whenever the job has more records. Who subscribes and then reads the log misses nothing.
    pub fn subscribe(&self, job: JobId) -> watch::Receiver<u32> {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those for which nobody waits any more.
        if jobs.len() >= 2 * jobs.values().filter(|sender| sender.receiver_count() > 0).count().max(64) {
            jobs.retain(|_, sender| sender.receiver_count() > 0);
        }
        jobs.entry(job).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// A job has so many records now.
    pub fn tell(&self, job: JobId, records: u32) {
        let jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = jobs.get(&job) {
            sender.send_replace(records);
        }
    }

    /// Anything may have happened to all of them.
    pub fn tell_all(&self) {
        let jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.values().for_each(|sender| sender.send_modify(|_| ()));
    }
}
