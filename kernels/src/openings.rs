//! Shapes of openings, and what they have in common on all devices.

use core::iter::zip;

use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, dot_product};

use crate::error::Error;
use crate::fold::DEGREE;
use crate::id::DeviceId;
use crate::seam::{Claims, Device, MAX_LOG_HEIGHT};

/// Points for which a column is read once.
pub(crate) const POINTS: usize = 2;

/// Rows that are taken at a time, at most: what is made for them stays in a cache.
pub(crate) const ROWS_AT_ONCE: usize = 1 << 19;

/// Columns of which a launch adds rows, at most: sums of tiles take little memory.
pub(crate) const COLUMNS_AT_ONCE: usize = 1 << 8;

/// Rows that are taken at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    pub first: usize,
    pub count: usize,
}

impl Rows {
    /// All of `2^log`, at most so many at a time, a power of two.
    pub fn parts(log: usize, at_once: usize) -> impl Iterator<Item = Self> {
        let count = at_once.min(1 << log);
        (0..1 << log).step_by(count).map(move |first| Self { first, count })
    }

    /// Those of `2^log` that begin at one, which is the first of a part of more.
    pub fn part(log: usize, at_once: usize, first: usize) -> Option<Self> {
        (first < 1 << log).then(|| Self { first, count: at_once.min(1 << log) })
    }
}

/// Base-2 logarithm of the height of a matrix on a coset on which none of these points lies.
///
/// # Errors
/// [`Error::Unsupported`] for another height, and where one lies on it.
fn log_coset(device: DeviceId, height: usize, points: &[Challenge]) -> Result<usize, Error> {
    let unsupported = |what| Error::Unsupported { device, what };
    let log = height.is_power_of_two().then(|| height.trailing_zeros() as usize);
    let Some(log) = log.filter(|log| *log <= MAX_LOG_HEIGHT) else {
        return Err(unsupported(format!(
            "an opening of {height} rows: heights are powers of two up to 2^{MAX_LOG_HEIGHT}"
        )));
    };
    // The extension has no other roots of this order than the field.
    let is_on_it = |z: &&Challenge| z.exp_power_of_2(log) == F::GENERATOR.exp_power_of_2(log).into();
    match points.iter().find(is_on_it) {
        Some(z) => Err(unsupported(format!("an opening at {z}, on the coset of 2^{log} points itself"))),
        None => Ok(log),
    }
}

/// Polynomials that are evaluated: those of one matrix at its points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Evaluated {
    /// Base-2 logarithm of the rows that determine them, the first ones.
    pub log_rows: usize,
    /// Numbers of its points among those that differ.
    pub points: Vec<usize>,
}

/// Evaluations of several matrices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Evaluations {
    pub matrices: Vec<Evaluated>,
    /// Points that differ, each with the base-2 logarithm of the most rows that are evaluated at it.
    pub points: Vec<(Challenge, usize)>,
}

impl Evaluations {
    /// Of matrices of these heights at these points.
    ///
    /// # Errors
    /// Those of [`Openings::values_at`](crate::Openings::values_at) before the device is asked.
    pub fn new(
        device: DeviceId,
        heights: &[usize],
        points: &[Vec<Challenge>],
        added_bits: usize,
    ) -> Result<Self, Error> {
        let unsupported = |what| Error::Unsupported { device, what };
        if heights.len() != points.len() {
            return Err(unsupported(format!(
                "{} matrices at {} lists of points",
                heights.len(),
                points.len()
            )));
        }
        let mut all = Self { matrices: Vec::new(), points: Vec::new() };
        for (height, points) in zip(heights, points) {
            let log_height = log_coset(device, *height, points)?;
            let Some(log_rows) = log_height.checked_sub(added_bits) else {
                return Err(unsupported(format!(
                    "an opening of polynomials on 2^{log_height} points, 2^{added_bits} times as many as coefficients"
                )));
            };
            let points = points.iter().map(|z| all.number(*z, log_rows)).collect();
            all.matrices.push(Evaluated { log_rows, points });
        }
        Ok(all)
    }

    /// Of the most rows.
    pub fn log_most(&self) -> usize {
        self.points.iter().map(|(_, log)| *log).max().unwrap_or(0)
    }

    /// Values in all, of matrices of these widths.
    pub fn sums(&self, widths: impl Iterator<Item = usize>) -> usize {
        zip(widths, &self.matrices).map(|(width, evaluated)| width * evaluated.points.len()).sum()
    }

    /// Values from sums of `x f(x) / (z - x)`: for each matrix, for [`POINTS`] at a time of its points, of each column at each of these.
    pub fn values(
        &self,
        widths: impl Iterator<Item = usize>,
        sums: &[Challenge],
    ) -> Vec<Vec<Vec<Challenge>>> {
        let mut left = sums;
        let mut values = Vec::new();
        for (width, Evaluated { log_rows, points }) in zip(widths, &self.matrices) {
            let mut of_matrix = Vec::new();
            for some in points.chunks(POINTS) {
                let (sums, rest) = left.split_at(width * some.len());
                left = rest;
                of_matrix.extend(some.iter().enumerate().map(|(i, point)| {
                    let scale = barycentric_scale(self.points[*point].0, *log_rows);
                    sums.iter().skip(i).step_by(some.len()).map(|sum| scale * *sum).collect()
                }));
            }
            values.push(of_matrix);
        }
        values
    }

    /// The number of a point, of which as many rows are evaluated.
    fn number(&mut self, z: Challenge, log_rows: usize) -> usize {
        let Some(number) = self.points.iter().position(|(other, _)| *other == z) else {
            self.points.push((z, log_rows));
            return self.points.len() - 1;
        };
        let log_most = &mut self.points[number].1;
        *log_most = log_rows.max(*log_most);
        number
    }
}

/// What the sum of `x f(x) / (z - x)` over the `2^log_rows` points of a coset is multiplied by to give `f(z)`.
fn barycentric_scale(z: Challenge, log_rows: usize) -> Challenge {
    let shift = F::GENERATOR.exp_power_of_2(log_rows);
    (z.exp_power_of_2(log_rows) - shift) * (shift * F::from_usize(1 << log_rows)).inverse()
}

/// A codeword of claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reduction {
    pub log_height: usize,
    pub log_arity: usize,
}

/// Claims at one point. With `S(x)` the sum of `challenge^c f_c(x)` over a matrix's columns, they add to the codeword the constant less the sum of each
/// matrix's factor times its `S(x)`, all over `z - x`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AtPoint {
    pub z: Challenge,
    pub constant: Challenge,
    /// One a matrix; zero where it has no claim at this point.
    pub factors: Vec<Challenge>,
}

impl Reduction {
    /// Of these claims, to rows of `2^log_arity` elements.
    ///
    /// # Errors
    /// Those of [`Openings::reduced`](crate::Openings::reduced) before the device is asked.
    pub fn new<D: Device>(
        device: &D,
        claims: &[Claims<'_, D::Matrix>],
        log_arity: usize,
    ) -> Result<Self, Error> {
        let unsupported = |what| Err(Error::Unsupported { device: device.id(), what });
        let Some(first) = claims.first() else { return unsupported("claims of no matrix".to_owned()) };
        let (height, _) = device.shape(first.matrix);
        let mut log_height = 0;
        for claim in claims {
            let (other, width) = device.shape(claim.matrix);
            if other != height {
                return unsupported(format!(
                    "claims of matrices of {height} and of {other} rows in one codeword"
                ));
            }
            if claim.points.len() != claim.values.len() || claim.values.iter().any(|row| row.len() != width) {
                return unsupported(format!(
                    "claims at {} points that are not values of {width} columns at each",
                    claim.points.len()
                ));
            }
            log_height = log_coset(device.id(), height, claim.points)?;
        }
        if log_arity > log_height {
            return unsupported(format!("rows of 2^{log_arity} of 2^{log_height} elements"));
        }
        Ok(Self { log_height, log_arity })
    }

    /// Elements of the extension that a device is told of so many points of claims: a constant each, factors of each matrix, and powers of the challenge for the columns of the widest.
    pub const fn told(points: usize, claims: usize, widest: usize) -> usize {
        points * (1 + claims) + widest
    }

    /// Height and width of the codeword.
    pub const fn result(self) -> (usize, usize) {
        (1 << (self.log_height - self.log_arity), DEGREE << self.log_arity)
    }
}

impl AtPoint {
    /// All claims, by the points that differ; where there are none, one that adds nothing, so that there is a codeword.
    pub fn all<M>(claims: &[Claims<'_, M>], challenge: Challenge) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        // `challenge^k`, where `k` counts columns at points.
        let mut offset = Challenge::ONE;
        for (number, claim) in claims.iter().enumerate() {
            for (z, values) in zip(claim.points, claim.values) {
                let found = all.iter().position(|at| at.z == *z).unwrap_or(all.len());
                if found == all.len() {
                    let factors = vec![Challenge::ZERO; claims.len()];
                    all.push(Self { z: *z, constant: Challenge::ZERO, factors });
                }
                let sum: Challenge = dot_product(challenge.powers(), values.iter().copied());
                all[found].constant += offset * sum;
                all[found].factors[number] += offset;
                offset *= challenge.exp_u64(values.len() as u64);
            }
        }
        if all.is_empty() {
            // On no coset of the field.
            let z = Challenge::from_basis_coefficients_fn(|i| F::from_bool(i == 1));
            all.push(Self { z, constant: Challenge::ZERO, factors: vec![Challenge::ZERO; claims.len()] });
        }
        all
    }
}
