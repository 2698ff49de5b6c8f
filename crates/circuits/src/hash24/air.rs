//! Constraints of `hash24`.

use super::columns::Hash24Columns;
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::chip::Chip;
use crate::columns::{Columns, names};

/// The chip.
#[derive(Clone, Copy, Debug)]
pub struct Hash24 {
    /// Base-2 logarithm of its height.
    pub log_height: usize,
}

impl Chip for Hash24 {
    fn name(&self) -> &'static str {
        "hash24"
    }

    fn width(&self) -> usize {
        <Hash24Columns<u8> as Columns<u8>>::WIDTH
    }

    fn column_names(&self) -> Vec<String> {
        names::<Hash24Columns<u8>>()
    }

    fn log_height(&self) -> usize {
        self.log_height
    }

    fn reads_next(&self) -> bool {
        false
    }

    fn constrain<B: ChipBuilder>(&self, b: &mut B) {
        let row: Hash24Columns<B::Var> = b.local();
        for lane in row.lane {
            let input = lane.input.map(Into::<B::Expr>::into);
            let digest = lane.permutation.compress(b, "digest = compress24(input)", input.clone());
            b.provide(Bus::Hash24, input.into_iter().chain(digest).collect(), lane.count);
        }
    }
}
