//! Two runs, row by row.

use core::fmt::Write;

use super::run::{Row, Run};
use super::table::{aligned, seconds};

/// What two runs have to do with each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Rows that both have.
    pub rows: Vec<Ratio>,
    /// Rows without times on one side: on which, and which row.
    pub missing: Vec<(Side, String)>,
    /// Why their times do not compare.
    pub warnings: Vec<String>,
}

/// One of two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that was given.
    Before,
    /// This one.
    Now,
}

/// A row on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    /// Which, and at what shape.
    pub row: String,
    /// The median before.
    pub before_s: f64,
    /// The median now.
    pub now_s: f64,
    /// Now by before: above one is slower.
    pub ratio: f64,
}

/// Compares a run with one before it.
pub fn compare(before: &Run, now: &Run) -> Comparison {
    let mut found = Comparison { warnings: warnings(before, now), ..Comparison::default() };
    for row in &now.rows {
        let other = before.rows.iter().find(|other| other.key() == row.key());
        match (other.and_then(median), median(row)) {
            (Some(before_s), Some(now_s)) => {
                found.rows.push(Ratio { row: name(row), before_s, now_s, ratio: now_s / before_s });
            }
            (Some(_), None) => found.missing.push((Side::Now, name(row))),
            (None, _) => found.missing.push((Side::Before, name(row))),
        }
    }
    let gone = before.rows.iter().filter(|row| now.rows.iter().all(|other| other.key() != row.key()));
    found.missing.extend(gone.map(|row| (Side::Now, name(row))));
    found
}

fn median(row: &Row) -> Option<f64> {
    row.times.as_ref().map(|times| times.median_s).filter(|s| *s > 0.0)
}

fn name(row: &Row) -> String {
    format!("{} {}", row.name, row.shape)
}

fn warnings(before: &Run, now: &Run) -> Vec<String> {
    let pairs = [
        ("kinds", &before.kind, &now.kind),
        ("devices", &before.device.name, &now.device.name),
        ("clocks", &before.device.clock, &now.device.clock),
        ("what runs programs", &before.device.programs, &now.device.programs),
        ("processors", &before.host.processor, &now.host.processor),
        ("versions of Aludel", &before.versions.aludel, &now.versions.aludel),
        ("vector instructions", &before.versions.vectors, &now.versions.vectors),
    ];
    let mut warnings: Vec<_> = pairs
        .into_iter()
        // Versions that did not tell have nothing.
        .filter(|(_, before, now)| before != now && !before.is_empty())
        .map(|(what, before, now)| format!("{what} differ: {before} before, {now} now"))
        .collect();
    if before.host.threads != now.host.threads {
        warnings.push(format!("threads differ: {} before, {} now", before.host.threads, now.host.threads));
    }
    if before.versions.release != now.versions.release {
        warnings.push("one build is optimised without checks, the other is not".to_owned());
    }
    warnings
}

impl Comparison {
    /// Rows that are more than so many times as slow as before.
    pub fn slower_than(&self, ratio: f64) -> impl Iterator<Item = &Ratio> {
        self.rows.iter().filter(move |row| row.ratio > ratio)
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for warning in &self.warnings {
            let _ = writeln!(text, "warning: {warning}");
        }
        let mut lines = vec![["kernel", "before", "now", "now/before"].map(str::to_owned)];
        lines.extend(self.rows.iter().map(|row| {
            [row.row.clone(), seconds(row.before_s), seconds(row.now_s), format!("{:.3}", row.ratio)]
        }));
        text.push_str(&aligned(&lines));
        for (side, row) in &self.missing {
            let side = if *side == Side::Before { "before" } else { "now" };
            let _ = writeln!(text, "{row}: no times {side}");
        }
        text
    }
}
