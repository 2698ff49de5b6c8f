//! What is counted, by name. `docs/metrics.md` has the same table; a test compares them.
//!
//! Units are seconds and bytes; labels have few values, which are known beforehand; nothing is counted by job.

use std::time::Duration;

use aludel_scheduler::failure::Counts;
use aludel_scheduler::plan::Stage;
use aludel_scheduler::{End, Millis, Record};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// What sort of figure one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How many there were of which size.
    Histogram,
}

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// Its sort.
    pub sort: Sort,
    /// Its unit.
    pub unit: Unit,
    /// Its labels, with their values.
    pub labels: &'static str,
    /// What it is.
    pub doc: &'static str,
}

macro_rules! figures {
    ($($id:ident $name:literal $sort:ident $unit:ident $labels:literal $doc:literal;)*) => {
        $(const $id: &str = $name;)*

        /// All of them.
        pub const FIGURES: &[Figure] = &[$(Figure {
            name: $name,
            sort: Sort::$sort,
            unit: Unit::$unit,
            labels: $labels,
            doc: $doc,
        }),*];
    };
}

figures! {
    ACCEPTED "aludel_jobs_accepted_total" Counter Count "" "jobs that were accepted";
    ENDED "aludel_jobs_ended_total" Counter Count "end: succeeded, failed, cancelled, expired" "jobs that have ended";
    LIVE "aludel_jobs_live" Gauge Count "" "jobs that have not ended";
    DAMAGED "aludel_jobs_damaged" Gauge Count "" "jobs whose logs cannot be read";
    DONE "aludel_tasks_done_total" Counter Count "stage" "tasks with a verified result";
    LAPSED "aludel_tasks_lapsed_total" Counter Count "stage; counts: nothing, infrastructure, logic, final" "attempts without a result, by what they count as";
    LOST "aludel_results_lost_total" Counter Count "stage" "results that were missing or damaged on the disk";
    SECONDS "aludel_job_seconds" Histogram Seconds "end" "from acceptance to the end of a job";
    APPEND "aludel_append_seconds" Histogram Seconds "" "one durable write of the jobs' logs";
    APPENDED "aludel_append_records" Histogram Count "" "records that share one durable write";
    BROKEN "aludel_store_failures_total" Counter Count "" "writes of the jobs' logs that failed";
    ARTIFACTS "aludel_artifact_bytes" Gauge Bytes "" "bytes of batches, proofs and receipts on the disk";
    FREE "aludel_artifact_free_input_bytes" Gauge Bytes "" "bytes that are left for batches";
    WORKERS "aludel_workers" Gauge Count "state: ready, missing" "devices by whether they have a worker";
    DEATHS "aludel_worker_deaths_total" Counter Count "" "workers that ended or were killed";
}

/// Tells the recorder what the names are.
pub fn describe() {
    for figure in FIGURES {
        match figure.sort {
            Sort::Counter => describe_counter!(figure.name, figure.unit, figure.doc),
            Sort::Gauge => describe_gauge!(figure.name, figure.unit, figure.doc),
            Sort::Histogram => describe_histogram!(figure.name, figure.unit, figure.doc),
        }
    }
}

const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Check => "check",
        Stage::Prove => "prove",
        Stage::Lift => "lift",
        Stage::Join => "join",
        Stage::Root => "root",
        Stage::Verify => "verify",
        Stage::Publish => "publish",
    }
}

/// A record is durable; its job was accepted then.
pub(crate) fn record(record: &Record, accepted: Millis) {
    match record {
        Record::Accepted { .. } => counter!(ACCEPTED).increment(1),
        Record::Completed { task, .. } => counter!(DONE, "stage" => stage(task.stage())).increment(1),
        Record::Released { task, why, .. } => {
            let counts = match why.counts(task.side()) {
                Counts::Nothing => "nothing",
                Counts::Infrastructure => "infrastructure",
                Counts::Logic => "logic",
                Counts::Final => "final",
            };
            counter!(LAPSED, "stage" => stage(task.stage()), "counts" => counts).increment(1);
        }
        Record::OutputLost { task } => counter!(LOST, "stage" => stage(task.stage())).increment(1),
        Record::Ended { at, end } => {
            let end = match end {
                End::Succeeded { .. } => "succeeded",
                End::Failed(_) => "failed",
                End::Cancelled => "cancelled",
                End::Expired(_) => "expired",
            };
            counter!(ENDED, "end" => end).increment(1);
            let took = Duration::from_millis(at.0.saturating_sub(accepted.0));
            histogram!(SECONDS, "end" => end).record(took);
        }
        Record::InputAdded { .. }
        | Record::InputSealed { .. }
        | Record::Leased { .. }
        | Record::CancelRequested { .. } => {}
    }
}

/// So many records were written together.
pub(crate) fn append(took: Duration, records: usize) {
    histogram!(APPEND).record(took);
    histogram!(APPENDED).record(records as f64);
}

/// A write failed.
pub(crate) fn broken() {
    counter!(BROKEN).increment(1);
}

/// A worker ended.
pub(crate) fn death() {
    counter!(DEATHS).increment(1);
}

/// What is at work now.
pub(crate) fn now(live: usize, damaged: usize, artifacts: u64, free: u64, ready: usize, missing: usize) {
    gauge!(LIVE).set(live as f64);
    gauge!(DAMAGED).set(damaged as f64);
    gauge!(ARTIFACTS).set(artifacts as f64);
    gauge!(FREE).set(free as f64);
    gauge!(WORKERS, "state" => "ready").set(ready as f64);
    gauge!(WORKERS, "state" => "missing").set(missing as f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of `docs/metrics.md`, as it must be.
    fn table() -> String {
        let mut text = String::from("| name | sort | unit | labels | what it is |\n|---|---|---|---|---|\n");
        for Figure { name, sort, unit, labels, doc } in FIGURES {
            let unit = unit.as_str();
            text += &format!(
                "| `{name}` | {} | {unit} | {labels} | {doc} |\n",
                format!("{sort:?}").to_lowercase()
            );
        }
        text
    }

    #[test]
    fn the_page_has_every_figure() {
        let page = include_str!("../../../docs/metrics.md");
        assert!(page.contains(&table()), "docs/metrics.md must hold this table:\n{}", table());
    }

    #[test]
    fn names_follow_the_conventions() {
        for Figure { name, sort, unit, .. } in FIGURES {
            assert!(
                name.starts_with("aludel_") && name.bytes().all(|b| b == b'_' || b.is_ascii_lowercase()),
                "{name}"
            );
            assert_eq!(name.ends_with("_total"), *sort == Sort::Counter, "{name}");
            assert_eq!(name.ends_with("_seconds"), *unit == Unit::Seconds, "{name}");
            assert_eq!(name.ends_with("_bytes"), *unit == Unit::Bytes, "{name}");
        }
    }
}
