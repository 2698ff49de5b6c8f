//! Who gets what: the first task in turn that a worker could hold, or none.
//!
//! It is looked for where something changed: a task that can be begun, a worker that has let go of one, has come or is gone.

use std::collections::btree_map::Entry;

use super::Machine;
use super::memory::MemoryModel;
use super::queue::Turn;
use super::words::{Command, Step};
use crate::ids::{JobId, LeaseId, Millis, WorkerId};
use crate::job::Changed;
use crate::plan::{Planned, Side, Task};
use crate::record::Record;

/// Tasks that a worker may not take and others may, at which it looks before it takes none: who has failed so many of those that wait need not hurry.
const MOST_LOOKS: usize = 64;

/// Delays that end with one input, so that none takes long because many end at once.
const MOST_DELAYS: usize = 64;

impl<M: MemoryModel> Machine<M> {
    pub(super) fn dispatch(&mut self, step: &mut Step) {
        self.end_delays();
        if self.is_draining {
            return;
        }
        for side in Side::ALL {
            if !std::mem::take(&mut self.is_changed[side as usize]) {
                continue;
            }
            let workers = self.workers.alive.iter().filter(|(_, worker)| worker.spec.side == side);
            let workers: Vec<WorkerId> = workers.map(|(id, _)| *id).collect();
            for worker in workers {
                while let Some((peak_bytes, turn)) = self.next_for(worker) {
                    self.lease(step, worker, peak_bytes, turn);
                }
            }
        }
    }

    fn lease(&mut self, step: &mut Step, worker: WorkerId, peak_bytes: u64, turn: Turn) {
        let id = turn.job;
        // Whatever comes of it: else it would be found again, and for ever.
        self.unqueue(id, turn.place);
        let Some(job) = self.job(id) else { return };
        let Some(planned) = job.plan().get(turn.place) else { return };
        let task = planned.task;
        let Some(epoch) = job.next_epoch(task) else { return };
        let inputs = job.inputs(planned).unwrap_or_default();
        let shape = planned.shape;
        let lease = LeaseId { job: id, task, epoch };
        self.write(step, id, Record::Leased { task, epoch, worker, at: self.now });
        self.workers.take(worker, lease, peak_bytes, self.now);
        step.commands.push(Command::Assign { worker, lease, inputs, shape });
    }

    /// The first task in turn that a worker could hold if it were empty, with the bytes that it takes; `None` where there is none, or where it does not fit
    /// beside what the worker has: later ones must not take its place for ever.
    fn next_for(&self, id: WorkerId) -> Option<(u64, Turn)> {
        let worker = self.workers.alive.get(&id)?;
        let free_bytes = worker.free_bytes()?;
        let in_turn = self.queues[worker.spec.side as usize].in_turn(worker.spec.memory_bytes);
        let mut looked = in_turn.take(MOST_LOOKS);
        let (peak_bytes, turn) = looked.find(|(peak_bytes, turn)| self.may_take(id, turn, *peak_bytes))?;
        (peak_bytes <= free_bytes).then_some((peak_bytes, turn))
    }

    /// Whether a worker has not failed this task, or there is nobody else; and has no lease of the name that this one would have: see [`super::workers`].
    fn may_take(&self, id: WorkerId, turn: &Turn, peak_bytes: u64) -> bool {
        let Some(job) = self.job(turn.job) else { return false };
        let Some(Planned { task, .. }) = job.plan().get(turn.place) else { return false };
        let Some(epoch) = job.next_epoch(*task) else { return false };
        let lease = LeaseId { job: turn.job, task: *task, epoch };
        if self.workers.alive.get(&id).is_none_or(|worker| worker.held.contains_key(&lease)) {
            return false;
        }
        let Some(attempts) = job.attempts(*task).filter(|attempts| attempts.failed_on.contains(&id)) else {
            return true;
        };
        let mut others = self.workers.alive.iter().filter(|(_, worker)| worker.spec.side == task.side());
        !others.any(|(other, worker)| !attempts.failed_on.contains(other) && worker.can_hold(peak_bytes))
    }

    /// Says anew of tasks whether they wait for workers.
    pub(super) fn requeue(&mut self, id: JobId, changed: Changed) {
        for place in changed {
            let Some(live) = self.jobs.get_mut(&id) else { return };
            let Some(planned) = live.job.plan().get(place) else { return };
            if !live.job.is_ready(place) || live.delays.contains_key(&planned.task) {
                self.unqueue(id, place);
            } else if let Entry::Vacant(entry) = live.queued.entry(place) {
                let peak_bytes = *entry.insert(self.model.peak_bytes(planned));
                let side = planned.task.side() as usize;
                self.queues[side].insert(peak_bytes, Turn::new(id, &live.job, place));
                self.is_changed[side] = true;
            }
        }
    }

    fn unqueue(&mut self, id: JobId, place: usize) {
        let Some(live) = self.jobs.get_mut(&id) else { return };
        let Some(peak_bytes) = live.queued.remove(&place) else { return };
        let Some(planned) = live.job.plan().get(place) else { return };
        self.queues[planned.task.side() as usize].remove(peak_bytes, &Turn::new(id, &live.job, place));
    }

    /// Nothing of a job can be begun any more.
    pub(super) fn unqueue_all(&mut self, id: JobId) {
        let Some(live) = self.jobs.get_mut(&id) else { return };
        let delays = std::mem::take(&mut live.delays);
        let places: Vec<usize> = live.queued.keys().copied().collect();
        places.into_iter().for_each(|place| self.unqueue(id, place));
        for (task, until) in delays {
            self.delays.remove(&(until, id, task));
        }
    }

    /// A task is not tried again before a time.
    pub(super) fn delay(&mut self, id: JobId, task: Task, until: Millis) {
        let Some(live) = self.jobs.get_mut(&id) else { return };
        if let Some(before) = live.delays.insert(task, until) {
            self.delays.remove(&(before, id, task));
        }
        self.delays.insert((until, id, task));
        let place = live.job.place(task);
        self.requeue(id, place.into_iter().collect());
    }

    /// What was to be tried again later can be begun now. What is left is due at once.
    fn end_delays(&mut self) {
        for _ in 0..MOST_DELAYS {
            let first = self.delays.first().filter(|(until, ..)| *until <= self.now);
            let Some(&(until, id, task)) = first else { return };
            self.delays.remove(&(until, id, task));
            let Some(live) = self.jobs.get_mut(&id) else { continue };
            live.delays.remove(&task);
            let place = live.job.place(task);
            self.requeue(id, place.into_iter().collect());
        }
    }
}
