//! Bytes of a device, counted before they are taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Error;
use crate::id::DeviceId;

/// How much of a device's memory may be used, and how much is.
#[derive(Debug)]
pub struct Budget {
    device: DeviceId,
    limit: u64,
    used: AtomicU64,
    peak: AtomicU64,
}

/// A budget at a moment, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The most that may be used.
    pub limit: u64,
    /// In use.
    pub used: u64,
    /// The most that was in use at once.
    pub peak: u64,
}

/// Bytes that are in use until this is dropped.
#[derive(Debug)]
pub struct Reserved {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Budget {
    /// A device's memory, of which `limit` bytes may be used.
    pub fn new(device: DeviceId, limit: u64) -> Arc<Self> {
        Arc::new(Self { device, limit, used: AtomicU64::new(0), peak: AtomicU64::new(0) })
    }

    /// Takes bytes.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] where fewer are left; nothing is taken.
    pub fn reserve(self: &Arc<Self>, bytes: u64) -> Result<Reserved, Error> {
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        match self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits) {
            Ok(before) => {
                self.peak.fetch_max(before + bytes, Ordering::AcqRel);
                Ok(Reserved { budget: Arc::clone(self), bytes })
            }
            Err(used) => Err(Error::OutOfMemory {
                device: self.device,
                requested: bytes,
                free: Usage { limit: self.limit, used, peak: used }.free(),
            }),
        }
    }

    /// What is used now.
    pub fn usage(&self) -> Usage {
        Usage {
            limit: self.limit,
            used: self.used.load(Ordering::Acquire),
            peak: self.peak.load(Ordering::Acquire),
        }
    }

    /// What is used now. The peak begins anew with it.
    pub fn reset_peak(&self) -> Usage {
        let usage = self.usage();
        self.peak.store(usage.used, Ordering::Release);
        // What was taken meanwhile.
        self.peak.fetch_max(self.used.load(Ordering::Acquire), Ordering::AcqRel);
        usage
    }
}

impl Usage {
    /// Bytes that are left.
    pub const fn free(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

impl Reserved {
    /// How many.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn what_is_taken_comes_back_and_no_more_is_taken_than_there_is() {
        let budget = Budget::new(DeviceId::Cuda(1), 100);
        let one = budget.reserve(60).expect("it fits");
        let refused = budget.reserve(41).expect_err("40 are left");
        assert_eq!(refused, Error::OutOfMemory { device: DeviceId::Cuda(1), requested: 41, free: 40 });
        let two = budget.reserve(40).expect("the last");
        assert_eq!(budget.usage(), Usage { limit: 100, used: 100, peak: 100 });
        drop(one);
        assert_eq!((two.bytes(), budget.usage().used), (40, 40));
        assert!(budget.reserve(u64::MAX).is_err());
        drop(two);
        assert_eq!(budget.usage(), Usage { limit: 100, used: 0, peak: 100 });
        let three = budget.reserve(30).expect("it fits");
        assert_eq!(budget.reset_peak(), Usage { limit: 100, used: 30, peak: 100 });
        assert_eq!((budget.usage().peak, budget.usage().free()), (30, 70));
        drop((three, budget.reserve(20).expect("it fits")));
        assert_eq!(budget.usage(), Usage { limit: 100, used: 0, peak: 50 });
    }

    #[test]
    fn threads_together_take_no_more_than_there_is() {
        let budget = Budget::new(DeviceId::Cpu, 64);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..1000).for_each(|_| drop(budget.reserve(24))));
            }
        });
        let usage = budget.usage();
        assert_eq!(usage.used, 0);
        assert!((24..=48).contains(&usage.peak), "{usage:?}");
    }
}
