//! The preprocessed schedule of `signature`.

use aludel_protocol::params::{
    XMSS_BASE, XMSS_CHAINS, XMSS_DEPTH, XMSS_DIGITS_PER_WORD, XMSS_WORD_QUOTIENT, XMSS_WORDS,
};
use aludel_protocol::{F, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::BLOCK;
use super::columns::SignatureSchedule;
use crate::columns::Columns;

/// Rows that absorb chain ends, two a row.
pub(super) const LEAF_ROWS: usize = XMSS_CHAINS / 2;
/// The row that hashes parameter and root to the key digest.
pub(super) const KEY_ROW: usize = LEAF_ROWS + XMSS_DEPTH;
/// The row that hashes the message.
pub(super) const MESSAGE_ROW: usize = KEY_ROW + 1;
/// Leaf rows of a word.
pub(super) const WORD_ROWS: usize = XMSS_DIGITS_PER_WORD / 2;
/// Factor between the accumulator before and after a row: two digits.
pub(super) const ROW_FACTOR: usize = XMSS_BASE * XMSS_BASE;
/// By how much a complete accumulator is smaller than its element.
pub(super) const WORD_FACTOR: u32 = XMSS_WORD_QUOTIENT;
/// The same of the last word, whose two digits without a chain are part of the remainder.
pub(super) const LAST_WORD_FACTOR: u32 = XMSS_WORD_QUOTIENT * ROW_FACTOR as u32;

const _: () = assert!(MESSAGE_ROW + 1 == BLOCK);
const _: () = assert!(XMSS_WORDS * XMSS_DIGITS_PER_WORD == XMSS_CHAINS + 2);

/// By how much the accumulator of word `word` is smaller than its element, and one more than its largest
/// remainder.
pub(super) const fn factor(word: usize) -> u32 {
    if word + 1 == XMSS_WORDS { LAST_WORD_FACTOR } else { WORD_FACTOR }
}

/// The schedule `[2^log_height][columns]`.
pub(super) fn schedule(log_height: usize) -> RowMajorMatrix<F> {
    let height = 1 << log_height;
    let width = <SignatureSchedule<u8> as Columns<u8>>::WIDTH;
    let block: Vec<F> = (0..BLOCK).flat_map(|row| schedule_row(row).to_row()).collect();
    let mut cells = block.repeat(height / BLOCK);
    cells.resize(height * width, F::ZERO);
    RowMajorMatrix::new(cells, width)
}

fn schedule_row(row: usize) -> SignatureSchedule<F> {
    let leaf = row < LEAF_ROWS;
    let tree = (LEAF_ROWS..KEY_ROW).contains(&row);
    let word = leaf && row.is_multiple_of(WORD_ROWS);
    SignatureSchedule {
        is_start: F::from_bool(row == 0),
        is_leaf: F::from_bool(leaf),
        is_word: F::from_bool(word && row > 0),
        is_tree: F::from_bool(tree),
        is_message: F::from_bool(row == MESSAGE_ROW),
        bound: if word { fe(factor(row / WORD_ROWS) - 1) } else { F::ZERO },
        index: match row {
            _ if leaf => F::from_usize(2 * row),
            _ if tree => F::from_usize(row - LEAF_ROWS),
            _ => F::ZERO,
        },
    }
}
