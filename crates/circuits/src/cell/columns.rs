//! A row of `cell`.

use aludel_protocol::hash::DIGEST;
use aludel_protocol::params::PAYLOAD;

use crate::columns;

columns! {
    /// A row: one touched cell, or padding. Position [`aludel_protocol::Payload::EXISTS`] of a payload says
    /// whether the cell exists.
    pub struct CellColumns<T> {
        /// Whether this row is a cell.
        real: T,
        /// 0: an account's own cell; 1: another cell of it.
        space: T,
        /// The account's upper 16 bits. The tree decomposes it.
        hi: T,
        /// The account's lower 16 bits. The tree decomposes it.
        lo: T,
        /// Which cell of the account; 0 in space 0. The tree decomposes it.
        slot: T,
        /// Payload at the shard's start, time 0.
        initial: [T; PAYLOAD],
        /// Payload at the shard's end.
        last: [T; PAYLOAD],
        /// When `last` was written.
        time: T,
        /// Digest of the leaf at the shard's start: `compress24(2 + space, hi, lo, slot, initial)`, or zero.
        old: [T; DIGEST],
        /// Digest of the leaf at the shard's end.
        new: [T; DIGEST],
    }
}
