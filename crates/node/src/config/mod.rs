//! Settings: what each is, where its value comes from, and what it is in the end.
//!
//! Later origins win: built in, `/etc/aludel/aludel.toml`, the user's configuration folder, the working directory, `--config`, `ALUDEL_*`, flags.

mod sources;
mod values;

use std::fmt;
use std::path::PathBuf;

pub use sources::{Layers, Origin};
pub use values::{Bytes, Patience};

use crate::exit::{Failure, Kind};

/// A setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its key in files; in capitals, behind `ALUDEL_`, its variable.
    pub key: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its value where nobody says anything.
    default: fn() -> String,
}

macro_rules! settings {
    ($($name:ident $key:literal: $doc:literal = $default:expr;)*) => {
        /// All settings.
        pub const SETTINGS: &[Setting] = &[$($name),*];
        $(
            #[doc = $doc]
            pub const $name: Setting = Setting { key: $key, doc: $doc, default: || $default };
        )*
    };
}

settings! {
    LISTEN "listen": "address on which the service listens for gRPC" = "127.0.0.1:7370".into();
    HTTP_LISTEN "http_listen": "address of /metrics, /healthz and /readyz; empty: none" = "127.0.0.1:7371".into();
    DATA_DIR "data_dir": "folder of jobs and proofs" = sources::data_dir();
    WORKERS "workers": "workers that prove on the processor" = "1".into();
    WORKER_MEMORY "worker_memory": "memory that a worker's task may take; 0: an equal part of three quarters of what is free at the start" = "0".into();
    LARGEST_SHAPE "largest_shape": "shards are of at most this shape, but for batches that alone need a larger one" = "large".into();
    DISK_QUOTA "disk_quota": "bytes that batches and proofs may take on the disk" = "64GiB".into();
    DISK_RESERVE "disk_reserve": "bytes of these that are for results alone" = "4GiB".into();
    KEEP_ENDED "keep_ended": "how long a job is kept after its end, with its proofs" = "7days".into();
    KEEP_ENDED_MOST "keep_ended_most": "ended jobs that are kept at most; beyond it those that ended first go, even before keep_ended" = "100000".into();
    STALL "stall": "a task of which for so long nothing is heard hangs, and its worker is killed; set more on slow machines, for a proof says nothing while it is made" = "2min".into();
    MOST_JOBS "most_jobs": "jobs that may be queued or at work" = "10000".into();
    DRAIN "drain": "how long tasks at work may go on after SIGTERM" = "60s".into();
    LOG_FORMAT "log_format": "pretty, compact or json" = "pretty".into();
    LOG_LEVEL "log_level": "error, warn, info, debug or trace" = "info".into();
    ENDPOINT "endpoint": "service that submit, status, watch, cancel and fetch speak to" = "http://127.0.0.1:7370".into();
}

impl Setting {
    /// Its variable.
    pub fn variable(&self) -> String {
        format!("ALUDEL_{}", self.key.to_uppercase())
    }

    /// What it is where nobody says anything.
    pub fn default(&self) -> String {
        (self.default)()
    }
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// As it was written.
    pub text: String,
    /// Who wrote it.
    pub origin: Origin,
}

/// All settings with their values.
#[derive(Clone, Debug)]
pub struct Config(Vec<Value>);

impl Config {
    /// Reads everything that may say something.
    ///
    /// # Errors
    /// A file that was named is not there; one that is there cannot be read, or says what there is no setting for.
    pub fn load(file: Option<PathBuf>, flags: &[(Setting, Option<String>)]) -> Result<Self, Failure> {
        Self::of(&Layers::of_process(file)?, flags)
    }

    fn of(layers: &Layers, flags: &[(Setting, Option<String>)]) -> Result<Self, Failure> {
        let value = |setting: &Setting| {
            let flag = flags.iter().find(|(other, _)| other.key == setting.key);
            let flag = flag.and_then(|(_, text)| text.clone());
            flag.map_or_else(|| layers.value(setting), |text| Value { text, origin: Origin::Flag })
        };
        Ok(Self(SETTINGS.iter().map(value).collect()))
    }

    /// The value of a setting.
    pub fn value(&self, setting: Setting) -> &Value {
        let place = SETTINGS.iter().position(|other| other.key == setting.key);
        place.and_then(|place| self.0.get(place)).unwrap_or_else(|| unreachable!("every setting has a value"))
    }

    /// The same, read.
    ///
    /// # Errors
    /// It is none of its sort; the sentence says who wrote it.
    pub fn get<T: std::str::FromStr<Err: fmt::Display>>(&self, setting: Setting) -> Result<T, Failure> {
        let Value { text, origin } = self.value(setting);
        text.parse().map_err(|e| {
            let what = format!("{} = {text:?} ({origin}): {e}; it is the {}", setting.key, setting.doc);
            Failure::new(Kind::Usage, what)
        })
    }

    /// Every setting, with its value.
    pub fn all(&self) -> impl Iterator<Item = (&'static Setting, &Value)> {
        SETTINGS.iter().zip(&self.0)
    }
}

#[cfg(test)]
mod tests;
