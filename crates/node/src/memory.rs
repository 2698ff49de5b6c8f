//! How much memory the process takes and may take; 0 where the system does not say.
//!
//! A container's memory is that of its control group, which `/proc/meminfo` knows nothing of: version 1 (`memory.limit_in_bytes`) and version 2
//! (`memory.max`) of them are read, of the process's own group and of all above it, where they are usually mounted.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// Bytes that are resident now.
pub fn resident_bytes() -> u64 {
    status("VmRSS:")
}

/// The most bytes that were resident so far.
pub fn peak_bytes() -> u64 {
    status("VmHWM:")
}

/// Bytes that new processes may take: what is free on the machine, and no more than what the limits of control groups leave.
pub fn available_bytes() -> u64 {
    available_in(Path::new("/"))
}

fn available_in(root: &Path) -> u64 {
    let machine = field(&root.join("proc/meminfo"), "MemAvailable:");
    match left_by_groups(root) {
        Some(left) if machine == 0 => left,
        Some(left) => left.min(machine),
        None => machine,
    }
}

fn status(name: &str) -> u64 {
    field(Path::new("/proc/self/status"), name)
}

fn field(file: &Path, name: &str) -> u64 {
    let status = fs::read_to_string(file).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

/// Names of files of a version of control groups.
struct Version {
    /// Where the groups are mounted.
    mount: &'static str,
    limit: &'static str,
    usage: &'static str,
    /// In `memory.stat`, what the system gives back when memory is short.
    cache: &'static str,
}

const V1: Version = Version {
    mount: "sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    cache: "total_inactive_file ",
};
const V2: Version =
    Version { mount: "sys/fs/cgroup", limit: "memory.max", usage: "memory.current", cache: "inactive_file " };

/// The least that a group of this process, or one above it, leaves; nothing where none has a limit.
fn left_by_groups(root: &Path) -> Option<u64> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    groups.lines().filter_map(|line| left_by_group(root, line)).min()
}

/// Of a line `number:controllers:path`; version 2 has no controllers.
fn left_by_group(root: &Path, line: &str) -> Option<u64> {
    let (_, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    let version = match controllers {
        "" => V2,
        _ if controllers.split(',').any(|controller| controller == "memory") => V1,
        _ => return None,
    };
    // A path that leads out of what is mounted here begins with `..`: the mount's root is then the nearest group that can be seen.
    let names = Path::new(path).components().filter(|part| matches!(part, Component::Normal(_)));
    let mount = root.join(version.mount);
    let group: PathBuf = mount.components().chain(names).collect();
    group
        .ancestors()
        .take_while(|group| group.starts_with(&mount))
        .filter_map(|group| left(group, &version))
        .min()
}

/// What the limit of a group leaves; nothing where it has none, or is not there.
fn left(group: &Path, version: &Version) -> Option<u64> {
    let number = |file: &str| fs::read_to_string(group.join(file)).ok()?.trim().parse::<u64>().ok();
    let limit = number(version.limit)?;
    let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
    let cache = stat.lines().find_map(|line| line.strip_prefix(version.cache)?.trim().parse().ok());
    let taken = number(version.usage).unwrap_or(0).saturating_sub(cache.unwrap_or(0));
    Some(limit.saturating_sub(taken))
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

    /// A machine with 8 MiB free, and these files.
    fn available(files: &[(&str, &str)]) -> u64 {
        let root = tempfile::tempdir().expect("a folder");
        let meminfo = ("proc/meminfo", "MemTotal:  16384 kB\nMemAvailable:    8192 kB\n");
        for (path, text) in [meminfo].iter().chain(files) {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("is made");
            fs::write(path, text).expect("writes");
        }
        available_in(root.path())
    }

    const MACHINE: u64 = 8 << 20;

    #[test]
    fn without_a_limit_it_is_what_the_machine_has() {
        assert_eq!(available(&[]), MACHINE);
        assert_eq!(available(&[("proc/self/cgroup", "0::/\n")]), MACHINE);
        let none = [("proc/self/cgroup", "0::/a\n"), ("sys/fs/cgroup/a/memory.max", "max\n")];
        assert_eq!(available(&none), MACHINE);
        let wide = [("proc/self/cgroup", "0::/a\n"), ("sys/fs/cgroup/a/memory.max", "99999999999\n")];
        assert_eq!(available(&wide), MACHINE);
        // What version 1 says where there is none, and lines that are none.
        let old = [
            ("proc/self/cgroup", "\n7\n5:cpu:/a\n4:memory:/a\n"),
            ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n"),
        ];
        assert_eq!(available(&old), MACHINE);
    }

    #[test]
    fn the_least_of_all_groups_above_counts() {
        let line = ("proc/self/cgroup", "0::/a/b/c\n");
        let own = ("sys/fs/cgroup/a/b/c/memory.max", "5000000\n");
        assert_eq!(available(&[line, own]), 5_000_000);
        let above = ("sys/fs/cgroup/a/memory.max", "4000000\n");
        let between = ("sys/fs/cgroup/a/b/memory.max", "max\n");
        assert_eq!(available(&[line, own, above, between]), 4_000_000);
        // The root of what a container sees is its own group.
        let top = ("sys/fs/cgroup/memory.max", "3000000\n");
        assert_eq!(available(&[line, own, above, top]), 3_000_000);
        for hidden in ["0::/\n", "0::/../../other\n"] {
            assert_eq!(available(&[("proc/self/cgroup", hidden), top]), 3_000_000, "{hidden}");
        }
        // Beside it, not above.
        let beside = ("sys/fs/cgroup/a/x/memory.max", "1\n");
        assert_eq!(available(&[line, own, beside]), 5_000_000);
    }

    #[test]
    fn what_its_other_processes_take_is_not_free() {
        let line = ("proc/self/cgroup", "0::/a\n");
        let files = [
            line,
            ("sys/fs/cgroup/a/memory.max", "5000000\n"),
            ("sys/fs/cgroup/a/memory.current", "2000000\n"),
            ("sys/fs/cgroup/a/memory.stat", "anon 1\nactive_file 7\ninactive_file 500000\n"),
        ];
        assert_eq!(available(&files), 5_000_000 - 2_000_000 + 500_000);
        let full = [files[0], files[1], ("sys/fs/cgroup/a/memory.current", "6000000\n")];
        assert_eq!(available(&full), 0, "it is full");
    }

    #[test]
    fn version_1_has_other_names() {
        let line = ("proc/self/cgroup", "12:cpu,cpuacct:/a\n9:hugetlb,memory:/a/b\n0::/\n");
        let limit = ("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "6000000\n");
        let usage = ("sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "1000000\n");
        let stat = ("sys/fs/cgroup/memory/a/b/memory.stat", "inactive_file 9\ntotal_inactive_file 300000\n");
        assert_eq!(available(&[line, limit, usage, stat]), 5_300_000);
        // Without a name space of its own, a container sees itself as the root, under the host's name.
        let seen = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "2000000\n");
        assert_eq!(available(&[("proc/self/cgroup", "9:memory:/docker/x\n"), seen]), 2_000_000);
        assert_eq!(available(&[("proc/self/cgroup", "9:memoryless:/\n"), seen]), MACHINE);
    }
}
