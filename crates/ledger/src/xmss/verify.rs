//! Verification of one signature, plainly: the reference for [`super::walk`].

use aludel_protocol::hash::{DIGEST, compress16, compress24};
use aludel_protocol::params::{
    XMSS_BASE, XMSS_CHAINS, XMSS_DIGITS_PER_WORD, XMSS_LIFETIME, XMSS_TARGET_SUM, XMSS_WORDS,
};
use aludel_protocol::xmss::{chain_input, digits, key_input, leaf_prefix, message_input, node_input, wide};
use aludel_protocol::{Digest, Epoch, F, KeyDigest, Signature};

/// Every digit of the decoded part of a message hash: 46 in use, then two that must merely be digits.
pub type AllDigits = [u8; XMSS_WORDS * XMSS_DIGITS_PER_WORD];

/// That `signature` signs `message` at `epoch` under `key`.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// What the account's leaf holds.
    pub key: KeyDigest,
    /// The epoch that the signed record names.
    pub epoch: Epoch,
    /// Digest of the signed record.
    pub message: Digest,
    /// The signature.
    pub signature: &'a Signature,
}

/// Why a signature is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// No key has such an epoch.
    #[error("epoch {epoch} is not below {XMSS_LIFETIME}; sign again at an epoch of the key")]
    Epoch {
        /// The claimed epoch.
        epoch: u32,
    },
    /// An element of the message hash is `p - 1`, which has no digits.
    #[error("the message hash does not decode into digits; sign again")]
    Digits,
    /// The digits of the message hash miss the target.
    #[error(
        "the message hash has digit sum {found}, not {XMSS_TARGET_SUM}: another message, epoch or key was signed"
    )]
    Sum {
        /// Sum of the 46 digits.
        found: usize,
    },
    /// The signature opens another key.
    #[error(
        "the signature opens key {found}, not {expected}: it is damaged, or another message, epoch or key was signed"
    )]
    Key {
        /// The claimed key.
        expected: KeyDigest,
        /// What the signature leads to.
        found: KeyDigest,
    },
}

/// Refuses epochs that no key has: past the lifetime, direction bits would not be the epoch, nor its field element.
pub(super) const fn check_epoch(epoch: Epoch) -> Result<u32, VerifyError> {
    match epoch.0 < XMSS_LIFETIME {
        true => Ok(epoch.0),
        false => Err(VerifyError::Epoch { epoch: epoch.0 }),
    }
}

/// Digits of a message hash that has the target sum.
pub(super) fn check_digits(hash: &[F; DIGEST]) -> Result<AllDigits, VerifyError> {
    let all = digits(hash).ok_or(VerifyError::Digits)?;
    match all[..XMSS_CHAINS].iter().map(|d| usize::from(*d)).sum() {
        XMSS_TARGET_SUM => Ok(all),
        found => Err(VerifyError::Sum { found }),
    }
}

/// Compares keys.
pub(super) fn check_key(expected: KeyDigest, found: KeyDigest) -> Result<(), VerifyError> {
    match expected == found {
        true => Ok(()),
        false => Err(VerifyError::Key { expected, found }),
    }
}

/// Verifies one signature, one hash at a time.
///
/// # Errors
/// Says which check failed first: epoch, digits, sum, key.
pub fn verify(
    key: &KeyDigest,
    epoch: Epoch,
    message: &Digest,
    signature: &Signature,
) -> Result<(), VerifyError> {
    let epoch = check_epoch(epoch)?;
    let Signature { parameter, randomness, chains, path } = signature;
    let digits = check_digits(&compress24(message_input(parameter, epoch, message, randomness)))?;

    let ends: [Digest; XMSS_CHAINS] = core::array::from_fn(|i| {
        (usize::from(digits[i])..XMSS_BASE - 1)
            .fold(chains[i], |value, at| Digest(compress16(chain_input(parameter, epoch, i, at, &value))))
    });
    let absorb = |state, pair: &[Digest]| compress24(wide(state, pair[0].0, pair[1].0));
    let leaf = Digest(ends.chunks_exact(2).fold(leaf_prefix(parameter, epoch), absorb));
    let root = path.iter().enumerate().fold(leaf, |node, (level, sibling)| {
        let (left, right) = if (epoch >> level) & 1 == 0 { (&node, sibling) } else { (sibling, &node) };
        Digest(compress24(node_input(parameter, level, epoch >> (level + 1), left, right)))
    });
    check_key(*key, Digest(compress24(key_input(parameter, &root))))
}
