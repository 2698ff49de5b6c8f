//! Programs over rows, and what lookups and quotients need besides.

use aludel_protocol::Challenge;

use super::Device;
use crate::error::Error;
use crate::rows::lower::MATRICES;
use crate::rows::{Domain, Program};

/// Runs programs over the rows of matrices ([`crate::rows`]).
pub trait Rows: Device {
    /// A program in the form in which the device runs it.
    type Compiled;

    /// Makes a program ready, which may take seconds the first time.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a program that is too large; any of the device.
    fn compile(&self, program: &Program) -> Result<Self::Compiled, Error>;

    /// Runs it on all rows of a domain, with its [uniform values](crate::rows::Uniforms::values). The result has five columns an output. Where a matrix of this shape
    /// is given in `onto`, it is added to and returned.
    ///
    /// A matrix may have more rows than the domain, of which the first are read, or fewer, which repeat.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where a matrix or a value that the program reads is missing, or a shape does not fit; any of the device.
    fn run(
        &self,
        program: &Self::Compiled,
        domain: Domain,
        matrices: [Option<&Self::Matrix>; MATRICES],
        values: &[Challenge],
        onto: Option<Self::Matrix>,
    ) -> Result<Self::Matrix, Error>;
}

/// The sums of lookups (LogUp, eprint 2022/1530).
pub trait RunningSums: Device {
    /// Of rows whose first five columns are an element of the extension: each becomes the sum of those in the rows before it. The sum of all comes besides; other
    /// columns stay as they are.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where there are fewer columns, or the height is no power of two up to `2^24`; any of the device.
    fn running_sums(&self, rows: Self::Matrix) -> Result<(Self::Matrix, Challenge), Error>;
}

/// What quotients need besides the constraints.
pub trait Quotients: Device {
    /// The selectors of a trace of `2^log_rows` rows on the coset of `2^(log_rows + log_step)` points whose shift is the field's generator, bit-reversed. Four columns
    /// ([`crate::rows::lower::Matrices::Selectors`]), as Plonky3's `selectors_on_coset` has them: what is not zero in the first row, in the last, in all but the last, and one over
    /// what vanishes on all rows.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for more than `2^24` points; any of the device.
    fn selectors(&self, log_rows: usize, log_step: usize) -> Result<Self::Matrix, Error>;

    /// Values on a coset of `n` points, bit-reversed, as `2^log_chunks` matrices of `n / 2^log_chunks` rows: row `j` of matrix `i` is at point `i + 2^log_chunks j`, so rows lie in their
    /// natural order.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the height is no power of two up to `2^24`, or less than `2^log_chunks`; any of the device.
    fn chunks(&self, values: &Self::Matrix, log_chunks: usize) -> Result<Vec<Self::Matrix>, Error>;
}
