//! Transforms by `p3-dft`.

use std::sync::LazyLock;

use aludel_protocol::F;
use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix as _;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;

use super::{Cpu, Matrix};
use crate::error::Error;
use crate::seam::{MAX_LOG_HEIGHT, Ntt};

/// Twiddle factors are kept from one transform to the next.
static DFT: LazyLock<Radix2DitParallel<F>> = LazyLock::new(Radix2DitParallel::default);

impl Cpu {
    fn check_height(&self, height: usize, added_bits: usize) -> Result<(), Error> {
        let log = height.checked_ilog2().filter(|_| height.is_power_of_two());
        match log.and_then(|log| usize::try_from(log).ok()?.checked_add(added_bits)) {
            Some(log) if log <= MAX_LOG_HEIGHT => Ok(()),
            _ => Err(self.unsupported(format!(
                "a transform of {height} rows to 2^{added_bits} times as many: heights are powers of two up to 2^{MAX_LOG_HEIGHT}"
            ))),
        }
    }
}

impl Ntt for Cpu {
    fn ntt(&self, Matrix { rows, reserved }: Matrix) -> Result<Matrix, Error> {
        self.check_height(rows.height(), 0)?;
        let rows = DFT.dft_batch(rows).bit_reverse_rows().to_row_major_matrix();
        Ok(Matrix { rows, reserved })
    }

    fn inverse_ntt(&self, Matrix { rows, reserved }: Matrix) -> Result<Matrix, Error> {
        self.check_height(rows.height(), 0)?;
        let rows = DFT.idft_batch(rows).bit_reverse_rows().to_row_major_matrix();
        Ok(Matrix { rows, reserved })
    }

    fn coset_lde(&self, values: &Matrix, added_bits: usize, shift: F) -> Result<Matrix, Error> {
        self.check_height(values.rows.height(), added_bits)?;
        if shift == F::ZERO {
            return Err(self.unsupported("a coset shifted by zero"));
        }
        let reserved = self.reserve(values.rows.values.len() << added_bits)?;
        let lde = DFT.coset_lde_batch(values.rows.clone(), added_bits, shift);
        let rows: RowMajorMatrix<F> = lde.bit_reverse_rows().to_row_major_matrix();
        Ok(Matrix { rows, reserved })
    }
}
