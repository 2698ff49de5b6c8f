//! What every chip is, and the tables that other chips' traces fill.

use aludel_protocol::hash::compress24;
use aludel_protocol::{Digest, F};
use p3_field::PrimeField32;
use p3_matrix::dense::RowMajorMatrix;

use crate::builder::ChipBuilder;

/// A set of columns with constraints and bus messages.
pub trait Chip {
    /// Its name in keys, tables and messages.
    fn name(&self) -> &'static str;
    /// Main columns.
    fn width(&self) -> usize;
    /// Names of the main columns, in order.
    fn column_names(&self) -> Vec<String>;
    /// Base-2 logarithm of its height in the machine's shape.
    fn log_height(&self) -> usize;
    /// Preprocessed columns `[height][fixed_width]`, which are part of the key.
    fn fixed(&self) -> Option<RowMajorMatrix<F>> {
        None
    }
    /// Preprocessed columns.
    fn fixed_width(&self) -> usize {
        0
    }
    /// Names of the preprocessed columns, in order, where they are looked for by name.
    fn fixed_names(&self) -> Vec<String> {
        Vec::new()
    }
    /// Public values that its constraints read.
    fn public_values(&self) -> usize {
        0
    }
    /// What it is given of its machine's public values: all of them or none.
    fn given<'a, T>(&self, public: &'a [T]) -> &'a [T] {
        if self.public_values() == 0 { &[] } else { public }
    }
    /// Whether any constraint reads the next row; otherwise it is not opened.
    fn reads_next(&self) -> bool;
    /// Asserts everything about one row.
    fn constrain<B: ChipBuilder>(&self, b: &mut B);
}

/// A trace cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// More rows are needed than the shape has: take a larger shape or fewer batches.
    #[error(
        "chip {chip} needs {needed} rows and the shape has {available}; prove fewer batches a shard or take a larger shape"
    )]
    Full {
        /// The chip.
        chip: &'static str,
        /// Rows (of one lane) that the events need.
        needed: usize,
        /// Rows of the shape.
        available: usize,
    },
    /// The events contradict one another: our own bug.
    #[error("chip {chip}: {reason}; this is a bug in witness generation")]
    Inconsistent {
        /// The chip.
        chip: &'static str,
        /// What does not fit.
        reason: String,
    },
}

/// Requests to the two tables, collected while the other chips' traces are made.
#[derive(Clone, Debug)]
pub struct Tables {
    /// How often each 16-bit integer is looked up.
    pub range16: Vec<u32>,
    /// Inputs of each hash call, in order; a call made twice appears twice.
    pub hash24: Vec<[F; 24]>,
}

impl Default for Tables {
    fn default() -> Self {
        Self { range16: vec![0; 1 << 16], hash24: Vec::new() }
    }
}

impl Tables {
    /// Records a lookup of `x`, which is below `2^16` in every honest trace; others are not recorded and leave
    /// the bus unbalanced.
    pub fn range16(&mut self, x: F) {
        if let Some(count) = self.range16.get_mut(x.as_canonical_u32() as usize) {
            *count += 1;
        }
    }

    /// Records a hash call and returns its result.
    pub fn hash24(&mut self, x: [F; 24]) -> Digest {
        self.hash24.push(x);
        Digest(compress24(x))
    }

    /// Adds another collection's requests after this one's.
    pub fn merge(&mut self, other: Self) {
        for (a, b) in self.range16.iter_mut().zip(other.range16) {
            *a += b;
        }
        self.hash24.extend(other.hash24);
    }
}
