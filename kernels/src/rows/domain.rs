//! The rows that a program goes through.

/// The rows of a program's matrices, and which comes after which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// In the order of the trace; the first comes after the last.
    Natural {
        /// Base-2 logarithm of the number of rows.
        log_height: usize,
    },
    /// Bit-reversed, `2^log_step` points of a coset between a row and its successor.
    BitReversed {
        /// Base-2 logarithm of the number of points.
        log_height: usize,
        /// Base-2 logarithm of the points a row.
        log_step: usize,
    },
}

impl Domain {
    /// Base-2 logarithm of the number of rows.
    pub const fn log_height(self) -> usize {
        match self {
            Self::Natural { log_height } | Self::BitReversed { log_height, .. } => log_height,
        }
    }

    /// Where the row after this one lies.
    pub const fn next(self, row: usize) -> usize {
        let mask = (1 << self.log_height()) - 1;
        match self {
            Self::Natural { .. } => (row + 1) & mask,
            Self::BitReversed { log_height, log_step } => {
                let point = (reversed(row, log_height) + (1 << log_step)) & mask;
                reversed(point, log_height)
            }
        }
    }

    /// Where a matrix of `2^log_rows` rows has a row: one with fewer rows than the domain repeats, of one with more the first are read.
    pub const fn place(self, row: usize, log_rows: usize) -> usize {
        if log_rows >= self.log_height() {
            return row;
        }
        match self {
            Self::Natural { .. } => row & ((1 << log_rows) - 1),
            Self::BitReversed { log_height, .. } => row >> (log_height - log_rows),
        }
    }
}

const fn reversed(index: usize, bits: usize) -> usize {
    if bits == 0 { 0 } else { index.reverse_bits() >> (usize::BITS as usize - bits) }
}
