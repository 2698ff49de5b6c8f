//! What a device can do at most, measured: the rates from which floors follow.

use core::time::Duration;

use aludel_kernels::limits::{Operation, WORDS};
use aludel_kernels::{Error, Limits};

use super::data;
use super::measure::{Measurement, Plan, last_words, repeated};
use super::profile::Rates;
use super::run::Row;
use super::statistics::Times;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Bytes within the device's memory.
    Copy,
    /// Bytes to it.
    ToDevice,
    /// Bytes from it.
    FromDevice,
    /// Multiply-adds.
    Multiply(Operation),
}

/// How large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes that are copied.
    pub bytes: usize,
    /// Threads of chains.
    pub threads: usize,
    /// Rounds of them.
    pub rounds: u32,
}

impl Sizes {
    /// For a GPU, or a processor. Copies are larger than any cache, and two of them fit `limit` bytes.
    pub fn new(is_processor: bool, limit: u64) -> Self {
        let (bytes, threads, rounds) =
            if is_processor { (128 << 20, 1 << 12, 64) } else { (2 << 30, 1 << 18, 256) };
        let limit = usize::try_from(limit / 2).unwrap_or(usize::MAX) / 256 * 256;
        Self { bytes: bytes.min(limit), threads: threads.min(limit / (4 * WORDS)), rounds }
    }
}

impl Limit {
    /// All, in the order in which they run.
    pub const ALL: [Self; 7] = [
        Self::Copy,
        Self::ToDevice,
        Self::FromDevice,
        Self::Multiply(Operation::Low),
        Self::Multiply(Operation::High),
        Self::Multiply(Operation::Wide),
        Self::Multiply(Operation::Double),
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::ToDevice => "copy-to-device",
            Self::FromDevice => "copy-from-device",
            Self::Multiply(Operation::Low) => "multiply-low",
            Self::Multiply(Operation::High) => "multiply-high",
            Self::Multiply(Operation::Wide) => "multiply-wide",
            Self::Multiply(Operation::Double) => "fma-64",
            Self::Multiply(Operation::Base) => "field-base",
            Self::Multiply(Operation::Quintic) => "field-quintic",
        }
    }

    /// Bytes that move, reads and writes of the device's memory, and operations.
    fn work(self, sizes: Sizes) -> (u64, u64) {
        match self {
            Self::Copy => (2 * sizes.bytes as u64, 0),
            Self::ToDevice | Self::FromDevice => (sizes.bytes as u64, 0),
            Self::Multiply(operation) => (0, operation.count(sizes.threads, sizes.rounds)),
        }
    }

    fn shape(self, sizes: Sizes) -> String {
        match self {
            Self::Multiply(_) => format!("{} threads", sizes.threads),
            _ => format!("{} MiB", sizes.bytes >> 20),
        }
    }

    /// The rate that a profile has of it.
    const fn known(self, rates: &Rates) -> Option<f64> {
        match self {
            Self::Copy => rates.copy_bytes,
            Self::Multiply(Operation::Low) => rates.multiply_low,
            Self::Multiply(Operation::High) => rates.multiply_high,
            Self::Multiply(Operation::Wide) => rates.multiply_wide,
            Self::Multiply(Operation::Double) => rates.fma_64,
            _ => None,
        }
    }
}

/// Measures limits. `told` is told each of their rows.
pub fn limits<D: Limits>(
    device: &D,
    chosen: &[Limit],
    sizes: Sizes,
    plan: Plan,
    rates: &Rates,
    mut told: impl FnMut(&Row),
) -> Measurement {
    let mut done = Measurement { rows: Vec::new(), ended: None };
    for limit in chosen {
        let times = times(device, *limit, sizes, plan);
        done.ended = times.as_ref().err().and_then(last_words);
        let row = row(*limit, sizes, times, rates);
        told(&row);
        done.rows.push(row);
        if done.ended.is_some() {
            break;
        }
    }
    done
}

/// The rates that rows of limits say.
pub fn rates(rows: &[Row]) -> Rates {
    let of = |limit: Limit| rows.iter().find(|row| row.name == limit.name()).and_then(|row| row.per_second);
    Rates {
        copy_bytes: of(Limit::Copy),
        multiply_low: of(Limit::Multiply(Operation::Low)),
        multiply_high: of(Limit::Multiply(Operation::High)),
        multiply_wide: of(Limit::Multiply(Operation::Wide)),
        fma_64: of(Limit::Multiply(Operation::Double)),
    }
}

/// Memory is taken once, so that no repetition waits for a system that gives it at its first use.
fn times<D: Limits>(device: &D, limit: Limit, sizes: Sizes, plan: Plan) -> Result<Times, Error> {
    let count = sizes.bytes / 4;
    let fresh = |seed| data::words(count, u32::MAX, seed);
    match limit {
        Limit::Copy => {
            let [mut from, mut to] = [device.words(count)?, device.words(count)?];
            repeated(plan, |seed| {
                device.send(&fresh(seed), &mut from)?;
                device.timed(|| device.copy(&from, &mut to)).map(|((), time)| time)
            })
        }
        Limit::ToDevice => {
            let mut there = device.words(count)?;
            repeated(plan, |seed| {
                let here = fresh(seed);
                device.timed(|| device.send(&here, &mut there)).map(|((), time)| time)
            })
        }
        Limit::FromDevice => {
            let (mut here, mut there) = (vec![0; count], device.words(count)?);
            repeated(plan, |seed| {
                device.send(&fresh(seed), &mut there)?;
                device.timed(|| device.fetch(&there, &mut here)).map(|((), time)| time)
            })
        }
        Limit::Multiply(operation) => repeated(plan, |seed| multiply(device, operation, sizes, seed)),
    }
}

fn multiply<D: Limits>(device: &D, operation: Operation, sizes: Sizes, seed: u64) -> Result<Duration, Error> {
    let count = sizes.threads * WORDS;
    let mut words = device.words(count)?;
    // As numbers of 64 bits these are finite, positive and not small.
    let states = data::words(count, 1 << 20, seed).into_iter().map(|word| word | 0x3ff0_0000);
    device.send(&states.collect::<Vec<_>>(), &mut words)?;
    let factor = 0x8000_0001 | (seed as u32).rotate_left(8);
    device.timed(|| device.multiply(operation, factor, sizes.rounds, &mut words)).map(|((), time)| time)
}

fn row(limit: Limit, sizes: Sizes, times: Result<Times, Error>, rates: &Rates) -> Row {
    let (bytes, operations) = limit.work(sizes);
    let amount = (bytes + operations) as f64;
    let times = times.map_err(|error| error.to_string());
    let median = times.as_ref().ok().map(|times| times.median_s).filter(|s| *s > 0.0);
    let floor_s = limit.known(rates).map(|rate| amount / rate);
    Row {
        name: limit.name().to_owned(),
        shape: limit.shape(sizes),
        per_second: median.map(|s| amount / s),
        unit: if bytes > 0 { "bytes/s" } else { "operations/s" }.to_owned(),
        bytes,
        operations,
        floor_s,
        floor_by: floor_s.map(|_| "profile".to_owned()),
        fraction: floor_s.zip(median).map(|(floor, s)| floor / s),
        error: times.as_ref().err().cloned(),
        times: times.ok(),
    }
}
