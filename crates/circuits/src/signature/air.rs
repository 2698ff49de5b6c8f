//! Constraints of `signature`.

use super::columns::SignatureColumns;
use crate::builder::ChipBuilder;
use crate::chip::Chip;
use crate::columns::{Columns, names};

/// The chip.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Base-2 logarithm of its height.
    pub log_height: usize,
}

impl Chip for Signature {
    fn name(&self) -> &'static str {
        "signature"
    }

    fn width(&self) -> usize {
        <SignatureColumns<u8> as Columns<u8>>::WIDTH
    }

    fn column_names(&self) -> Vec<String> {
        names::<SignatureColumns<u8>>()
    }

    fn log_height(&self) -> usize {
        self.log_height
    }

    fn reads_next(&self) -> bool {
        false
    }

    fn constrain<B: ChipBuilder>(&self, _b: &mut B) {}
}
