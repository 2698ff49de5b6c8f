//! Who gets what: the first task in turn that a worker could hold, or none.

use super::memory::MemoryModel;
use super::words::{Command, Step};
use super::{Live, Machine};
use crate::ids::{JobId, LeaseId, WorkerId};
use crate::plan::{Planned, Task};
use crate::record::Record;

impl<M: MemoryModel> Machine<M> {
    pub(super) fn dispatch(&mut self, step: &mut Step) {
        if self.is_draining {
            return;
        }
        let workers: Vec<WorkerId> = self.workers.0.keys().copied().collect();
        for worker in workers {
            while let Some((id, task, peak_bytes)) = self.next_for(worker) {
                self.lease(step, worker, id, task, peak_bytes);
            }
        }
    }

    fn lease(&mut self, step: &mut Step, worker: WorkerId, id: JobId, task: Task, peak_bytes: u64) {
        let Some(Live { job, not_before }) = self.jobs.get_mut(&id) else { return };
        let Some(epoch) = job.next_epoch(task) else { return };
        let Some(planned) = job.planned(task) else { return };
        let inputs = job.inputs(planned).unwrap_or_default();
        let shape = planned.shape;
        not_before.remove(&task);
        let lease = LeaseId { job: id, task, epoch };
        self.write(step, id, Record::Leased { task, epoch, worker, at: self.now });
        self.workers.take(worker, lease, peak_bytes, self.now);
        step.commands.push(Command::Assign { worker, lease, inputs, shape });
    }

    /// The first task in turn that a worker could hold if it were empty, with the bytes that it takes; `None` where there is none, or where it does not fit
    /// beside what the worker has: later ones must not take its place for ever.
    fn next_for(&self, id: WorkerId) -> Option<(JobId, Task, u64)> {
        let worker = self.workers.0.get(&id)?;
        let free_bytes = worker.free_bytes()?;
        let in_turn = self.turns[worker.spec.side as usize].iter();
        let ready =
            in_turn.filter_map(|(.., job)| Some((*job, self.jobs.get(job)?))).flat_map(|(job, live)| {
                live.job.ready(worker.spec.side).map(move |planned| (job, live, planned))
            });
        for (job, live, planned) in ready {
            let peak_bytes = self.model.peak_bytes(planned);
            let is_late = live.not_before.get(&planned.task).is_none_or(|until| *until <= self.now);
            if is_late && worker.can_hold(peak_bytes) && self.may_try(id, live, planned, peak_bytes) {
                return (peak_bytes <= free_bytes).then_some((job, planned.task, peak_bytes));
            }
        }
        None
    }

    /// Whether a worker has not failed this task, or there is nobody else.
    fn may_try(&self, id: WorkerId, live: &Live, planned: &Planned, peak_bytes: u64) -> bool {
        let Some(attempts) = live.job.attempts(planned.task) else { return true };
        if !attempts.failed_on.contains(&id) {
            return true;
        }
        let side = planned.task.side();
        let mut others = self.workers.0.iter().filter(|(_, worker)| worker.spec.side == side);
        !others.any(|(other, worker)| !attempts.failed_on.contains(other) && worker.can_hold(peak_bytes))
    }
}
