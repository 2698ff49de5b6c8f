//! Constants of the protocol. Changing one changes [`config_digest`], and with it every key and statement.

use crate::field::fe;
use crate::hash::{Digest, Tag, hash_fields};

/// Version of the protocol: part of every signed message and of every statement.
pub const PROTOCOL_VERSION: u32 = 1;

/// Hash chains of one signature (eprint 2025/1332, target-sum encoding).
pub const XMSS_CHAINS: usize = 46;
/// Positions of a chain: digits are in base `2^XMSS_DIGIT_BITS`.
pub const XMSS_BASE: usize = 8;
/// Bits of a digit.
pub const XMSS_DIGIT_BITS: usize = 3;
/// Sum that the 46 digits of an acceptable message hash have. A verifier walks `46 * 7 - 210 = 112` steps.
pub const XMSS_TARGET_SUM: usize = 210;
/// Chain steps that verification of one signature takes, always.
pub const XMSS_STEPS: usize = XMSS_CHAINS * (XMSS_BASE - 1) - XMSS_TARGET_SUM;
/// Depth of the tree of one-time keys.
pub const XMSS_DEPTH: usize = 20;
/// Epochs of a key: `0..XMSS_LIFETIME`; the last admits only a rotation.
pub const XMSS_LIFETIME: u32 = 1 << XMSS_DEPTH;
/// Field elements of the public parameter of a key.
pub const XMSS_PARAMETER: usize = 5;
/// Field elements of the message hash that are decoded into digits, eight digits each.
pub const XMSS_WORDS: usize = 6;
/// Digits in one decoded field element: `p - 1 = 127 * 8^8`.
pub const XMSS_DIGITS_PER_WORD: usize = 8;
/// `(p - 1) / 8^8`: a hash element `A` decodes as `A = 127 d + c` with `c` in `0..127`.
pub const XMSS_WORD_QUOTIENT: u32 = 127;

/// Levels of the account tree: an account number is a `u32`.
pub const ACCOUNT_BITS: usize = 32;
/// Levels below an account in the space of further cells: a slot is a `u16`.
pub const SLOT_BITS: usize = 16;
/// Depth of the tree of a batch's withdrawals.
pub const WITHDRAWAL_BITS: usize = SLOT_BITS;
/// Field elements of a cell's payload.
pub const PAYLOAD: usize = 20;

/// The token whose balance lies in the account's own leaf.
pub const NATIVE_TOKEN: u16 = 0;
/// Account 0 belongs to the system: its slot 0 holds the counter from which account numbers come.
pub const SYSTEM_ACCOUNT: u32 = 0;

/// Digest of every constant above, carried by the statement: two builds that disagree on one of them cannot
/// accept each other's proofs.
pub fn config_digest() -> Digest {
    let fields = [
        PROTOCOL_VERSION,
        XMSS_CHAINS as u32,
        XMSS_BASE as u32,
        XMSS_TARGET_SUM as u32,
        XMSS_DEPTH as u32,
        XMSS_PARAMETER as u32,
        XMSS_WORD_QUOTIENT,
        ACCOUNT_BITS as u32,
        SLOT_BITS as u32,
        WITHDRAWAL_BITS as u32,
        PAYLOAD as u32,
        NATIVE_TOKEN as u32,
        SYSTEM_ACCOUNT,
    ];
    hash_fields(Tag::Config, &fields.map(fe))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::MODULUS;

    #[test]
    fn field_order_splits_into_digits() {
        let words = (XMSS_BASE as u32).pow(XMSS_DIGITS_PER_WORD as u32);
        assert_eq!(MODULUS - 1, XMSS_WORD_QUOTIENT * words);
        const { assert!(XMSS_WORDS * XMSS_DIGITS_PER_WORD >= XMSS_CHAINS) };
        assert_eq!(XMSS_STEPS, 112);
    }
}
