//! What was tried of a task.

use std::collections::BTreeSet;

use crate::failure::{Counts, Lapse};
use crate::ids::{Epoch, Millis, WorkerId};
use crate::plan::Side;
use crate::record::Output;

/// A lease that is live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which lease of the task.
    pub epoch: Epoch,
    /// Who has it.
    pub worker: WorkerId,
    /// Since when.
    pub since: Millis,
}

/// What was tried of a task so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// The epoch of the last lease; 0 before the first.
    pub epoch: Epoch,
    /// How often machines failed.
    pub infrastructure: u32,
    /// How often programs did.
    pub logic: u32,
    /// How often its result found no room.
    pub no_room: u32,
    /// Of the coordinator's own tasks, how often it began anew while one was at work; else 0.
    pub restarts: u32,
    /// Why it last had to be tried again, of what counts or waits.
    pub last: Option<Lapse>,
    /// Workers whose attempt failed.
    pub failed_on: BTreeSet<WorkerId>,
    /// The result.
    pub output: Option<Output>,
}

impl Attempts {
    pub(super) fn lapse(&mut self, side: Side, worker: WorkerId, why: &Lapse) {
        match why.counts(side) {
            Counts::Nothing => match why {
                Lapse::NoRoom => self.no_room += 1,
                Lapse::Restarted if side == Side::Coordinator => self.restarts += 1,
                _ => return,
            },
            Counts::Infrastructure => {
                self.infrastructure += 1;
                self.failed_on.insert(worker);
            }
            Counts::Logic | Counts::Final => {
                self.logic += 1;
                self.failed_on.insert(worker);
            }
        }
        self.last = Some(why.clone());
    }
}
