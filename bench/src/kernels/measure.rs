//! The engine: checks a kernel, warms it up, repeats it, and goes on where one fails.

use aludel_kernels::cpu::Cpu;
use aludel_kernels::{DeviceId, Error};

use super::case::Case;
use super::count::work;
use super::profile::Rates;
use super::run::Row;
use super::statistics::Times;
use super::work::{Seen, answer, compiled, time};
use super::{Measured, count};

/// How often, and with what data.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Repetitions that are timed, one at least.
    pub repeat: usize,
    /// Of the data; each repetition has data of its own.
    pub seed: u64,
}

/// Why nothing was measured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{device}: {family} gives other results than the processor at {shape}: nothing is measured on a device that computes wrongly; report it"
)]
pub struct WrongKernel {
    /// Where.
    pub device: DeviceId,
    /// Which.
    pub family: &'static str,
    /// At what shape.
    pub shape: String,
}

/// Rows of some cases, and why it ended early if it did.
pub struct Measurement {
    /// In the order of the cases. One that failed says why.
    pub rows: Vec<Row>,
    /// The device's last words.
    pub ended: Option<String>,
}

/// Measures cases. `told` is told each of their rows.
///
/// # Errors
/// [`WrongKernel`] where a kernel is not what the processor says. It is tried before its time is taken.
pub fn kernels<D: Measured>(
    device: &D,
    cases: &[Case],
    plan: Plan,
    rates: &Rates,
    mut told: impl FnMut(&Row),
) -> Result<Measurement, WrongKernel> {
    let mut done = Measurement { rows: Vec::new(), ended: None };
    for case in cases {
        let times = measure(device, case, plan)?;
        done.ended = times.as_ref().err().and_then(last_words);
        let row = row(case, times, rates);
        told(&row);
        done.rows.push(row);
        if done.ended.is_some() {
            break;
        }
    }
    Ok(done)
}

/// Why no other case can be tried.
pub(super) fn last_words(error: &Error) -> Option<String> {
    matches!(error, Error::DeviceLost { .. }).then(|| error.to_string())
}

/// Times of a case, or why there are none.
fn measure<D: Measured>(device: &D, case: &Case, plan: Plan) -> Result<Result<Times, Error>, WrongKernel> {
    let small = case.small();
    let programs = match compiled(device, case.family) {
        Ok(programs) => programs,
        Err(error) => return Ok(Err(error)),
    };
    match answer(device, &small, &programs, plan.seed) {
        Ok(found) if right(&small, plan.seed).is_ok_and(|right| right == found) => {}
        Ok(_) => {
            return Err(WrongKernel {
                device: device.id(),
                family: case.family.name(),
                shape: small.shape(),
            });
        }
        Err(error) => return Ok(Err(error)),
    }
    Ok(repeated(plan, |seed| time(device, case, &programs, seed)))
}

/// The processor's answer.
fn right(case: &Case, seed: u64) -> Result<Seen, Error> {
    let cpu = Cpu::new(u64::MAX);
    let programs = compiled(&cpu, case.family)?;
    answer(&cpu, case, &programs, seed)
}

/// Times of something, the first of which is not counted.
pub(super) fn repeated(
    plan: Plan,
    mut once: impl FnMut(u64) -> Result<core::time::Duration, Error>,
) -> Result<Times, Error> {
    let seeds = (0..=plan.repeat.max(1) as u64).map(|i| plan.seed.wrapping_mul(1 << 20).wrapping_add(i));
    let all = seeds.map(&mut once).collect::<Result<Vec<_>, _>>()?;
    // There is one at least.
    Ok(Times::of(&all[1..]).unwrap_or_else(|| unreachable!("a repetition at least")))
}

fn row(case: &Case, times: Result<Times, Error>, rates: &Rates) -> Row {
    let work = work(case);
    let floor = work.floor(rates);
    let times = times.map_err(|error| error.to_string());
    let median = times.as_ref().ok().map(|times| times.median_s).filter(|s| *s > 0.0);
    Row {
        name: case.family.name().to_owned(),
        shape: case.shape(),
        per_second: median.map(|s| work.units as f64 / s),
        unit: work.unit.to_owned(),
        bytes: work.bytes,
        operations: work.products,
        floor_s: floor.map(|(s, _)| s),
        floor_by: floor.map(|(_, bound): (f64, count::Bound)| bound.name().to_owned()),
        fraction: floor.zip(median).map(|((floor, _), s)| floor / s),
        error: times.as_ref().err().cloned(),
        times: times.ok(),
    }
}
