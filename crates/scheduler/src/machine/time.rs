//! What time does: workers fall silent, tasks hang, deadlines pass.

use super::Machine;
use super::memory::MemoryModel;
use super::words::Step;
use super::workers::Held;
use crate::failure::Lapse;
use crate::ids::{Millis, WorkerId};
use crate::record::End;

impl<M: MemoryModel> Machine<M> {
    /// When an [`Input::Tick`](super::Input::Tick) will next have something to do; `None` where nothing waits for time.
    pub fn next_wakeup(&self) -> Option<Millis> {
        let workers = self.workers.0.values().map(|w| w.heard.after(self.policy.silence_ms));
        let held = self.workers.all_held().map(|(_, _, held)| match held.stopping {
            Some(since) => since.after(self.policy.grace_ms),
            None => held.progress.after(self.policy.stall_ms),
        });
        let later = |until: &&Millis| **until > self.now;
        let delays = self.jobs.values().flat_map(|live| live.not_before.values().filter(later).copied());
        let deadlines = self.deadlines.first().map(|(deadline, _)| *deadline);
        workers.chain(held).chain(delays).chain(deadlines).min()
    }

    pub(super) fn pass_time(&mut self, step: &mut Step) {
        self.kill_silent(step);
        self.kill_stuck(step);
        self.expire(step);
    }

    fn kill_silent(&mut self, step: &mut Step) {
        let (now, silence_ms) = (self.now, self.policy.silence_ms);
        let workers = self.workers.0.iter();
        let silent = workers.filter(|(_, worker)| worker.heard.after(silence_ms) <= now);
        let silent: Vec<WorkerId> = silent.map(|(id, _)| *id).collect();
        for worker in silent {
            self.kill(step, worker, |_| Lapse::Silent);
        }
    }

    /// Kills who does not get on, and who was told to let go and does not.
    fn kill_stuck(&mut self, step: &mut Step) {
        let (now, policy) = (self.now, self.policy);
        let is_stuck = |held: &Held| match held.stopping {
            Some(since) => since.after(policy.grace_ms) <= now,
            None => held.progress.after(policy.stall_ms) <= now,
        };
        let workers = self.workers.0.iter();
        let stuck = workers.filter(|(_, worker)| worker.held.values().any(is_stuck));
        let stuck: Vec<WorkerId> = stuck.map(|(id, _)| *id).collect();
        for worker in stuck {
            self.kill(step, worker, |held| if is_stuck(held) { Lapse::Stalled } else { Lapse::Evicted });
        }
    }

    fn expire(&mut self, step: &mut Step) {
        while let Some(&(deadline, id)) = self.deadlines.first().filter(|(deadline, _)| *deadline <= self.now)
        {
            let is_cancelled = self.job(id).is_none_or(|job| job.is_cancelled());
            // A job that is being cancelled ends as that, and soon: whoever holds a lease of it has been told to let go.
            self.deadlines.remove(&(deadline, id));
            if !is_cancelled {
                self.end(step, id, End::Expired);
            }
        }
    }
}
