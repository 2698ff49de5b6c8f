//! The hash calls of the signature scheme: generalised XMSS with target-sum encoding (eprint 2025/055,
//! 2025/1332) over [`compress16`](crate::hash::compress16) and [`compress24`](crate::hash::compress24).
//!
//! Signer, verifier and circuit build every hash input here. Key generation and signing live in the ledger; the
//! parameters are argued in `docs/decisions/0002-xmss-parameters.md`.
//!
//! Every call of width 24 begins with `tag, position, 0, parameter[5]`, or with the digest so far.

use p3_field::PrimeField32;

use crate::field::{F, fe};
use crate::hash::{DIGEST, Digest, Tag};
use crate::params::{
    XMSS_BASE, XMSS_CHAINS, XMSS_DIGIT_BITS, XMSS_DIGITS_PER_WORD, XMSS_PARAMETER, XMSS_TARGET_SUM,
    XMSS_WORD_QUOTIENT, XMSS_WORDS,
};

/// Public parameter of a key.
pub type Parameter = [F; XMSS_PARAMETER];

/// Digits of an acceptable message hash, one a chain, each below 8, with sum 210.
pub type Digits = [u8; XMSS_CHAINS];

/// The eight elements `tag, position, 0, parameter`.
pub const fn prefix(tag: F, position: F, p: &Parameter) -> [F; 8] {
    [tag, position, fe(0), p[0], p[1], p[2], p[3], p[4]]
}

/// `first || second || third`, eight elements each.
pub fn wide(first: [F; 8], second: [F; 8], third: [F; 8]) -> [F; 24] {
    core::array::from_fn(|i| match i / 8 {
        0 => first[i],
        1 => second[i - 8],
        _ => third[i - 16],
    })
}

/// Input of the message hash: `XmssMessage, epoch, 0, parameter || message || randomness`.
pub fn message_input(p: &Parameter, epoch: u32, message: &Digest, randomness: &[F; DIGEST]) -> [F; 24] {
    wide(prefix(Tag::XmssMessage.fe(), fe(epoch), p), message.0, *randomness)
}

/// Tweak of the chain step from `position` to `position + 1`.
pub const fn chain_tweak(chain: usize, position: usize) -> F {
    Tag::XmssChain.with((chain * XMSS_BASE + position) as u32)
}

/// Input of a chain step: `value[8], parameter[5], epoch, tweak, 0`.
pub fn chain_input(p: &Parameter, epoch: u32, chain: usize, position: usize, value: &Digest) -> [F; 16] {
    core::array::from_fn(|i| match i {
        0..8 => value.0[i],
        8..13 => p[i - 8],
        13 => fe(epoch),
        14 => chain_tweak(chain, position),
        _ => fe(0),
    })
}

/// First eight inputs of the leaf: then come the 46 chain ends, two a call, each call after the first
/// beginning with the digest so far.
pub const fn leaf_prefix(p: &Parameter, epoch: u32) -> [F; 8] {
    prefix(Tag::XmssLeaf.fe(), fe(epoch), p)
}

/// Input of the tree node above `left` and `right`: `level` 0 is just above the leaves, `index` counts the
/// nodes of that level from the left.
pub fn node_input(p: &Parameter, level: usize, index: u32, left: &Digest, right: &Digest) -> [F; 24] {
    wide(prefix(Tag::XmssNode.with(level as u32), fe(index), p), left.0, right.0)
}

/// Input of the key digest: `XmssKey, 0, 0, parameter || root || 0`.
pub fn key_input(p: &Parameter, root: &Digest) -> [F; 24] {
    wide(prefix(Tag::XmssKey.fe(), fe(0), p), root.0, [fe(0); 8])
}

/// Splits a message hash into digits: element `A < p - 1` is `127 d + c` with `c < 127`, and `d` is eight
/// digits in base 8, the most significant first. `None` where an element is `p - 1`.
pub fn digits(hash: &[F; DIGEST]) -> Option<[u8; XMSS_WORDS * XMSS_DIGITS_PER_WORD]> {
    let mut out = [0; XMSS_WORDS * XMSS_DIGITS_PER_WORD];
    for (word, a) in out.chunks_exact_mut(XMSS_DIGITS_PER_WORD).zip(hash) {
        let d = a.as_canonical_u32() / XMSS_WORD_QUOTIENT;
        if d >> (XMSS_DIGIT_BITS * XMSS_DIGITS_PER_WORD) != 0 {
            return None;
        }
        for (i, digit) in word.iter_mut().rev().enumerate() {
            *digit = (d >> (XMSS_DIGIT_BITS * i)) as u8 & (XMSS_BASE as u8 - 1);
        }
    }
    Some(out)
}

/// Decodes a message hash into one digit a chain; `None` unless they sum to the target.
pub fn encode(hash: &[F; DIGEST]) -> Option<Digits> {
    let all = digits(hash)?;
    let used: Digits = core::array::from_fn(|i| all[i]);
    (used.iter().map(|d| usize::from(*d)).sum::<usize>() == XMSS_TARGET_SUM).then_some(used)
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeCharacteristicRing;

    use super::*;
    use crate::field::MODULUS;

    #[test]
    fn digits_are_exact_at_the_edges() {
        let mut hash = [F::ZERO; DIGEST];
        hash[0] = fe(MODULUS - 2);
        let d = digits(&hash).expect("p - 2 decodes");
        assert_eq!(d[..8], [7; 8]);
        assert_eq!(d[8..], [0; 40]);
        hash[5] = fe(MODULUS - 1);
        assert_eq!(digits(&hash), None);
        hash[5] = fe(127 * (3 << 21) + 126);
        assert_eq!(digits(&hash).expect("decodes")[40..], [3, 0, 0, 0, 0, 0, 0, 0]);
    }
}
