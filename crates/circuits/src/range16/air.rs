//! Constraints of `range16`.

use aludel_protocol::{F, fe};
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{Range16Columns, Range16Fixed};
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::chip::Chip;
use crate::columns::{Columns, names};

/// The chip.
#[derive(Clone, Copy, Debug)]
pub struct Range16 {
    /// Base-2 logarithm of its height: 16 in every shape, as its key's column has that many values.
    pub log_height: usize,
}

impl Chip for Range16 {
    fn name(&self) -> &'static str {
        "range16"
    }

    fn width(&self) -> usize {
        <Range16Columns<u8> as Columns<u8>>::WIDTH
    }

    fn column_names(&self) -> Vec<String> {
        names::<Range16Columns<u8>>()
    }

    fn log_height(&self) -> usize {
        self.log_height
    }

    fn fixed(&self) -> Option<RowMajorMatrix<F>> {
        Some(RowMajorMatrix::new((0..1 << 16).map(fe).collect(), self.fixed_width()))
    }

    fn fixed_width(&self) -> usize {
        <Range16Fixed<u8> as Columns<u8>>::WIDTH
    }

    fn reads_next(&self) -> bool {
        false
    }

    fn constrain<B: ChipBuilder>(&self, b: &mut B) {
        let row: Range16Columns<B::Var> = b.local();
        let fixed: Range16Fixed<B::Var> = b.fixed();
        b.provide(Bus::Range16, vec![fixed.value.into()], row.count);
    }
}
