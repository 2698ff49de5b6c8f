//! What a job waits for: said of one whose deadline has passed.

use super::memory::MemoryModel;
use super::{Live, Machine};
use crate::failure::{Failure, FailureClass};
use crate::job::Job;
use crate::plan::{Planned, Side};

impl<M: MemoryModel> Machine<M> {
    /// What kept a job from its end: first what would have kept it for ever.
    pub(super) fn waited_for(&self, live: &Live) -> Failure {
        let job = &live.job;
        let what = if live.is_late {
            // Of workers nothing is known yet.
            Some("the service did not run then; submit again under another key".into())
        } else {
            self.obstacle(job).or_else(|| at_work(job)).or_else(|| self.queued(job))
        };
        let what = what.unwrap_or_else(|| {
            "its input was not sealed; seal it behind its last batch, or give it more time".into()
        });
        Failure::new(FailureClass::Deadline, format!("the deadline passed: {what}"))
    }

    /// The first task that no worker could have done.
    fn obstacle(&self, job: &Job) -> Option<String> {
        Side::ALL.into_iter().find_map(|side| {
            let workers = self.workers.alive.values().filter(|worker| worker.spec.side == side);
            let largest = workers.filter(|worker| worker.spec.slots > 0).map(|w| w.spec.memory_bytes).max();
            let fits = |planned: &Planned| largest.is_some_and(|most| self.model.peak_bytes(planned) <= most);
            let planned = job.ready(side).find(|planned| !fits(planned))?;
            Some(match (largest, side) {
                (Some(most), _) => format!(
                    "no worker is large enough for {}, which takes {} bytes of memory where the largest has {most}; add a larger one",
                    planned.task,
                    self.model.peak_bytes(planned)
                ),
                (None, Side::Device) => {
                    format!("no worker with a device is there for {}; start one, see `aludel devices`", planned.task)
                }
                (None, Side::Coordinator) => {
                    format!("the coordinator's own worker is not there for {}; restart the service", planned.task)
                }
            })
        })
    }

    /// What could be begun and was not: it was to be tried again later, or others went first.
    fn queued(&self, job: &Job) -> Option<String> {
        let ready = || Side::ALL.into_iter().flat_map(|side| job.ready(side));
        let first = ready().next()?;
        let tried =
            ready().find_map(|planned| Some((planned.task, job.attempts(planned.task)?.last.as_ref()?)));
        Some(match tried {
            Some((task, why)) => format!("{task} was to be tried again after this: {why}"),
            None if self.is_draining => {
                format!("{} was not begun, for the service was about to stop", first.task)
            }
            None => format!(
                "{} was queued behind others; give it more time or a higher class, or add workers",
                first.task
            ),
        })
    }
}

/// A task that a worker had.
fn at_work(job: &Job) -> Option<String> {
    let last = |task| job.attempts(task)?.last.as_ref();
    let again = job.leases().keys().find_map(|task| Some((*task, last(*task)?)));
    match (again, job.leases().keys().next()) {
        (Some((task, why)), _) => Some(format!("{task} was at work again after this: {why}")),
        (None, Some(task)) => Some(format!("{task} was at work; give it more time, or add workers")),
        (None, None) => None,
    }
}
