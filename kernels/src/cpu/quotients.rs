//! Selectors by `p3-commit`; splitting as it does it, but from bit-reversed rows.

use aludel_protocol::F;
use p3_commit::PolynomialSpace;
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::Matrix as _;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::{RowMajorMatrix, RowMajorMatrixView};

use super::{Cpu, Matrix, stored};
use crate::error::Error;
use crate::id::DeviceId;
use crate::quotients::{Chunks, Coset, SELECTORS};
use crate::seam::Quotients;

impl Quotients for Cpu {
    fn selectors(&self, log_rows: usize, log_step: usize) -> Result<Matrix, Error> {
        let coset = Coset::new(DeviceId::Cpu, log_rows, log_step)?;
        let reserved = self.reserve(SELECTORS << coset.log_points)?;
        let of = |shift, log_size| {
            TwoAdicMultiplicativeCoset::new(shift, log_size)
                .ok_or_else(|| self.unsupported(format!("a coset of 2^{log_size}")))
        };
        let selectors = of(F::ONE, log_rows)?.selectors_on_coset(of(F::GENERATOR, coset.log_points)?);
        let columns =
            [selectors.is_first_row, selectors.is_last_row, selectors.is_transition, selectors.inv_vanishing];
        let natural = RowMajorMatrix::new(columns.concat(), 1 << coset.log_points).transpose();
        Ok(stored(natural.bit_reverse_rows().to_row_major_matrix(), reserved))
    }

    fn chunks(&self, values: &Matrix, log_chunks: usize) -> Result<Vec<Matrix>, Error> {
        let chunks = Chunks::new(DeviceId::Cpu, values.height(), log_chunks)?;
        let width = values.width;
        let part = |first: usize| {
            let reserved = self.reserve(chunks.rows() * width)?;
            let rows = &values.values.elements[first * width..][..chunks.rows() * width];
            let rows = RowMajorMatrixView::new(rows, width).bit_reverse_rows().to_row_major_matrix();
            Ok(stored(rows, reserved))
        };
        chunks.first_rows().map(part).collect()
    }
}
