//! Rows of `signature` from signatures, packed across signatures.

use aludel_protocol::hash::{DIGEST, Tag, compress24};
use aludel_protocol::params::{
    XMSS_BASE, XMSS_CHAINS, XMSS_DEPTH, XMSS_DIGITS_PER_WORD, XMSS_LIFETIME, XMSS_WORDS,
};
use aludel_protocol::xmss::{self, Parameter};
use aludel_protocol::{Digest, F, PackedF, fe};
use p3_field::{PackedValue, PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::BLOCK;
use super::columns::{Eight, SignatureColumns};
use super::schedule::{KEY_ROW, LEAF_ROWS, MESSAGE_ROW, ROW_FACTOR, WORD_ROWS, factor};
use crate::chip::{Tables, TraceError};
use crate::columns::Columns;
use crate::poseidon2::Permutation24;

const WIDTH: usize = <SignatureColumns<u8> as Columns<u8>>::WIDTH;

/// A signature with what its verification finds.
#[derive(Clone, Debug)]
pub struct SignatureRow {
    /// Public parameter of the key.
    pub parameter: Parameter,
    /// Epoch of the one-time key, below [`XMSS_LIFETIME`].
    pub epoch: u32,
    /// The digest that is signed.
    pub message: Digest,
    /// The signature's randomness.
    pub randomness: [F; DIGEST],
    /// Digits of the message hash, the two that have no chain included.
    pub digits: [u8; XMSS_WORDS * XMSS_DIGITS_PER_WORD],
    /// Ends of the hash chains.
    pub ends: [Digest; XMSS_CHAINS],
    /// Siblings from the leaf up.
    pub path: [Digest; XMSS_DEPTH],
}

impl SignatureRow {
    /// What fills a block without a signature.
    pub(super) fn padding() -> Self {
        Self {
            parameter: [F::ZERO; 5],
            epoch: 0,
            message: Digest::ZERO,
            randomness: [F::ZERO; DIGEST],
            digits: [XMSS_BASE as u8 - 1; XMSS_WORDS * XMSS_DIGITS_PER_WORD],
            ends: [Digest::ZERO; XMSS_CHAINS],
            path: [Digest::ZERO; XMSS_DEPTH],
        }
    }
}

/// A signature or padding, with what its words leave over.
pub(super) struct Block<'a> {
    pub(super) row: &'a SignatureRow,
    pub(super) remainders: [F; XMSS_WORDS],
    pub(super) real: bool,
}

/// The trace `[2^log_height][columns]`, row-major, one signature a block in order, and its range lookups.
///
/// # Errors
/// [`TraceError::Full`] where the signatures need more rows than there are; [`TraceError::Inconsistent`] where an
/// epoch is out of range or the message hash does not decode into the digits with the target sum. Ends that are
/// not those of the signature's chains, and a path that is not the key's, leave a bus unbalanced.
pub fn generate(
    log_height: usize,
    rows: &[SignatureRow],
    tables: &mut Tables,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let height = 1 << log_height;
    let capacity = height / BLOCK;
    if rows.len() > capacity {
        return Err(TraceError::Full { chip: "signature", needed: rows.len() * BLOCK, available: height });
    }
    let padding = SignatureRow::padding();
    let mut blocks = decode(rows)?;
    blocks.resize_with(capacity, || Block { row: &padding, remainders: [F::ZERO; XMSS_WORDS], real: false });
    look_up(&blocks, tables);
    Ok(write(height, &blocks))
}

/// The trace of as many blocks as the height holds.
pub(super) fn write(height: usize, blocks: &[Block<'_>]) -> RowMajorMatrix<F> {
    let mut cells = F::zero_vec(height * WIDTH);
    let (whole, rest) = cells.split_at_mut(blocks.len() * BLOCK * WIDTH);
    whole
        .par_chunks_mut(PackedF::WIDTH * BLOCK * WIDTH)
        .zip(blocks.par_chunks(PackedF::WIDTH))
        .for_each(|(cells, blocks)| fill(cells, blocks));
    let idle = idle_row();
    rest.chunks_exact_mut(WIDTH).for_each(|row| row.copy_from_slice(&idle));
    RowMajorMatrix::new(cells, WIDTH)
}

/// Hashes the messages and checks that they decode into the digits.
fn decode(rows: &[SignatureRow]) -> Result<Vec<Block<'_>>, TraceError> {
    let blocks: Vec<_> = rows.par_chunks(PackedF::WIDTH).flat_map_iter(decode_pack).collect();
    let named = |(i, block): (usize, Result<_, &'static str>)| {
        let inconsistent = |reason| TraceError::Inconsistent {
            chip: "signature",
            reason: format!("signature {i}: {reason}"),
        };
        block.map_err(inconsistent)
    };
    blocks.into_iter().enumerate().map(named).collect()
}

fn decode_pack(rows: &[SignatureRow]) -> Vec<Result<Block<'_>, &'static str>> {
    let inputs: Vec<[F; 24]> = rows.iter().map(message_input).collect();
    let x = core::array::from_fn(|j| PackedF::from_fn(|i| inputs[i.min(inputs.len() - 1)][j]));
    let hash = compress24(x);
    rows.iter().enumerate().map(|(i, row)| decode_one(row, &hash.map(|h| h.extract(i)))).collect()
}

fn message_input(row: &SignatureRow) -> [F; 24] {
    xmss::message_input(&row.parameter, row.epoch, &row.message, &row.randomness)
}

fn decode_one<'a>(row: &'a SignatureRow, hash: &[F; DIGEST]) -> Result<Block<'a>, &'static str> {
    if row.epoch >= XMSS_LIFETIME {
        return Err("the epoch is beyond the key's lifetime");
    }
    if xmss::digits(hash) != Some(row.digits) {
        return Err("the digits are not those of the message hash");
    }
    if xmss::encode(hash).is_none() {
        return Err("the digits miss the target sum");
    }
    let remainders = core::array::from_fn(|word| fe(hash[word].as_canonical_u32() % factor(word)));
    Ok(Block { row, remainders, real: true })
}

fn look_up(blocks: &[Block<'_>], tables: &mut Tables) {
    for block in blocks {
        for (word, remainder) in block.remainders.into_iter().enumerate() {
            tables.range16(remainder);
            tables.range16(fe(factor(word) - 1) - remainder);
        }
    }
}

/// A row after the last whole block.
fn idle_row() -> Vec<F> {
    let mut row = SignatureColumns::read(&[F::ZERO; WIDTH]);
    (row.permutation, _) = Permutation24::generate(row.x);
    row.to_row()
}

/// Up to a register of blocks side by side, and the row that they have reached.
struct Pack<'a> {
    blocks: &'a [Block<'a>],
    row: SignatureColumns<PackedF>,
    out: Eight<PackedF>,
}

impl Pack<'_> {
    fn each(&self, f: impl Fn(&Block<'_>) -> F) -> PackedF {
        PackedF::from_fn(|i| f(&self.blocks[i.min(self.blocks.len() - 1)]))
    }

    fn digest(&self, f: impl Fn(&SignatureRow) -> &[F; DIGEST]) -> Eight<PackedF> {
        core::array::from_fn(|j| self.each(|b| f(b.row)[j]))
    }

    /// `tag, position, 0, parameter`.
    fn prefix(&self, tag: F, position: PackedF) -> Eight<PackedF> {
        let [p0, p1, p2, p3, p4] = self.row.parameter;
        [tag.into(), position, PackedF::ZERO, p0, p1, p2, p3, p4]
    }

    /// Hashes three times eight elements in this row.
    fn hash(&mut self, parts: [Eight<PackedF>; 3]) {
        self.row.x = core::array::from_fn(|i| parts[i / 8][i % 8]);
        (self.row.permutation, self.out) = Permutation24::generate(self.row.x);
    }

    /// Writes the row into each block.
    fn write(&self, cells: &mut [F], row: usize) {
        let packed = self.row.to_row();
        for (i, block) in cells.chunks_exact_mut(BLOCK * WIDTH).enumerate() {
            let cells = &mut block[row * WIDTH..][..WIDTH];
            cells.iter_mut().zip(&packed).for_each(|(cell, x)| *cell = x.extract(i));
        }
    }

    fn leaf(&mut self, row: usize) {
        for i in 0..2 {
            let digit = |b: &Block<'_>| b.row.digits[2 * row + i];
            self.row.bit[i] = self.each(|b| F::from_bool(digit(b) == 7));
            self.row.threes[i] = self.each(|b| F::from_u8(digit(b) % 7 / 3));
            self.row.ones[i] = self.each(|b| F::from_u8(digit(b) % 7 % 3));
        }
        if row.is_multiple_of(WORD_ROWS) {
            self.row.accumulator = -self.each(|b| b.remainders[row / WORD_ROWS]);
        }
        let first = if row == 0 { self.prefix(Tag::XmssLeaf.fe(), self.row.epoch) } else { self.out };
        let [left, right] = [0, 1].map(|i| self.digest(|r| &r.ends[2 * row + i].0));
        self.hash([first, left, right]);
    }

    /// Takes the digits of a leaf row into sum and words.
    fn take(&mut self, row: usize) {
        let [high, low] = [0, 1].map(|i| self.each(|b| F::from_u8(b.row.digits[2 * row + i])));
        self.row.sum += high + low;
        let pair = high * F::from_usize(XMSS_BASE) + low;
        let taken = self.row.accumulator * F::from_usize(ROW_FACTOR) + pair;
        if row % WORD_ROWS == WORD_ROWS - 1 {
            self.row.words.rotate_left(1);
            self.row.words[XMSS_WORDS - 2] = taken;
        }
        self.row.accumulator = taken;
    }

    fn tree(&mut self, level: usize) {
        let right = |b: &Block<'_>| (b.row.epoch >> level) & 1 == 1;
        let sibling = self.digest(|r| &r.path[level].0);
        let running = self.out;
        let bit = self.each(|b| F::from_bool(right(b)));
        let index = self.each(|b| fe(b.row.epoch >> (level + 1)));
        let prefix = self.prefix(Tag::XmssNode.with(level as u32), index);
        let crossed: Eight<PackedF> = core::array::from_fn(|j| bit * (sibling[j] - running[j]));
        let children = [
            core::array::from_fn(|j| running[j] + crossed[j]),
            core::array::from_fn(|j| sibling[j] - crossed[j]),
        ];
        self.row.bit[0] = bit;
        self.hash([prefix, children[0], children[1]]);
    }

    fn key(&mut self) {
        self.row.bit[0] = self.each(|b| F::from_bool(b.real));
        let prefix = self.prefix(Tag::XmssKey.fe(), PackedF::ZERO);
        self.hash([prefix, self.out, [PackedF::ZERO; 8]]);
    }

    fn message(&mut self) {
        let prefix = self.prefix(Tag::XmssMessage.fe(), self.row.epoch);
        let message = self.digest(|r| &r.message.0);
        let randomness = self.digest(|r| &r.randomness);
        self.hash([prefix, message, randomness]);
    }
}

/// Fills up to a register of blocks.
fn fill(cells: &mut [F], blocks: &[Block<'_>]) {
    let row = SignatureColumns::read(&[PackedF::ZERO; WIDTH]);
    let mut pack = Pack { blocks, row, out: [PackedF::ZERO; DIGEST] };
    pack.row.parameter = core::array::from_fn(|j| pack.each(|b| b.row.parameter[j]));
    pack.row.epoch = pack.each(|b| fe(b.row.epoch));
    for row in 0..LEAF_ROWS {
        pack.leaf(row);
        pack.write(cells, row);
        pack.take(row);
    }
    let zero = [PackedF::ZERO; 2];
    (pack.row.bit, pack.row.threes, pack.row.ones) = (zero, zero, zero);
    for level in 0..XMSS_DEPTH {
        pack.tree(level);
        pack.write(cells, LEAF_ROWS + level);
    }
    pack.key();
    pack.write(cells, KEY_ROW);
    pack.message();
    pack.write(cells, MESSAGE_ROW);
}
