//! A row of `alu`.

use crate::bus::CHALLENGE;
use crate::columns;

/// Operations in a row.
pub const LANES: usize = 4;

columns! {
    /// One operation: `s c = q_ab a b + q_a a + q_b b + q_0 + q_c before`, where `before` is the `c` of the operation before in the row.
    pub struct AluLane<T> {
        /// First operand.
        a: [T; CHALLENGE],
        /// Second operand.
        b: [T; CHALLENGE],
        /// Result.
        c: [T; CHALLENGE],
    }
}

columns! {
    /// A row.
    pub struct AluColumns<T> {
        /// Independent operations.
        lane: {AluLane; LANES},
    }
}

columns! {
    /// An operation's part of the key.
    pub struct AluLaneFixed<T> {
        /// Addresses of `a`, `b` and `c`.
        address: [T; 3],
        /// Their counts: -1 reads, 0 is unused, more is the number of reads of what is written.
        count: [T; 3],
        /// `q_ab`.
        q_ab: T,
        /// `q_a`.
        q_a: T,
        /// `q_b`.
        q_b: T,
        /// `q_0`.
        q_0: T,
        /// `q_c`, 0 in the row's first operation.
        q_c: T,
        /// `s`: 0 where the sum must be zero.
        s: T,
    }
}

columns! {
    /// A row's part of the key.
    pub struct AluFixed<T> {
        /// Of each operation.
        lane: {AluLaneFixed; LANES},
    }
}
