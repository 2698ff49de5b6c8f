//! Constraints of `statement`.

use super::columns::StatementColumns;
use crate::builder::ChipBuilder;
use crate::chip::Chip;
use crate::columns::{Columns, names};

/// The chip.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// Base-2 logarithm of its height.
    pub log_height: usize,
}

impl Chip for Statement {
    fn name(&self) -> &'static str {
        "statement"
    }

    fn width(&self) -> usize {
        <StatementColumns<u8> as Columns<u8>>::WIDTH
    }

    fn column_names(&self) -> Vec<String> {
        names::<StatementColumns<u8>>()
    }

    fn log_height(&self) -> usize {
        self.log_height
    }

    fn public_values(&self) -> usize {
        8
    }

    fn reads_next(&self) -> bool {
        false
    }

    fn constrain<B: ChipBuilder>(&self, _b: &mut B) {}
}
