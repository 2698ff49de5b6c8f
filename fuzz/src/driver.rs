//! Runs a target on its seeds and on mutations of them, bounded by time and by count.
//!
//! Input `n` is a function of the run's seed, of the committed corpus and of `n` alone: seeds of the target first, its corpus, then
//! mutants of both, by turns with edges of the seeds. So what failed can be named, and a bound on time changes how far a run comes and
//! nothing else.

use core::fmt;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::mutate::{EDGES, edge, mutant};
use crate::{Kind, Target, Verdict, corpus};

/// How far a run goes. [`Bounds::with_env`] says which variable sets what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// No input is begun after this time.
    pub time: Duration,
    /// How many inputs at most.
    pub inputs: u64,
    /// What mutants derive from.
    pub seed: u64,
    /// The first input.
    pub start: u64,
    /// Print the number of each input before it runs, for a process that dies.
    pub trace: bool,
}

/// What the targets of a kind share in the tests.
const MINUTE: Duration = Duration::from_secs(60);

/// A variable that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}={value}: expected a whole number; correct or unset it")]
pub struct BadVariable {
    name: &'static str,
    value: String,
}

impl Bounds {
    /// A target's share of its kind's minute.
    pub fn share(kind: Kind) -> Self {
        Self { time: kind.share(MINUTE), inputs: u64::MAX, seed: 1, start: 0, trace: false }
    }

    /// These bounds, changed by `ALUDEL_FUZZ_SECONDS`, `ALUDEL_FUZZ_INPUTS`, `ALUDEL_FUZZ_SEED`, `ALUDEL_FUZZ_START` and
    /// `ALUDEL_FUZZ_TRACE` (any number but 0).
    ///
    /// # Errors
    /// Where a variable is set to something else than a whole number.
    pub fn with_env(self) -> Result<Self, BadVariable> {
        self.with_variables(|name| env::var(name).ok())
    }

    fn with_variables(self, get: impl Fn(&str) -> Option<String>) -> Result<Self, BadVariable> {
        let number = |name: &'static str| match get(name) {
            None => Ok(None),
            Some(value) => value.parse().map(Some).map_err(|_| BadVariable { name, value }),
        };
        Ok(Self {
            time: number("ALUDEL_FUZZ_SECONDS")?.map_or(self.time, Duration::from_secs),
            inputs: number("ALUDEL_FUZZ_INPUTS")?.unwrap_or(self.inputs),
            seed: number("ALUDEL_FUZZ_SEED")?.unwrap_or(self.seed),
            start: number("ALUDEL_FUZZ_START")?.unwrap_or(self.start),
            trace: number("ALUDEL_FUZZ_TRACE")?.map_or(self.trace, |number| number != 0),
        })
    }
}

/// What a run saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Seeds of the target.
    pub seeds: u64,
    /// Inputs of its corpus.
    pub corpus: u64,
    /// Inputs that ran, those included.
    pub inputs: u64,
    /// Those that were accepted.
    pub accepted: u64,
    /// The longest that one took.
    pub slowest: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seeds, corpus, inputs, accepted, slowest } = self;
        write!(
            f,
            "{inputs} inputs ({seeds} seeds, {corpus} of the corpus), {accepted} accepted, slowest {slowest:?}"
        )
    }
}

/// An input at which a target failed, or a run that shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The target panicked.
    #[error(
        "{target} failed at input {number} of seed {seed}: {reason}\nagain: ALUDEL_FUZZ_SEED={seed} ALUDEL_FUZZ_START={number} ALUDEL_FUZZ_INPUTS=1\ninput: {}",
        hex::encode(input)
    )]
    Input {
        /// The target.
        target: &'static str,
        /// What mutants derive from.
        seed: u64,
        /// Which input.
        number: u64,
        /// Why.
        reason: String,
        /// The input.
        input: Vec<u8>,
    },
    /// The committed corpus cannot be read.
    #[error("{target}: the corpus in {} cannot be read: {reason}", corpus::folder(target).display())]
    Corpus {
        /// The target.
        target: &'static str,
        /// Why.
        reason: String,
    },
    /// The target refused a seed, which is valid.
    #[error("{target} refuses its seed {number}, which must be valid: {}", hex::encode(input))]
    Seed {
        /// The target.
        target: &'static str,
        /// Which seed.
        number: u64,
        /// The seed.
        input: Vec<u8>,
    },
    /// Mutants were all accepted, or all refused: the run tried one side of the decoder.
    #[error("{target} showed nothing: {report}; mutants must be both accepted and refused")]
    Empty {
        /// The target.
        target: &'static str,
        /// What the run saw.
        report: Report,
    },
}

/// From how many mutants on a run must have seen both sides of the decoder.
const ENOUGH: u64 = 500;

/// Runs a target. One run at a time: memory is counted for the whole process.
///
/// # Errors
/// The first input that fails.
pub fn run(target: &Target, bounds: &Bounds) -> Result<Report, Failure> {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let start = Start::of(target)?;
    let mut report = start.report();
    let began = Instant::now();
    for number in bounds.start..bounds.start.saturating_add(bounds.inputs) {
        if began.elapsed() > bounds.time {
            break;
        }
        one(target, bounds, &start, number, &mut report)?;
    }
    let mutants = report.inputs.saturating_sub(report.seeds + report.corpus);
    let is_one_sided = report.accepted <= report.seeds + report.corpus || report.accepted == report.inputs;
    match bounds.start == 0 && mutants >= ENOUGH && is_one_sided {
        true => Err(Failure::Empty { target: target.name, report }),
        false => Ok(report),
    }
}

/// What inputs are made from.
struct Start {
    seeds: Vec<Vec<u8>>,
    corpus: Vec<Vec<u8>>,
}

impl Start {
    fn of(target: &Target) -> Result<Self, Failure> {
        let corpus = corpus::read(target.name)
            .map_err(|error| Failure::Corpus { target: target.name, reason: error.to_string() })?;
        Ok(Self { seeds: (target.seeds)(), corpus })
    }

    fn report(&self) -> Report {
        let (seeds, corpus) = (self.seeds.len() as u64, self.corpus.len() as u64);
        Report { seeds, corpus, ..Report::default() }
    }

    /// Input `number` of a run.
    fn input(&self, bounds: &Bounds, number: u64) -> Vec<u8> {
        usize::try_from(number).ok().and_then(|number| self.fixed(number)).unwrap_or_else(|| {
            let mut rng = ChaCha8Rng::seed_from_u64(bounds.seed);
            rng.set_stream(number);
            let is_of_corpus = !self.corpus.is_empty() && rng.random();
            mutant(&mut rng, if is_of_corpus { &self.corpus } else { &self.seeds })
        })
    }

    /// What every run begins with: seeds, corpus, and by turns with mutants, which are to have their part of a short run, the edges
    /// of the seeds.
    fn fixed(&self, number: usize) -> Option<Vec<u8>> {
        let whole = self.seeds.len() + self.corpus.len();
        match number.checked_sub(whole) {
            None => self.seeds.iter().chain(&self.corpus).nth(number).cloned(),
            Some(behind) if !behind.is_multiple_of(2) => None,
            Some(behind) => Some(edge(self.seeds.get(behind / 2 / EDGES)?, behind / 2 % EDGES)),
        }
    }
}

fn one(
    target: &Target,
    bounds: &Bounds,
    start: &Start,
    number: u64,
    report: &mut Report,
) -> Result<(), Failure> {
    let input = start.input(bounds, number);
    if bounds.trace {
        eprintln!("{} seed {} input {number}: {} bytes", target.name, bounds.seed, input.len());
    }
    let began = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(&input)));
    report.slowest = report.slowest.max(began.elapsed());
    report.inputs += 1;
    match outcome {
        Ok(Verdict::Accepted) => report.accepted += 1,
        Ok(Verdict::Refused) if number < report.seeds => {
            return Err(Failure::Seed { target: target.name, number, input });
        }
        Ok(Verdict::Refused) => (),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let reason = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned();
            return Err(Failure::Input { target: target.name, seed: bounds.seed, number, reason, input });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
