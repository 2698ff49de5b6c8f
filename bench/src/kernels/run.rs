//! A run as it is stored: figures, and all that they depend on.

use serde::{Deserialize, Serialize};

use super::profile::Rates;
use super::statistics::Times;

/// The form of [`Run`] in JSON. Another form has another number.
pub const SCHEMA: u32 = 1;

/// One command's figures on one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// [`SCHEMA`].
    pub schema: u32,
    /// `kernels` or `limits`.
    pub kind: String,
    /// When it began, UTC, as of RFC 3339.
    pub date: String,
    /// As it was given.
    pub command_line: Vec<String>,
    /// What was measured.
    pub device: MeasuredDevice,
    /// Whose rates the floors are from.
    pub profile: MeasuredBy,
    /// Where it ran.
    pub host: Host,
    /// What ran.
    pub versions: Versions,
    /// Repetitions of each row.
    pub repeat: usize,
    /// Of the data.
    pub seed: u64,
    /// Why it ended before its last row, if it did.
    pub ended: Option<String>,
    /// The figures.
    pub rows: Vec<Row>,
}

/// A device, as it was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredDevice {
    /// Its name here: `cuda:0`.
    pub id: String,
    /// Its driver's name for it.
    pub name: String,
    /// Bytes that it was allowed to use.
    pub limit_bytes: u64,
    /// Whose clock was read: `device`, or `wall`, whose times include launching.
    pub clock: String,
    /// What made programs over rows into something that it runs. Empty in runs of versions that did not tell.
    #[serde(default)]
    pub programs: String,
}

/// What floors were made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasuredBy {
    /// The model that its profile is of.
    pub model: String,
    /// Whether the rates were measured at all: by the run itself, or as the profile says.
    pub measured: bool,
    /// Where they are from.
    pub sources: Vec<String>,
    /// The rates.
    pub rates: Rates,
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Its processor.
    pub processor: String,
    /// Threads that the processor's kernels take.
    pub threads: usize,
    /// Operating system and architecture.
    pub system: String,
    /// Processes that wanted to run, on average over the minute before: more than none is noise.
    pub load: Option<f64>,
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Aludel.
    pub aludel: String,
    /// Vector instructions that the build may use.
    pub vectors: String,
    /// Whether it is an optimised build without checks.
    pub release: bool,
}

/// One bench.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which.
    pub name: String,
    /// At what shape.
    pub shape: String,
    /// Its times. None where it failed.
    #[serde(flatten)]
    pub times: Option<Times>,
    /// Throughput by the median.
    pub per_second: Option<f64>,
    /// Of what.
    pub unit: String,
    /// Bytes that it has to read and write.
    pub bytes: u64,
    /// Of kernels products of the field, of limits multiply-adds.
    pub operations: u64,
    /// The least time by the profile's rates.
    pub floor_s: Option<f64>,
    /// What bounds it.
    pub floor_by: Option<String>,
    /// How much of the floor's speed the median reaches.
    pub fraction: Option<f64>,
    /// Why there are no times.
    pub error: Option<String>,
}

impl Row {
    /// What tells rows apart.
    pub fn key(&self) -> (&str, &str) {
        (&self.name, &self.shape)
    }
}

/// Why a text is no run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRun {
    /// It does not read as one.
    #[error("not the JSON of a run: {0}")]
    Text(String),
    /// Of another version of Aludel.
    #[error(
        "a run in form {found}, and this version reads {SCHEMA}: measure again, or compare with the version that wrote it"
    )]
    Schema {
        /// What it says.
        found: u64,
    },
}

impl Run {
    /// As JSON, with a line break at its end.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists: nothing of it can fail.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// From JSON.
    ///
    /// # Errors
    /// [`NoRun`] where it is none of this form.
    pub fn from_json(text: &str) -> Result<Self, NoRun> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| NoRun::Text(error.to_string()))?;
        match value.get("schema").and_then(serde_json::Value::as_u64) {
            Some(found) if found != u64::from(SCHEMA) => Err(NoRun::Schema { found }),
            _ => serde_json::from_value(value).map_err(|error| NoRun::Text(error.to_string())),
        }
    }
}
