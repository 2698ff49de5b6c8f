//! Values of committed polynomials at points outside their domain, and what FRI begins with.

use aludel_protocol::Challenge;

use super::Device;
use crate::error::Error;

/// A matrix with the values that its columns are claimed to have.
#[derive(Debug)]
pub struct Claims<'a, M> {
    /// Polynomials, a column each, on the coset whose shift is the field's generator, bit-reversed.
    pub matrix: &'a M,
    /// The points.
    pub points: &'a [Challenge],
    /// The values of all columns at each point.
    pub values: &'a [Vec<Challenge>],
}

// Whatever the matrix is: only its place is copied.
impl<M> Clone for Claims<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Claims<'_, M> {}

/// Opening polynomials at points of the extension (DEEP-FRI, eprint 2019/336).
pub trait Openings: Device {
    /// The values of each matrix's columns at each of its points. Matrices hold polynomials on the coset whose shift is the field's generator, bit-reversed, on `2^added_bits` times as many points as
    /// they have coefficients.
    ///
    /// A list of values for each matrix, in it one for each of its points, in that one for each column.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where there are not as many lists of points as matrices, a height is no power of two or below `2^added_bits`, or a point lies on a coset; any of the device.
    fn values_at(
        &self,
        matrices: &[&Self::Matrix],
        points: &[Vec<Challenge>],
        added_bits: usize,
    ) -> Result<Vec<Vec<Vec<Challenge>>>, Error>;

    /// The sum of `challenge^k (f(z) - f(x)) / (z - x)` over all claims, as a codeword ([`super::Fold`]) of `2^log_arity` elements a row. `k` counts columns at points, in the order of matrices, of
    /// points of a matrix, and of its columns, from zero.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where there is no matrix, their heights differ or are no powers of two, claims have not a value a column, the codeword has fewer elements than a row, or
    /// a point lies on the coset; any of the device.
    fn reduced(
        &self,
        claims: &[Claims<'_, Self::Matrix>],
        challenge: Challenge,
        log_arity: usize,
    ) -> Result<Self::Matrix, Error>;
}
