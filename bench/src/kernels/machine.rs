//! What a run says of its machine and its build.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use super::run::{Host, Versions};

/// This machine.
pub fn host() -> Host {
    let load = fs::read_to_string("/proc/loadavg").ok();
    Host {
        processor: processor().unwrap_or_else(|| "unknown".to_owned()),
        threads: rayon::current_num_threads(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        load: load.and_then(|text| text.split_whitespace().next()?.parse().ok()),
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// This build.
pub fn versions() -> Versions {
    let vectors = match () {
        () if cfg!(target_feature = "avx512f") => "AVX-512",
        () if cfg!(target_feature = "avx2") => "AVX2",
        () if cfg!(target_feature = "neon") => "NEON",
        () => "none",
    };
    Versions {
        aludel: env!("CARGO_PKG_VERSION").to_owned(),
        vectors: vectors.to_owned(),
        release: !cfg!(debug_assertions),
    }
}

/// Now, as of RFC 3339.
pub fn date() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    rfc3339(since)
}

/// Seconds since 1970, by the Gregorian calendar. Years are counted from March, so that a leap day is the last of its year.
fn rfc3339(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days since 1 March of the year 0, of which 400 years have 146,097.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + next;
    let [hour, minute, second] = [second / 3_600, second / 60 % 60, second % 60];
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), date);
        }
        assert!(date().as_str() > "2026" && date().ends_with('Z'));
        assert!(host().threads > 0 && !versions().aludel.is_empty());
    }
}
