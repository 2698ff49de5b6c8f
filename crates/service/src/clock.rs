//! The time of a process.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aludel_scheduler::Millis;

/// Milliseconds since 1970 as the wall clock had them when it was made, and from then on by a clock that never jumps.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Millis,
    at: Instant,
}

impl Clock {
    /// The time now, but no earlier than `least`: what was written down before lies in the past.
    pub fn start(least: Millis) -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = Millis(u64::try_from(wall.as_millis()).unwrap_or(u64::MAX));
        Self { began: wall.max(least), at: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> Millis {
        self.began.after(u64::try_from(self.at.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// How long it is until then; nothing if that is past.
    pub fn until(&self, then: Millis) -> Duration {
        Duration::from_millis(then.0.saturating_sub(self.now().0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_no_earlier_than_what_is_written() {
        let far = Millis(1 << 50);
        let clock = Clock::start(far);
        assert!(clock.now() >= far && clock.now() < far.after(60_000));
        assert!(Clock::start(Millis(0)).now() < far);
        assert_eq!(clock.until(far), Duration::ZERO);
    }
}
