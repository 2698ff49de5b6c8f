//! `aludel doctor`: what keeps this machine from serving, and what to do about it.

use std::fmt::Write;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use aludel_kernels::devices::devices;
use aludel_scheduler::artifacts::Quota;
use aludel_scheduler::store::{self, StoreError};
use aludel_verifier::KeySet;

use crate::cli::Doctor;
use crate::config::{self, Bytes, Config};
use crate::exit::{Failure, Kind};
use crate::files::Place;
use crate::workers::Workers;

/// What was found of one thing.
enum Finding {
    /// It is as it should be.
    Good(String),
    /// It may be meant so.
    Note(String, &'static str),
    /// It keeps the service from working.
    Bad(String, String),
}

/// Runs the command.
pub fn run(args: &Doctor) -> Result<(), Failure> {
    let config = Config::load(args.config.clone(), &[])?;
    let folder = PathBuf::from(&config.value(config::DATA_DIR).text);
    let checks = [
        ("build", build()),
        ("keys", keys()),
        ("memory", memory(&Workers::of(&config)?)),
        ("devices", found_devices()),
        ("data folder", data_folder(&folder)),
        ("jobs", jobs(&folder)),
        ("disk", disk(&folder, &config)?),
        ("listen", address(&config, config::LISTEN)?),
        ("http", address(&config, config::HTTP_LISTEN)?),
        ("open files", open_files()),
    ];
    let mut text = String::new();
    let mut bad = 0;
    for (what, finding) in &checks {
        let _ = match finding {
            Finding::Good(how) => writeln!(text, "ok    {what}: {how}"),
            Finding::Note(how, remedy) => writeln!(text, "note  {what}: {how}\n      fix: {remedy}"),
            Finding::Bad(how, remedy) => {
                bad += 1;
                writeln!(text, "BAD   {what}: {how}\n      fix: {remedy}")
            }
        };
    }
    Place::Stream.write(text.as_bytes())?;
    match bad {
        0 => Ok(()),
        bad => Err(Failure::new(Kind::NotAccepted, format!("{bad} things keep this machine from serving"))),
    }
}

fn build() -> Finding {
    if cfg!(target_arch = "x86_64") && !cfg!(target_feature = "avx2") {
        let how = "without AVX2, which proves six to eight times slower";
        return Finding::Note(how.into(), "build with RUSTFLAGS=\"-C target-cpu=x86-64-v3\"");
    }
    Finding::Good(format!("version {}", env!("CARGO_PKG_VERSION")))
}

fn keys() -> Finding {
    match KeySet::pinned() {
        Ok(set) => Finding::Good(format!("set {}", set.root())),
        Err(e) => Finding::Bad(e.to_string(), "install another build; this one is broken".into()),
    }
}

fn memory(workers: &Workers) -> Finding {
    if let Some((how, remedy)) = workers.too_few_or_too_small() {
        Finding::Bad(how, remedy.into())
    } else if let Some((how, remedy)) = workers.more_than_there_is() {
        Finding::Note(how, remedy)
    } else {
        let Workers { count, each, needed, .. } = workers;
        Finding::Good(format!("{each} bytes for each of {count} workers, {needed} needed"))
    }
}

fn found_devices() -> Finding {
    let (found, missing) = devices();
    let names: Vec<String> = found.iter().map(|device| format!("{} {}", device.id, device.name)).collect();
    match missing.first() {
        None => Finding::Good(names.join(", ")),
        Some(why) => Finding::Note(
            format!("{}; {why}", names.join(", ")),
            "the processor proves without one; see `aludel devices`",
        ),
    }
}

fn data_folder(folder: &Path) -> Finding {
    let probe = folder.join(".doctor.tmp");
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&probe, b"written"));
    let _ = fs::remove_file(&probe);
    match written {
        Ok(()) => Finding::Good(folder.display().to_string()),
        Err(e) => Finding::Bad(
            format!("{}: {e}", folder.display()),
            "let this user write there, or set data_dir".into(),
        ),
    }
}

fn jobs(folder: &Path) -> Finding {
    let path = folder.join("jobs.redb");
    if !path.exists() {
        return Finding::Good("none yet".into());
    }
    match store::check(&path) {
        Ok(Some(open)) => Finding::Good(format!("{open} have not ended")),
        Ok(None) => Finding::Note(
            "the last service did not end by itself".into(),
            "nothing: the next one mends what that left when it starts",
        ),
        Err(StoreError::Locked { .. }) => {
            Finding::Good("a service is running and has them open; its /readyz says how it is".into())
        }
        Err(e) => Finding::Bad(
            e.to_string(),
            "check the disk; other jobs go on, and clients of this one submit again under another key".into(),
        ),
    }
}

fn disk(folder: &Path, config: &Config) -> Result<Finding, Failure> {
    let (Bytes(bytes), Bytes(reserve)) = (config.get(config::DISK_QUOTA)?, config.get(config::DISK_RESERVE)?);
    let quota = Quota { bytes, reserve, small: Quota::SMALL };
    let used: u64 = fs::read_dir(folder.join("artifacts"))
        .map(|entries| entries.flatten().filter_map(|entry| Some(entry.metadata().ok()?.len())).sum())
        .unwrap_or(0);
    let Ok(free) = rustix::fs::statvfs(folder).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)) else {
        return Ok(Finding::Note(
            "its free space is not known".into(),
            "see that data_dir is on a local disk",
        ));
    };
    let needed = quota.bytes.saturating_sub(used);
    Ok(if quota.reserve >= quota.bytes {
        Finding::Bad("disk_reserve is not less than disk_quota".into(), "set a smaller disk_reserve".into())
    } else if free < quota.reserve {
        Finding::Bad(format!("{free} bytes are free"), "free some, or set data_dir to another disk".into())
    } else if free < needed {
        Finding::Note(
            format!("{free} bytes are free, and up to {needed} more may be taken"),
            "set a smaller disk_quota, or free some",
        )
    } else {
        Finding::Good(format!("{used} bytes of {} taken, {free} free", quota.bytes))
    })
}

fn address(config: &Config, setting: config::Setting) -> Result<Finding, Failure> {
    if config.value(setting).text.is_empty() {
        return Ok(Finding::Good("none".into()));
    }
    let address: SocketAddr = config.get(setting)?;
    Ok(match TcpListener::bind(address) {
        Ok(_) => Finding::Good(format!("{address} is free")),
        Err(e) => {
            Finding::Note(format!("{address}: {e}"), "fine if a service runs; otherwise set another address")
        }
    })
}

fn open_files() -> Finding {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    match limit {
        Some(limit) if limit < 1024 => {
            Finding::Note(format!("{limit}"), "raise the limit (`ulimit -n 65536`), for many clients")
        }
        Some(limit) => Finding::Good(format!("{limit}")),
        None => Finding::Good("without limit".into()),
    }
}
