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
        Self { began: wall().max(least), at: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> Millis {
        self.began.after(u64::try_from(self.at.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// When it will be so late by the clock on the wall: that one may have been set since, or was ahead when it was last written down.
    pub fn of_wall(&self, then: Millis) -> Millis {
        let (now, wall) = (self.now(), wall());
        if now.0.abs_diff(wall.0) < SAME_MS {
            return then;
        }
        match then.0.checked_sub(wall.0) {
            Some(left) => now.after(left),
            None => Millis(now.0.saturating_sub(wall.0 - then.0)),
        }
    }

    /// How long it is until then; nothing if that is past.
    pub fn until(&self, then: Millis) -> Duration {
        Duration::from_millis(then.0.saturating_sub(self.now().0))
    }
}

/// Clocks that are no further apart are the same, so that a time that is read back is the one that was given.
const SAME_MS: u64 = 1_000;

fn wall() -> Millis {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(wall.as_millis()).unwrap_or(u64::MAX))
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

    #[test]
    fn times_of_the_wall_are_as_far_away_as_they_were_meant() {
        let clock = Clock::start(Millis(0));
        let given = Millis(wall().0 + 60_123);
        assert_eq!(clock.of_wall(given), given);
        // A day ahead, and three hours behind.
        for (ahead, behind) in [(86_400_000, 0), (0, 10_800_000)] {
            let clock = Clock { began: Millis(wall().0 + ahead - behind), at: Instant::now() };
            for (more, less) in [(60_000, 0), (0, 0), (0, 60_000)] {
                let then = clock.of_wall(Millis(wall().0 + more - less)).0 + less;
                assert!(then.abs_diff(clock.now().0 + more) < 10_000, "{ahead} {behind} {more} {less}");
            }
        }
    }
}
