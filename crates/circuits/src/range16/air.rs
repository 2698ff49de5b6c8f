//! Constraints of `range16`.

use super::columns::Range16Columns;
use crate::builder::ChipBuilder;
use crate::chip::Chip;
use crate::columns::{Columns, names};

/// The chip.
#[derive(Clone, Copy, Debug)]
pub struct Range16 {
    /// Base-2 logarithm of its height.
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

    fn reads_next(&self) -> bool {
        false
    }

    fn constrain<B: ChipBuilder>(&self, _b: &mut B) {}
}
