//! Constraints of `transaction`.

use super::columns::TransactionColumns;
use crate::builder::ChipBuilder;
use crate::chip::Chip;
use crate::columns::{Columns, names};

/// The chip.
#[derive(Clone, Copy, Debug)]
pub struct Transaction {
    /// Base-2 logarithm of its height.
    pub log_height: usize,
}

impl Chip for Transaction {
    fn name(&self) -> &'static str {
        "transaction"
    }

    fn width(&self) -> usize {
        <TransactionColumns<u8> as Columns<u8>>::WIDTH
    }

    fn column_names(&self) -> Vec<String> {
        names::<TransactionColumns<u8>>()
    }

    fn log_height(&self) -> usize {
        self.log_height
    }

    fn reads_next(&self) -> bool {
        false
    }

    fn constrain<B: ChipBuilder>(&self, _b: &mut B) {}
}
