//! Shapes of cosets on which quotients are computed, and of the parts to which they are split.

use aludel_protocol::F;
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};

use crate::error::Error;
use crate::id::DeviceId;
use crate::seam::MAX_LOG_HEIGHT;

/// Columns of selectors.
pub(crate) const SELECTORS: usize = 4;

/// The coset of a trace's selectors: its shift is the field's generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coset {
    pub log_rows: usize,
    pub log_points: usize,
}

impl Coset {
    /// Of a trace of `2^log_rows`, and `2^log_step` times as many points.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where there are too many.
    pub fn new(device: DeviceId, log_rows: usize, log_step: usize) -> Result<Self, Error> {
        let fitting = log_rows.checked_add(log_step).filter(|log| *log <= MAX_LOG_HEIGHT);
        fitting.map(|log_points| Self { log_rows, log_points }).ok_or_else(|| Error::Unsupported {
            device,
            what: format!(
                "selectors of 2^{log_rows} rows on 2^{log_step} times as many points: at most 2^{MAX_LOG_HEIGHT}"
            ),
        })
    }

    /// What the selectors of all points have in common: the shift, its `2^log_rows`-th power, and the trace's last point.
    pub fn scalars(self) -> [F; 3] {
        let last = F::two_adic_generator(self.log_rows).inverse();
        [F::GENERATOR, F::GENERATOR.exp_power_of_2(self.log_rows), last]
    }
}

/// Values on a coset and the parts to which they are split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunks {
    pub log_chunks: usize,
    /// Of the rows of each.
    pub log_rows: usize,
}

impl Chunks {
    /// Of a matrix of this height.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where it cannot be split so.
    pub fn new(device: DeviceId, height: usize, log_chunks: usize) -> Result<Self, Error> {
        let log_height = height.trailing_zeros() as usize;
        let fits = height.is_power_of_two() && log_height <= MAX_LOG_HEIGHT && log_chunks <= log_height;
        if fits {
            return Ok(Self { log_chunks, log_rows: log_height - log_chunks });
        }
        let what = format!(
            "{height} rows as 2^{log_chunks} parts: rows are a power of two up to 2^{MAX_LOG_HEIGHT}"
        );
        Err(Error::Unsupported { device, what })
    }

    pub const fn rows(self) -> usize {
        1 << self.log_rows
    }

    /// The first row of each part, where its rows lie together: bit-reversed, as the parts are among themselves.
    pub fn first_rows(self) -> impl Iterator<Item = usize> {
        (0..1 << self.log_chunks).map(move |part: usize| {
            let bits = 0..self.log_chunks;
            let reversed = bits.fold(0, |sum, bit| sum << 1 | (part >> bit) & 1);
            reversed << self.log_rows
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_in_bit_reversed_order() {
        let parts = Chunks::new(DeviceId::Cpu, 32, 3).expect("they fit");
        assert_eq!(parts.first_rows().collect::<Vec<_>>(), [0, 16, 8, 24, 4, 20, 12, 28]);
        let one = Chunks::new(DeviceId::Cpu, 1, 0).expect("it fits");
        assert_eq!((one.first_rows().collect::<Vec<_>>(), one.rows()), (vec![0], 1));
    }
}
