//! Transforms by `p3-dft`.

use std::sync::LazyLock;

use aludel_protocol::F;
use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_matrix::Matrix as _;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;

use super::{Cpu, Matrix, stored, taken};
use crate::error::Error;
use crate::id::DeviceId;
use crate::seam::{Ntt, coset_log_height, log_height};

/// Twiddle factors are kept from one transform to the next.
static DFT: LazyLock<Radix2DitParallel<F>> = LazyLock::new(Radix2DitParallel::default);

impl Ntt for Cpu {
    fn ntt(&self, matrix: Matrix) -> Result<Matrix, Error> {
        let (rows, reserved) = taken(matrix);
        log_height(DeviceId::Cpu, rows.height(), 0)?;
        let rows = DFT.dft_batch(rows).bit_reverse_rows().to_row_major_matrix();
        Ok(stored(rows, reserved))
    }

    fn inverse_ntt(&self, matrix: Matrix) -> Result<Matrix, Error> {
        let (rows, reserved) = taken(matrix);
        log_height(DeviceId::Cpu, rows.height(), 0)?;
        let rows = DFT.idft_batch(rows).bit_reverse_rows().to_row_major_matrix();
        Ok(stored(rows, reserved))
    }

    fn coset_lde(&self, values: &Matrix, added_bits: usize, shift: F) -> Result<Matrix, Error> {
        coset_log_height(DeviceId::Cpu, values.height(), added_bits, shift)?;
        let reserved = self.reserve(values.values.elements.len() << added_bits)?;
        let lde = DFT.coset_lde_batch(values.as_view().to_row_major_matrix(), added_bits, shift);
        let rows: RowMajorMatrix<F> = lde.bit_reverse_rows().to_row_major_matrix();
        Ok(stored(rows, reserved))
    }
}
