//! How much memory the process takes; 0 where the system does not say.

/// Bytes that are resident now.
pub fn resident_bytes() -> u64 {
    status("VmRSS:")
}

/// The most bytes that were resident so far.
pub fn peak_bytes() -> u64 {
    status("VmHWM:")
}

/// Bytes that new processes may take.
pub fn available_bytes() -> u64 {
    field("/proc/meminfo", "MemAvailable:")
}

fn status(name: &str) -> u64 {
    field("/proc/self/status", name)
}

fn field(file: &str, name: &str) -> u64 {
    let status = std::fs::read_to_string(file).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_peak_is_at_least_what_is_resident() {
        let resident = resident_bytes();
        assert!(resident > 100_000 && peak_bytes() >= resident);
    }
}
