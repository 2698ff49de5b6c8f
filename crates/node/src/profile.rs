//! `--profile`: time and memory by stage and cells by chip, on standard error.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use aludel_circuits::Shape;
use aludel_prover::profile::Profile;
use tracing::{Id, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::costs::{Cost, Costs};
use crate::exit::{Failure, Kind, OrFail};
use crate::memory::{peak_bytes, resident_bytes};

/// Spans nested deeper than this are short and many: asking the system at each would distort their time.
const DEPTH: usize = 2;

/// An account of time and memory that runs from now on, where it was asked for.
pub struct Recorder(Option<(Profile, Memory)>);

impl Recorder {
    /// Starts the account.
    pub fn start(wanted: bool) -> Result<Self, Failure> {
        if !wanted {
            return Ok(Self(None));
        }
        let (profile, memory) = (Profile::new(), Memory::default());
        let subscriber = tracing_subscriber::registry().with(profile.clone()).with(memory.clone());
        subscriber.try_init().or_fail(Kind::Bug, "--profile")?;
        Ok(Self(Some((profile, memory))))
    }

    /// Prints the account so far, and the cells of what was proven.
    pub fn print(&self, costs: &Costs) {
        let Some((profile, memory)) = &self.0 else { return };
        eprint!("{profile}\n{}", memory.table());
        for (shape, costs) in costs.by_shape() {
            eprint!("{}", cells(shape, costs));
        }
    }
}

/// The most memory that was resident at the end of each outer span, by name. Clones share the account.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Memory {
    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|span| span.scope().count() <= DEPTH) else { return };
        let mut account = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let most = account.entry(span.name()).or_default();
        *most = resident_bytes().max(*most);
    }
}

impl Memory {
    fn table(&self) -> String {
        let account = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stages: Vec<_> = account.iter().map(|(name, bytes)| (*bytes, *name)).collect();
        stages.push((peak_bytes(), "(peak)"));
        stages.sort_unstable_by(|a, b| b.cmp(a));
        let mut text = format!("{:>10}  resident at the end of stage\n", "MB");
        for (bytes, name) in stages {
            line(&mut text, format_args!("{:>10.1}  {name}", bytes as f64 / 1e6));
        }
        text
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").unwrap_or_else(|_| unreachable!("a string takes everything"));
}

fn cells(shape: Shape, costs: &[Cost]) -> String {
    let mut text = format!("\n{:>12} {:>6} {:>7}  chip, shape {shape}\n", "cells", "share", "padding");
    let part = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    let all = costs.iter().map(|cost| cost.cells).sum();
    for Cost { chip, cells, used } in costs {
        let (share, padding) = (part(*cells, all), part(cells - used, *cells));
        line(&mut text, format_args!("{cells:>12} {share:>5.1}% {padding:>6.1}%  {chip}"));
    }
    let padding = part(costs.iter().map(|cost| cost.cells - cost.used).sum(), all);
    line(&mut text, format_args!("{all:>12} {:>5.1}% {padding:>6.1}%  (all)", 100.0));
    text
}
