//! Attacks, each written through the whole trace as consistently as its author can. What is left is the
//! constraint or bus that stops it.

use aludel_protocol::hash::{DIGEST, compress24};
use aludel_protocol::params::{XMSS_DEPTH, XMSS_WORDS};
use aludel_protocol::xmss;
use aludel_protocol::{Digest, F, fe};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use super::super::columns::SignatureColumns;
use super::super::schedule::{KEY_ROW, LEAF_ROWS, MESSAGE_ROW, factor};
use super::super::signer::{Case, Signed, auth, finish, key, sign, sign_if};
use super::super::trace::{Block, write};
use super::super::{BLOCK, SignatureRow};
use crate::chain;
use crate::columns::Columns;
use crate::poseidon2::Permutation24;

const WIDTH: usize = <SignatureColumns<u8> as Columns<u8>>::WIDTH;

fn message_hash(row: &SignatureRow) -> [F; DIGEST] {
    compress24(xmss::message_input(&row.parameter, row.epoch, &row.message, &row.randomness))
}

fn sum(digits: &[u8; 48]) -> u32 {
    digits[..46].iter().map(|d| u32::from(*d)).sum()
}

/// What makes the digits decode the message hash in the field, whether small or not.
fn remainders(row: &SignatureRow) -> [F; XMSS_WORDS] {
    let hash = message_hash(row);
    core::array::from_fn(|w| {
        let digits = &row.digits[8 * w..46.min(8 * w + 8)];
        let word = digits.iter().fold(0, |word, d| 8 * word + u32::from(*d));
        hash[w] - fe(factor(w)) * fe(word)
    })
}

/// Traces for a signature that need not be one, with a block of padding.
fn forge(signed: &Signed, remainders: [F; XMSS_WORDS]) -> Case {
    let padding = SignatureRow::padding();
    let blocks = [
        Block { row: &signed.row, remainders, real: true },
        Block { row: &padding, remainders: [F::ZERO; XMSS_WORDS], real: false },
    ];
    let chain = chain::generate(5, &signed.walks).expect("the walks fit");
    Case { chain, signature: write(128, &blocks), asked: vec![auth(signed)] }
}

fn with_digits(signed: &Signed, change: impl Fn(&mut [u8; 48])) -> Signed {
    let mut row = signed.row.clone();
    change(&mut row.digits);
    finish(row)
}

fn read(case: &Case, row: usize) -> SignatureColumns<F> {
    SignatureColumns::read(&case.signature.values[row * WIDTH..][..WIDTH])
}

/// Writes a row, hashed anew; its result.
fn rewrite(case: &mut Case, row: usize, mut columns: SignatureColumns<F>) -> Digest {
    let out;
    (columns.permutation, out) = Permutation24::generate(columns.x);
    case.signature.values[row * WIDTH..][..WIDTH].copy_from_slice(&columns.to_row());
    Digest(out)
}

fn output(case: &Case, row: usize) -> Digest {
    Digest(compress24(read(case, row).x))
}

/// Climbs from `node` at `level` to the key, in the directions of `epoch`, and is asked for that key.
fn climb(case: &mut Case, signed: &Signed, level: usize, mut node: Digest, epoch: u32) {
    let (p, path) = (&signed.row.parameter, &signed.row.path);
    for (level, sibling) in path.iter().enumerate().skip(level) {
        let right = epoch >> level & 1 == 1;
        let (l, r) = if right { (sibling, &node) } else { (&node, sibling) };
        let mut columns = read(case, LEAF_ROWS + level);
        columns.x = xmss::node_input(p, level, epoch >> (level + 1), l, r);
        columns.bit[0] = F::from_bool(right);
        node = rewrite(case, LEAF_ROWS + level, columns);
    }
    let mut columns = read(case, KEY_ROW);
    columns.x = xmss::key_input(p, &node);
    let key = rewrite(case, KEY_ROW, columns);
    case.asked = vec![auth(&Signed { key, ..signed.clone() })];
}

#[test]
fn the_forger_is_honest_on_honest_input() {
    let signed = sign(3, 0x5_a5a5);
    let mut case = forge(&signed, remainders(&signed.row));
    assert!(case.broken().is_empty());
    let leaf = output(&case, LEAF_ROWS - 1);
    climb(&mut case, &signed, 0, leaf, signed.row.epoch);
    assert_eq!(case.asked, [auth(&signed)]);
    assert!(case.broken().is_empty());
}

#[test]
fn a_digit_moved_to_another_chain_is_not_the_message() {
    let signed = sign(3, 9);
    let up = (0..46).find(|i| signed.row.digits[*i] < 7).expect("a digit below 7");
    let down = (0..46).rev().find(|i| signed.row.digits[*i] > 0).expect("a digit above 0");
    let moved = with_digits(&signed, |d| {
        d[up] += 1;
        d[down] -= 1;
    });
    let kept = forge(&moved, remainders(&signed.row));
    assert_eq!(kept.broken(), ["signature: message hash is decoded"].into());
    assert_eq!(forge(&moved, remainders(&moved.row)).broken(), ["range16"].into());
}

#[test]
fn a_remainder_of_127_is_refused() {
    let like = |hash: &[F; 8]| {
        let digits = xmss::digits(hash).expect("no element is p - 1");
        hash[0].as_canonical_u32().is_multiple_of(127) && sum(&digits) > 180 && digits[7] > 0
    };
    let signed = sign_if(4, 9, like);
    let lowered = with_digits(&signed, |d| d[7] -= 1);
    let remainders = remainders(&lowered.row);
    assert_eq!(remainders[0], fe(127));
    let broken = forge(&lowered, remainders).broken();
    assert_eq!(broken, ["range16", "signature: sum is the target"].into());
}

/// A digit one off, its element made good by a remainder too large (`chain` lowered) or negative (raised).
#[test]
fn another_decoding_of_the_same_hash_is_refused() {
    for (chain, target) in [(7, 211), (45, 211), (7, 209), (45, 209)] {
        let raised = target < 210;
        let like = |hash: &[F; 8]| {
            xmss::digits(hash)
                .is_some_and(|d| sum(&d) == target && if raised { d[chain] < 7 } else { d[chain] > 0 })
        };
        let signed = sign_if(5, 9, like);
        let moved = with_digits(&signed, |d| if raised { d[chain] += 1 } else { d[chain] -= 1 });
        assert_eq!(forge(&moved, remainders(&moved.row)).broken(), ["range16"].into());
    }
}

#[test]
fn another_sum_is_refused() {
    for target in [209, 211] {
        let signed = sign_if(6, 9, |hash| xmss::digits(hash).is_some_and(|d| sum(&d) == target));
        let broken = forge(&signed, remainders(&signed.row)).broken();
        assert_eq!(broken, ["signature: sum is the target"].into());
    }
}

#[test]
fn a_chain_that_is_not_walked_is_refused() {
    let mut signed = sign(7, 9);
    let chain = usize::from(signed.walks[0].chain);
    signed.row.ends[chain] = signed.walks[0].start;
    signed.key = key(&signed.row);
    assert_eq!(forge(&signed, remainders(&signed.row)).broken(), ["chain"].into());
}

#[test]
fn chain_ends_out_of_order_are_refused() {
    let mut signed = sign(7, 9);
    let (a, b) = (usize::from(signed.walks[0].chain), usize::from(signed.walks[1].chain));
    signed.row.ends.swap(a, b);
    signed.key = key(&signed.row);
    assert_eq!(forge(&signed, remainders(&signed.row)).broken(), ["chain"].into());
}

#[test]
fn a_walk_serves_one_signature() {
    let signed = sign(7, 9);
    let mut case = Case::honest((6, 7), &[signed.clone(), signed.clone()]);
    case.chain = chain::generate(6, &signed.walks).expect("the walks fit");
    assert_eq!(case.broken(), ["chain"].into());
}

#[test]
fn a_skipped_level_is_refused() {
    let signed = sign(8, 0xf_0f0f);
    let mut case = forge(&signed, remainders(&signed.row));
    let below = output(&case, LEAF_ROWS + 4);
    climb(&mut case, &signed, 6, below, signed.row.epoch);
    assert_eq!(case.broken(), ["signature: running node is a child"].into());
}

#[test]
fn another_leaf_is_refused() {
    let signed = sign(8, 0xf_0f0f);
    for (level, expected) in [
        (0, "signature: leaf index is the epoch"),
        (7, "signature: node index halves"),
        (19, "signature: node index halves"),
    ] {
        let mut case = forge(&signed, remainders(&signed.row));
        let node = output(&case, LEAF_ROWS - 1 + level);
        climb(&mut case, &signed, level, node, signed.row.epoch ^ 1 << level);
        assert_eq!(case.broken(), [expected].into(), "level {level}");
    }
}

#[test]
fn a_direction_against_the_index_is_refused() {
    let signed = sign(8, 0xf_0f0f);
    let mut case = forge(&signed, remainders(&signed.row));
    let mut columns = read(&case, LEAF_ROWS + 19);
    columns.bit[0] = F::ONE - columns.bit[0];
    let (left, right) = columns.x[8..].split_at_mut(8);
    left.swap_with_slice(right);
    let root = rewrite(&mut case, LEAF_ROWS + 19, columns);
    climb(&mut case, &signed, XMSS_DEPTH, root, signed.row.epoch);
    assert_eq!(case.broken(), ["signature: node index halves"].into());
}

#[test]
fn an_epoch_of_21_bits_is_refused() {
    let signed = sign(9, (1 << 20) + 77);
    let broken = forge(&signed, remainders(&signed.row)).broken();
    assert_eq!(broken, ["signature: root index is zero"].into());
}

#[test]
fn padding_answers_nobody() {
    let padding = finish(SignatureRow::padding());
    let mut case = Case::honest(Case::LOG_HEIGHTS, &[sign(1, 77)]);
    case.asked.push(auth(&padding));
    assert_eq!(case.broken(), ["auth"].into());
}

#[test]
fn a_signature_whose_message_row_is_padding_is_refused() {
    let signed = sign(1, 77);
    let mut case = forge(&signed, remainders(&signed.row));
    let mut columns = read(&case, MESSAGE_ROW);
    columns.x[8] += F::ONE;
    columns.bit[0] = F::ZERO;
    rewrite(&mut case, MESSAGE_ROW, columns);
    case.asked[0][8] += F::ONE;
    assert_eq!(case.broken(), ["signature: padding is a whole block"].into());
}

/// The leaf rows of another key or epoch under this one's tree.
fn splice(change: impl Fn(&mut SignatureRow)) -> Case {
    let signed = sign(1, 77);
    let mut row = signed.row.clone();
    change(&mut row);
    let other = finish(row);
    let mut case = forge(&signed, remainders(&signed.row));
    let leaf_rows = forge(&other, remainders(&signed.row));
    case.chain = leaf_rows.chain;
    let cells = ..LEAF_ROWS * WIDTH;
    case.signature.values[cells].copy_from_slice(&leaf_rows.signature.values[cells]);
    let leaf = output(&case, LEAF_ROWS - 1);
    climb(&mut case, &signed, 0, leaf, 77);
    case
}

#[test]
fn another_parameter_within_a_block_is_refused() {
    let broken = splice(|row| row.parameter[2] += F::ONE).broken();
    assert_eq!(broken, ["signature: parameter continues"].into());
}

#[test]
fn another_epoch_within_a_block_is_refused() {
    let broken = splice(|row| row.epoch += 1).broken();
    assert_eq!(broken, ["signature: epoch continues", "signature: leaf index is the epoch"].into());
}

#[test]
fn blocks_cannot_shift() {
    let mut case = Case::honest(Case::LOG_HEIGHTS, &[sign(1, 77)]);
    case.signature.values.rotate_right(WIDTH);
    assert!(case.broken().contains("signature: leaf prefix"));
    case.signature.values.rotate_left(WIDTH * (BLOCK + 1));
    assert_eq!(case.broken().iter().filter(|name| **name == "auth").count(), 1);
}
