//! Which device a worker was on. Logs have numbers of workers alone; what this process has hired it can name.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aludel_scheduler::WorkerId;

/// Workers that are remembered, newest ones first: a device whose worker dies again and again gets many.
const MOST: usize = 10_000;

/// Names of the devices of workers.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<BTreeMap<WorkerId, String>>);

impl Names {
    /// A worker is hired for a device.
    pub fn note(&self, worker: WorkerId, device: String) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.insert(worker, device);
        if names.len() > MOST {
            names.pop_first();
        }
    }

    /// The device of a worker, where it is known.
    pub fn of(&self, worker: WorkerId) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&worker).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let names = Names::default();
        let most = MOST as u64;
        (0..most + 2).for_each(|n| names.note(WorkerId(n), format!("cpu:{n}")));
        assert_eq!([0, 1].map(|n| names.of(WorkerId(n))), [None, None]);
        assert_eq!([2, most + 1].map(|n| names.of(WorkerId(n)).is_some()), [true, true]);
    }
}
