//! What was tried of a task.

use std::collections::BTreeSet;

use crate::failure::{Counts, Lapse};
use crate::ids::{Epoch, Millis, WorkerId};
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
    /// Workers whose attempt failed.
    pub failed_on: BTreeSet<WorkerId>,
    /// The result.
    pub output: Option<Output>,
}

impl Attempts {
    pub(super) fn lapse(&mut self, worker: WorkerId, why: &Lapse) {
        match why.counts() {
            Counts::Nothing => return,
            Counts::Infrastructure => self.infrastructure += 1,
            Counts::Logic | Counts::Final => self.logic += 1,
        }
        self.failed_on.insert(worker);
    }
}
