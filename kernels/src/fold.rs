//! Shapes of codewords, and what their folding has in common on all devices.
//!
//! A codeword of elements of the extension in bit-reversed order lies in a matrix as it is committed to: the `2^log_arity` elements that are folded
//! into one are a row, five columns each.

use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};

use crate::error::Error;
use crate::id::DeviceId;
use crate::seam::MAX_LOG_HEIGHT;

/// Columns of an element.
pub(crate) const DEGREE: usize = <Challenge as BasedVectorSpace<F>>::DIMENSION;

/// Base-2 logarithm of the most elements that are folded into one.
pub const MAX_LOG_ARITY: usize = 3;

/// What is folded to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Folding {
    pub log_height: usize,
    pub log_arity: usize,
    /// Base-2 logarithm of the elements in a row of the result.
    pub log_next: usize,
}

impl Folding {
    /// Of a matrix, to rows of `2^log_next` elements; `joined` is the shape of what is added.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where they do not fit.
    pub fn new(
        device: DeviceId,
        (height, width): (usize, usize),
        joined: Option<(usize, usize)>,
        log_next: usize,
    ) -> Result<Self, Error> {
        let unsupported = |what| Error::Unsupported { device, what };
        let fitting = (1..=MAX_LOG_ARITY).find(|log_arity| width == DEGREE << log_arity);
        let log_height = height.is_power_of_two().then(|| height.trailing_zeros() as usize);
        let (Some(log_arity), Some(log_height)) = (fitting, log_height) else {
            return Err(unsupported(format!(
                "a codeword of {height} rows of {width} columns: rows are a power of two, of 2, 4 or 8 elements"
            )));
        };
        if log_height + log_arity > MAX_LOG_HEIGHT {
            return Err(unsupported(format!(
                "a codeword of 2^{}: at most 2^{MAX_LOG_HEIGHT}",
                log_height + log_arity
            )));
        }
        if log_next > log_height {
            return Err(unsupported(format!("rows of 2^{log_next} of 2^{log_height} elements")));
        }
        let folding = Self { log_height, log_arity, log_next };
        match joined.filter(|shape| *shape != folding.result()) {
            Some(shape) => Err(unsupported(format!("{shape:?} added to {:?}", folding.result()))),
            None => Ok(folding),
        }
    }

    /// Height and width of the codeword.
    pub const fn codeword(self) -> (usize, usize) {
        (1 << self.log_height, DEGREE << self.log_arity)
    }

    /// Height and width of the result.
    pub const fn result(self) -> (usize, usize) {
        (1 << (self.log_height - self.log_next), DEGREE << self.log_next)
    }

    /// How many [`Folding::scalars`] there are.
    pub const fn scalar_count(self) -> usize {
        1 << self.log_arity
    }

    /// What the difference of pair `k` is multiplied by in round `s`, but for the row's own factor: `challenge^(2^s) / (2 w^(2^s r(k)))` with `w` of order
    /// `2^log_arity` and `r` reversing bits, pairs of a round together; then `challenge^(2^log_arity)`, by which what is joined is multiplied.
    pub fn scalars(self, challenge: Challenge) -> Vec<Challenge> {
        let root = F::two_adic_generator(self.log_arity).inverse();
        let mut scalars = Vec::new();
        let mut power = challenge;
        for round in 0..self.log_arity {
            let bits = self.log_arity - 1 - round;
            let reversed =
                |k: usize| if bits == 0 { 0 } else { k.reverse_bits() >> (usize::BITS as usize - bits) };
            let of = |k| power.halve() * root.exp_u64((reversed(k) << round) as u64);
            scalars.extend((0..1 << bits).map(of));
            power = power.square();
        }
        scalars.push(power);
        scalars
    }
}
