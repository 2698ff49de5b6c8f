//! What time does: workers fall silent, tasks hang, deadlines pass.

use super::Machine;
use super::memory::MemoryModel;
use super::words::Step;
use super::workers::Held;
use crate::failure::Lapse;
use crate::ids::{LeaseId, Millis, WorkerId};
use crate::plan::Side;
use crate::record::End;

/// Jobs that end at one tick because their time is up. With more, the next tick is due at once: what else has come is handled between.
const MOST_ENDS: usize = 64;

impl<M: MemoryModel> Machine<M> {
    /// When an [`Input::Tick`](super::Input::Tick) will next have something to do; `None` where nothing waits for time.
    pub fn next_wakeup(&self) -> Option<Millis> {
        let workers = self.workers.alive.values().map(|w| w.heard.after(self.policy.silence_ms));
        let held = self.workers.all_held().map(|(_, _, held)| match held.stopping {
            Some(since) => since.after(self.policy.grace_ms),
            None => held.progress.after(self.policy.stall_ms),
        });
        let delays = self.delays.first().map(|(until, ..)| *until);
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
        let workers = self.workers.alive.iter();
        let silent = workers.filter(|(_, worker)| worker.heard.after(silence_ms) <= now);
        let silent: Vec<WorkerId> = silent.map(|(id, _)| *id).collect();
        for worker in silent {
            self.kill(step, worker, |_| Lapse::Silent);
        }
    }

    /// Kills who does not get on, and who was told to let go and does not. Of the coordinator's own worker no more than the one lease is given up: its
    /// neighbours are threads of the same process.
    fn kill_stuck(&mut self, step: &mut Step) {
        let (now, policy) = (self.now, self.policy);
        let is_stuck = |held: &Held| match held.stopping {
            Some(since) => since.after(policy.grace_ms) <= now,
            None => held.progress.after(policy.stall_ms) <= now,
        };
        let stuck = self.workers.all_held().filter(|(.., held)| is_stuck(held));
        let stuck: Vec<(WorkerId, LeaseId)> = stuck.map(|(worker, lease, _)| (worker, lease)).collect();
        for (worker, lease) in stuck {
            match self.workers.alive.get(&worker).map(|worker| worker.spec.side) {
                Some(Side::Device) => {
                    self.kill(
                        step,
                        worker,
                        |held| {
                            if is_stuck(held) { Lapse::Stalled } else { Lapse::Evicted }
                        },
                    );
                }
                Some(Side::Coordinator) => self.abandon(step, worker, lease),
                None => {}
            }
        }
    }

    fn expire(&mut self, step: &mut Step) {
        let mut ends = 0;
        while ends < MOST_ENDS
            && let Some(&(deadline, id)) =
                self.deadlines.first().filter(|(deadline, _)| *deadline <= self.now)
        {
            self.deadlines.remove(&(deadline, id));
            // A job that is being cancelled ends as that, and soon: whoever holds a lease of it has been told to let go.
            if let Some(live) = self.jobs.get(&id).filter(|live| !live.job.is_cancelled()) {
                let why = self.waited_for(live);
                ends += 1;
                self.end(step, id, End::Expired(why));
            }
        }
    }
}
