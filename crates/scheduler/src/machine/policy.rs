//! The bounds that a machine keeps.

/// Bounds and patience. Times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// A worker that sends no heartbeat for so long is dead.
    pub silence_ms: u64,
    /// A lease that makes no progress for so long hangs.
    pub stall_ms: u64,
    /// A worker that was told to stop lets go within this, or is killed; of the coordinator's own the one lease is abandoned.
    pub grace_ms: u64,
    /// Failures of machines that a task survives.
    pub most_infrastructure: u32,
    /// Failures of programs that a task survives.
    pub most_logic: u32,
    /// Restarts of the coordinator that each of its own tasks survives: what ends the process must not end it for ever. Wide, for most are no task's fault.
    pub most_restarts: u32,
    /// How long a task waits after the first failure of a machine, or when its result first finds no room; doubled with each further one.
    pub first_delay_ms: u64,
    /// How long it waits at most.
    pub most_delay_ms: u64,
    /// Jobs that have not ended, at most.
    pub most_jobs: usize,
    /// Batches of a job, at most.
    pub most_batches: usize,
    /// Segments in which the input of a job comes, at most.
    pub most_segments: usize,
    /// Batches of all jobs that have not ended, at most.
    pub most_batches_in_all: usize,
    /// How far ahead a deadline may lie.
    pub most_ahead_ms: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            silence_ms: 10_000,
            stall_ms: 120_000,
            grace_ms: 100,
            most_infrastructure: 5,
            most_logic: 2,
            most_restarts: 100,
            first_delay_ms: 100,
            most_delay_ms: 10_000,
            most_jobs: 10_000,
            most_batches: 10_000,
            most_segments: 10_000,
            most_batches_in_all: 1_000_000,
            most_ahead_ms: 7 * 24 * 3_600_000,
        }
    }
}

impl Policy {
    /// How long a task waits after its `failures`-th failure of a machine or of room, from 1.
    pub fn delay_ms(&self, failures: u32) -> u64 {
        let doubled = 1_u64.checked_shl(failures.saturating_sub(1)).unwrap_or(u64::MAX);
        self.first_delay_ms.saturating_mul(doubled).min(self.most_delay_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_bound() {
        let policy = Policy::default();
        let delays = [1, 2, 3, 7, 8, 63, 64, 65, u32::MAX].map(|failures| policy.delay_ms(failures));
        assert_eq!(delays, [100, 200, 400, 6_400, 10_000, 10_000, 10_000, 10_000, 10_000]);
    }
}
