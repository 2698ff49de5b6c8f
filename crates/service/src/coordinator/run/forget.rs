//! Forgetting jobs that ended.

use std::time::{Duration, Instant};

use aludel_scheduler::{JobId, Millis};

use super::Thread;

/// How often jobs are looked for that ended long ago.
const FORGETS_EVERY: Duration = Duration::from_secs(60);
/// Jobs that are forgotten before anything else is looked at.
const MOST_FORGOTTEN: usize = 16;

impl Thread {
    /// Forgets jobs that ended long ago, or before too many others, with what they hold.
    pub(super) fn forget_old(&mut self) {
        let most = self.shared.options.keep_ended_most;
        let is_time = self.forgets_at.elapsed() >= FORGETS_EVERY || self.ended.len() > most;
        if !is_time || self.broken.is_some() {
            return;
        }
        let keep = u64::try_from(self.shared.options.keep_ended.as_millis()).unwrap_or(u64::MAX);
        let now = self.shared.clock.now();
        // So many at a time, for each waits for the disk.
        for _ in 0..MOST_FORGOTTEN {
            let is_one_too_many = self.ended.len() > most;
            let goes = |(at, _): &&(Millis, JobId)| is_one_too_many || at.after(keep) <= now;
            let Some(&(at, id)) = self.ended.first().filter(goes) else {
                self.forgets_at = Instant::now();
                return;
            };
            match self.shared.shelf.with(|store| store.forget(id)) {
                Ok(_) => {
                    self.ended.remove(&(at, id));
                    let held = self.held.forget(id);
                    self.sweeper.let_go(held);
                }
                Err(error) => return self.fail(error),
            }
        }
    }
}
