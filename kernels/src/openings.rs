//! Shapes of openings, and what they have in common on all devices.

use core::iter::zip;

use aludel_protocol::{Challenge, F};
use p3_field::{Field, PrimeCharacteristicRing};

use crate::error::Error;
use crate::fold::DEGREE;
use crate::id::DeviceId;
use crate::seam::{Claims, Device, MAX_LOG_HEIGHT};

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

/// A codeword of claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reduction {
    pub log_height: usize,
    pub log_arity: usize,
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

    /// Height and width of the codeword.
    pub const fn result(self) -> (usize, usize) {
        (1 << (self.log_height - self.log_arity), DEGREE << self.log_arity)
    }
}
