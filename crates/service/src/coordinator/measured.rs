//! How long tasks took: what an estimate of the next ones is made of. It is in memory, for it is of this process, on these devices.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aludel_scheduler::Stage;
use aludel_scheduler::plan::ShapeNumber;

/// Tasks of one kind are alike: their stage, and of what concerns one shard its shape.
pub type Kind = (Stage, Option<ShapeNumber>);

/// The least weight of a new one in the mean: about so many of the last ones are in it.
const LAST: f64 = 8.0;

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    seconds: f64,
    count: f64,
}

/// A moving mean of each kind.
#[derive(Debug, Default)]
pub(super) struct Measured(Mutex<BTreeMap<Kind, Mean>>);

impl Measured {
    /// A task took so long.
    pub fn add(&self, kind: Kind, took: Duration) {
        let mut means = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mean = means.entry(kind).or_default();
        mean.count = (mean.count + 1.0).min(LAST);
        mean.seconds += (took.as_secs_f64() - mean.seconds) / mean.count;
    }

    /// How long tasks of a kind take; nothing where none was done.
    pub fn mean(&self, kind: Kind) -> Option<Duration> {
        let means = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        means.get(&kind).and_then(|mean| Duration::try_from_secs_f64(mean.seconds).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_by_kind_and_follow_what_changes() {
        let measured = Measured::default();
        let kind = (Stage::Prove, Some(ShapeNumber(2)));
        assert_eq!(measured.mean(kind), None);
        for took in [4, 8] {
            measured.add(kind, Duration::from_secs(took));
        }
        assert_eq!(measured.mean(kind), Some(Duration::from_secs(6)));
        for other in [(Stage::Prove, Some(ShapeNumber(3))), (Stage::Prove, None), (Stage::Lift, kind.1)] {
            assert_eq!(measured.mean(other), None, "{other:?}");
        }
        // Keys that were made for the first one, or another load of the machine, are not in it for ever.
        (0..60).for_each(|_| measured.add(kind, Duration::from_secs(1)));
        let mean = measured.mean(kind).expect("measured").as_secs_f64();
        assert!((1.0..1.01).contains(&mean), "{mean}");
    }
}
