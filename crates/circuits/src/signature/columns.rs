//! A row of `signature`, and its schedule.

use aludel_protocol::hash::DIGEST;
use aludel_protocol::params::{XMSS_PARAMETER, XMSS_WORDS};

use crate::columns;
use crate::poseidon2::Permutation24;

columns! {
    /// A row: one hash call of one signature.
    pub struct SignatureColumns<T> {
        /// Inputs of the hash call: see `protocol::xmss`.
        x: [T; 24],
        /// `compress24(x)`.
        permutation: {Permutation24},
        /// Public parameter of the key.
        parameter: [T; XMSS_PARAMETER],
        /// Epoch of the one-time key.
        epoch: T,
        /// Boolean on every row. Leaf rows: the digit is 7. Tree rows: `bit[0]` says that the running node is the right
        /// child. Key and message row: `bit[0]` says that this is a signature and not padding.
        bit: [T; 2],
        /// The upper part of a digit, `digit = 7 bit + 3 threes + ones`: 0, 1 or 2.
        threes: [T; 2],
        /// The lower part of a digit: 0, 1 or 2, and 0 where `threes = 2` or `bit = 1`.
        ones: [T; 2],
        /// Sum of the digits of the rows before.
        sum: T,
        /// The word being decoded. `-c` on its first row, c being the remainder of the decoded element; each leaf row
        /// takes it to `64 accumulator + 8 digit[0] + digit[1]`; complete, it is the element divided by 127 (the
        /// last word, of six digits: by `127 * 64`).
        accumulator: T,
        /// Complete words, the newest last.
        words: [T; XMSS_WORDS - 1],
    }
}

columns! {
    /// The schedule, part of the key. Rows after the last whole block have only zeros.
    pub struct SignatureSchedule<T> {
        /// First row of a block, which is its first leaf row.
        is_start: T,
        /// 23 rows that absorb two chain ends each.
        is_leaf: T,
        /// First row of a word after the first word: leaf rows 4, 8, 12, 16, 20.
        is_word: T,
        /// 20 rows, one a level.
        is_tree: T,
        /// Last row of a block. The row before is the key row.
        is_message: T,
        /// Largest remainder of the word that begins here: 126, and `127 * 64 - 1` for the last word.
        bound: T,
        /// Leaf rows: the first of the two chains. Tree rows: the level.
        index: T,
    }
}

/// Elements of a digest, for the signatures of functions that carry one.
pub(super) type Eight<T> = [T; DIGEST];
