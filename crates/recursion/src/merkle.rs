//! Merkle trees over matrices of several heights: what is injected where.

use aludel_circuits::recursion::Circuit;
use aludel_circuits::recursion::circuit::{Bits, Walk};
use aludel_circuits::recursion::program::Hashed;

use crate::child::Child;

/// The paths of all queries in one tree.
#[derive(Default)]
pub(crate) struct Hashes {
    pub walks: Vec<Walk>,
}

impl Hashes {
    /// Adds a query's path: the hashes of its rows by base-2 logarithm of the height, tallest first.
    pub fn push<W>(&mut self, c: &mut Circuit<W>, child: &Child, bits: &Bits, rows: Vec<(usize, Hashed)>) {
        let mut rows = rows.into_iter().peekable();
        let Some((log_height, leaf)) = rows.next() else { return };
        let index = c.index(bits, bits.index_bits() - log_height);
        let steps = (child.log_cap(log_height)..log_height).rev();
        let levels =
            steps.map(|log| rows.next_if(|(own, _)| *own == log).map(|(_, hashed)| hashed)).collect();
        self.walks.push(Walk { leaf, index, levels });
    }
}
