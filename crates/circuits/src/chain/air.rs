//! Constraints of `chain`.

use super::columns::ChainColumns;
use crate::builder::ChipBuilder;
use crate::chip::Chip;
use crate::columns::{Columns, names};

/// The chip.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// Base-2 logarithm of its height.
    pub log_height: usize,
}

impl Chip for Chain {
    fn name(&self) -> &'static str {
        "chain"
    }

    fn width(&self) -> usize {
        <ChainColumns<u8> as Columns<u8>>::WIDTH
    }

    fn column_names(&self) -> Vec<String> {
        names::<ChainColumns<u8>>()
    }

    fn log_height(&self) -> usize {
        self.log_height
    }

    fn reads_next(&self) -> bool {
        false
    }

    fn constrain<B: ChipBuilder>(&self, _b: &mut B) {}
}
