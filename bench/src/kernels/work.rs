//! One repetition of a case on a device: data up, then the clock, then what came out.

use core::time::Duration;

use aludel_kernels::{Claims, Error, Opening};
use aludel_protocol::grinding::{Puzzle, WIDTH};
use aludel_protocol::trees::Cap;
use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, Field};
use p3_matrix::dense::RowMajorMatrix;

use super::Measured;
use super::case::{Case, FIELD_ROUNDS, Family, LOG_CLAIMS, LOG_STEP, OPENED, POINTS};
use super::data;
use super::programs::{Programs, domain, programs};

/// What a kernel leaves on a device.
enum Made<D: Measured> {
    Matrix(D::Matrix),
    Matrices(Vec<D::Matrix>),
    Sums(D::Matrix, Challenge),
    /// Of an easy puzzle and of a hard one.
    Witnesses([Option<F>; 2]),
    Words(D::Words, usize),
    Tree(Cap, D::Tree),
    Openings(Vec<Opening>),
    /// Of each matrix, at each of its points, of each column.
    Values(Vec<Vec<Vec<Challenge>>>),
}

/// What it made, here.
#[derive(PartialEq)]
pub enum Seen {
    Matrix(RowMajorMatrix<F>),
    Matrices(Vec<RowMajorMatrix<F>>),
    Sums(RowMajorMatrix<F>, Challenge),
    Witnesses([Option<F>; 2]),
    Words(Vec<u32>),
    Tree(Cap, Vec<Opening>),
    Openings(Vec<Opening>),
    Values(Vec<Vec<Vec<Challenge>>>),
}

/// The programs that a family runs, made ready: before the clock starts, and once for all its repetitions.
///
/// # Errors
/// Any of the device.
pub fn compiled<D: Measured>(device: &D, family: Family) -> Result<Vec<D::Compiled>, Error> {
    match programs(family) {
        Some(programs) => of(device, programs)?.parts.iter().map(|part| device.compile(part)).collect(),
        None => Ok(Vec::new()),
    }
}

/// Programs, or that there are none of them in this build.
fn of<D: Measured, T>(device: &D, made: Result<T, &str>) -> Result<T, Error> {
    made.map_err(|why| Error::Unsupported { device: device.id(), what: format!("a program: {why}") })
}

/// The time of one repetition, with data of this seed and the family's [`compiled`] programs.
///
/// # Errors
/// Any of the device.
pub fn time<D: Measured>(
    device: &D,
    case: &Case,
    compiled: &[D::Compiled],
    seed: u64,
) -> Result<Duration, Error> {
    make(device, case, compiled, seed).map(|(_, time)| time)
}

/// The time of a chip's fractions and their running sums: all columns of its lookups.
///
/// # Errors
/// Any of the device.
pub fn time_of_lookups<D: Measured>(
    device: &D,
    case: &Case,
    compiled: &[D::Compiled],
    seed: u64,
) -> Result<Duration, Error> {
    let (fractions, time) = run(device, case, compiled, seed)?;
    let (_, more) = device.timed(|| device.running_sums(fractions))?;
    Ok(time + more)
}

/// The answer of a device.
///
/// # Errors
/// Any of the device.
pub fn answer<D: Measured>(
    device: &D,
    case: &Case,
    compiled: &[D::Compiled],
    seed: u64,
) -> Result<Seen, Error> {
    let indices = indices(case, seed);
    Ok(match make(device, case, compiled, seed)?.0 {
        Made::Matrix(matrix) => Seen::Matrix(device.download(&matrix)?),
        Made::Matrices(matrices) => {
            Seen::Matrices(matrices.iter().map(|matrix| device.download(matrix)).collect::<Result<_, _>>()?)
        }
        Made::Sums(matrix, total) => Seen::Sums(device.download(&matrix)?, total),
        Made::Witnesses(witnesses) => Seen::Witnesses(witnesses),
        Made::Words(words, count) => {
            let mut seen = vec![0; count];
            device.fetch(&words, &mut seen)?;
            Seen::Words(seen)
        }
        Made::Tree(cap, tree) => Seen::Tree(cap, device.open(&tree, &indices)?),
        Made::Openings(openings) => Seen::Openings(openings),
        Made::Values(values) => Seen::Values(values),
    })
}

fn make<D: Measured>(
    device: &D,
    case: &Case,
    compiled: &[D::Compiled],
    seed: u64,
) -> Result<(Made<D>, Duration), Error> {
    let matrix = || device.upload(&data::matrix(1 << case.log_height, case.width, seed));
    let made = |(matrix, time)| (Made::Matrix(matrix), time);
    match case.family {
        Family::FieldBase | Family::FieldQuintic => field(device, case, seed),
        Family::Ntt => {
            let matrix = matrix()?;
            device.timed(|| device.ntt(matrix)).map(made)
        }
        Family::InverseNtt => {
            let matrix = matrix()?;
            device.timed(|| device.inverse_ntt(matrix)).map(made)
        }
        Family::CosetLde => {
            let matrix = matrix()?;
            device.timed(|| device.coset_lde(&matrix, 1, F::GENERATOR)).map(made)
        }
        Family::Poseidon2Of16 | Family::Poseidon2Of24 => {
            let matrix = matrix()?;
            device.timed(|| device.permute(matrix)).map(made)
        }
        Family::MerkleCommit => {
            let matrices = vec![matrix()?];
            let ((cap, tree), time) = device.timed(|| device.commit(matrices, 0))?;
            Ok((Made::Tree(cap, tree), time))
        }
        Family::MerkleOpen => {
            let (_, tree) = device.commit(vec![matrix()?], 0)?;
            let indices = indices(case, seed);
            let (openings, time) = device.timed(|| device.open(&tree, &indices))?;
            Ok((Made::Openings(openings), time))
        }
        Family::Fold => {
            let matrix = matrix()?;
            let log_next = case.log_arity().min(case.log_height);
            device.timed(|| device.fold(&matrix, challenge(seed), None, log_next)).map(made)
        }
        Family::Grinding => grinding(device, case, seed),
        Family::RunningSums => {
            let matrix = matrix()?;
            let ((sums, total), time) = device.timed(|| device.running_sums(matrix))?;
            Ok((Made::Sums(sums, total), time))
        }
        Family::Selectors => {
            device.timed(|| device.selectors(case.log_height.saturating_sub(LOG_STEP), LOG_STEP)).map(made)
        }
        Family::Chunks => {
            let matrix = matrix()?;
            let (chunks, time) = device.timed(|| device.chunks(&matrix, LOG_STEP))?;
            Ok((Made::Matrices(chunks), time))
        }
        Family::Openings => {
            let (matrix, points) = (matrix()?, [challenges(POINTS, seed)]);
            let (values, time) = device.timed(|| device.values_at(&[&matrix], &points, LOG_STEP))?;
            Ok((Made::Values(values), time))
        }
        Family::Reduced => reduced(device, &matrix()?, case.width, seed).map(made),
        Family::Quotient | Family::Lookups => run(device, case, compiled, seed).map(made),
    }
}

/// Bits of a puzzle that some of few candidates solve, and of one that hardly any does, so that all are tried.
const EASY_BITS: usize = 7;
const HARD_BITS: usize = 30;

/// An easy puzzle, for its answer, and a hard one, for its time.
fn grinding<D: Measured>(device: &D, case: &Case, seed: u64) -> Result<(Made<D>, Duration), Error> {
    let row = data::matrix(1, WIDTH, seed).values;
    let state: [F; WIDTH] = core::array::from_fn(|i| row[i]);
    let candidates = || 0..1u32 << case.log_height.min(31);
    let search = |bits| {
        let puzzle = Puzzle::new(state, 0, WIDTH / 2 - 1, bits);
        puzzle.map_or(Ok(None), |puzzle| device.smallest_witness(&puzzle, candidates()))
    };
    let easy = search(EASY_BITS)?;
    let (hard, time) = device.timed(|| search(HARD_BITS))?;
    Ok((Made::Witnesses([easy, hard]), time))
}

/// Programs on columns of anything, one after the other.
fn run<D: Measured>(
    device: &D,
    case: &Case,
    compiled: &[D::Compiled],
    seed: u64,
) -> Result<(D::Matrix, Duration), Error> {
    let programs: &Programs = of(device, programs(case.family).unwrap_or(Err("none")))?;
    let values = programs.values(|count| challenges(count, seed));
    let values = of(device, values.ok_or("it wants values that no proof has"))?;
    let upload = |(number, width): (usize, usize)| {
        // Each matrix has numbers of its own.
        let rows = || data::matrix(1 << case.log_height, width, seed ^ ((number as u64) << 60));
        if width == 0 { Ok(None) } else { device.upload(&rows()).map(Some) }
    };
    let matrices = programs.widths.into_iter().enumerate().map(upload).collect::<Result<Vec<_>, _>>()?;
    let matrices = core::array::from_fn(|number| matrices[number].as_ref());
    let (made, time) = device.timed(|| {
        compiled
            .iter()
            .try_fold(None, |onto, part| device.run(part, domain(case), matrices, &values, onto).map(Some))
    })?;
    Ok((of(device, made.ok_or("it has no part"))?, time))
}

/// Claims of anything: what a device does with them does not depend on whether they hold.
fn reduced<D: Measured>(
    device: &D,
    matrix: &D::Matrix,
    width: usize,
    seed: u64,
) -> Result<(D::Matrix, Duration), Error> {
    let mut drawn = challenges(1 + POINTS + POINTS * width, seed);
    let values = drawn.split_off(1 + POINTS);
    let values: Vec<_> = values.chunks(width.max(1)).map(<[_]>::to_vec).collect();
    let claims = [Claims { matrix, points: &drawn[1..], values: &values }];
    device.timed(|| device.reduced(&claims, drawn[0], LOG_CLAIMS))
}

fn challenge(seed: u64) -> Challenge {
    challenges(1, seed)[0]
}

pub(super) fn challenges(count: usize, seed: u64) -> Vec<Challenge> {
    let coefficients = data::matrix(count, 5, !seed).values;
    let of = |five: &[F]| Challenge::from_basis_coefficients_fn(|i| five[i]);
    coefficients.chunks_exact(5).map(of).collect()
}

fn field<D: Measured>(device: &D, case: &Case, seed: u64) -> Result<(Made<D>, Duration), Error> {
    let count = case.width << case.log_height;
    let operation = case.family.operation().unwrap_or(aludel_kernels::limits::Operation::Base);
    let mut words = device.words(count)?;
    device.send(&data::elements(count, seed), &mut words)?;
    let ((), time) = device.timed(|| device.multiply(operation, 0, FIELD_ROUNDS, &mut words))?;
    Ok((Made::Words(words, count), time))
}

/// Leaves that are opened.
fn indices(case: &Case, seed: u64) -> Vec<usize> {
    let below = 1u32 << case.log_height.min(31);
    data::words(OPENED, below, !seed).into_iter().map(|index| index as usize).collect()
}
