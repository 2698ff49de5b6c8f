//! Signing: some 5,900 tries for randomness whose message hash has the target sum, then 210 chain steps.

use aludel_protocol::hash::{DIGEST, compress24};
use aludel_protocol::params::{
    XMSS_CHAINS, XMSS_DIGIT_BITS, XMSS_DIGITS_PER_WORD, XMSS_TARGET_SUM, XMSS_WORD_QUOTIENT, XMSS_WORDS,
};
use aludel_protocol::xmss::{Digits, Parameter, encode, message_input};
use aludel_protocol::{Digest, Epoch, F, PackedF, Signature, fe};
use p3_field::{PackedValue, PrimeField32};
use rayon::prelude::*;

use super::chain::{self, Run};
use super::keygen::SecretKey;
use super::lanes::{LANES, compress24_all, lane, pack};

/// Tries before giving up, a multiple of every lane count. All fail with probability below `2^-250`.
const TRIES: usize = 1 << 20;

/// Why a key does not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key has no one-time key for the epoch.
    #[error(
        "this key signs at epochs {first} to {last}, not at {epoch}; rotate to a key whose window holds the epoch"
    )]
    Epoch {
        /// The epoch asked for.
        epoch: u32,
        /// The window's first.
        first: u32,
        /// The window's last.
        last: u32,
    },
    /// No randomness led to the target sum: our bug.
    #[error("no randomness among {TRIES} leads to the target sum; this is a bug, please report it")]
    Randomness,
}

impl SecretKey {
    /// Signs a message digest at an epoch of the window. Deterministic: the same key, epoch and message give the
    /// same bytes, whatever the machine. Two different messages at one epoch give the one-time key away.
    ///
    /// # Errors
    /// When the epoch lies outside the window.
    pub fn sign(&self, epoch: Epoch, message: &Digest) -> Result<Signature, SignError> {
        let window = self.window();
        if !window.contains(epoch) {
            let (first, last) = (window.start().0, window.last().0);
            return Err(SignError::Epoch { epoch: epoch.0, first, last });
        }
        let base = self.secret.randomness(epoch.0, message);
        let (randomness, digits) =
            search(self.parameter(), epoch.0, message, &base).ok_or(SignError::Randomness)?;
        Ok(Signature {
            parameter: *self.parameter(),
            randomness,
            chains: self.chains(epoch.0, &digits),
            path: self.path(epoch),
        })
    }

    /// Each chain at the position of its digit.
    fn chains(&self, epoch: u32, digits: &Digits) -> [Digest; XMSS_CHAINS] {
        let starts = compress24_all(XMSS_CHAINS, |chain| self.secret.start_input(epoch, chain));
        let run = |(chain, value): (usize, &Digest)| Run {
            parameter: self.parameter(),
            epoch,
            chain,
            from: 0,
            to: usize::from(digits[chain]),
            value: *value,
        };
        let runs: Vec<Run> = starts.iter().enumerate().map(run).collect();
        let values = chain::ends(&runs);
        core::array::from_fn(|chain| values[chain])
    }
}

/// The first of `base`, `base + 1`, .. (counted in the last element) whose message hash encodes, with its digits.
/// Each try is uniform because the base is; lanes hold consecutive tries and the lowest wins, so the width does
/// not show.
fn search(p: &Parameter, epoch: u32, message: &Digest, base: &[F; DIGEST]) -> Option<([F; DIGEST], Digits)> {
    let attempt = |n: usize| {
        let mut randomness = *base;
        randomness[DIGEST - 1] += fe(n as u32);
        randomness
    };
    let mut x = pack(|i| message_input(p, epoch, message, &attempt(i)));
    for first in (0..TRIES).step_by(LANES) {
        let hashes = compress24(x);
        let sums = digit_sums(&hashes);
        let hits = (0..LANES).filter(|i| sums[*i] == XMSS_TARGET_SUM as u32);
        let mut tries = hits.filter_map(|i| Some((attempt(first + i), encode(&lane(&hashes, i))?)));
        if let Some(found) = tries.next() {
            return Some(found);
        }
        x[23] += PackedF::from(fe(LANES as u32));
    }
    None
}

/// Digit sum of each lane's message hash, to be confirmed by [`encode`]: the 46 digits summed four at a time in
/// the bit fields of a word, which vectorises.
fn digit_sums(hashes: &[PackedF; DIGEST]) -> [u32; LANES] {
    const UNUSED: usize = XMSS_DIGIT_BITS * (XMSS_WORDS * XMSS_DIGITS_PER_WORD - XMSS_CHAINS);
    let mut sums = [0; LANES];
    for (i, word) in hashes[..XMSS_WORDS].iter().enumerate() {
        let unused = if i == XMSS_WORDS - 1 { UNUSED } else { 0 };
        for (sum, a) in sums.iter_mut().zip(word.as_slice()) {
            let d = (a.as_canonical_u32() / XMSS_WORD_QUOTIENT) >> unused;
            let pairs = (d & 0o0707_0707) + ((d >> 3) & 0o0707_0707);
            *sum += (pairs & 0o0077_0077) + ((pairs >> 6) & 0o0077_0077);
        }
    }
    sums.map(|sum| (sum & 0o7777) + (sum >> 12))
}

/// Signs many messages in parallel, in order.
pub fn sign_many(jobs: &[(&SecretKey, Epoch, Digest)]) -> Vec<Result<Signature, SignError>> {
    jobs.par_iter().map(|(key, epoch, message)| key.sign(*epoch, message)).collect()
}

#[cfg(test)]
mod tests {
    use aludel_protocol::hash::{Tag, hash_fields};

    use super::*;

    #[test]
    fn digit_sums_are_those_of_the_digits() {
        let hash = |i: usize| hash_fields(Tag::XmssMessage, &[fe(i as u32)]).0;
        for first in (0..4096).step_by(LANES) {
            let sums = digit_sums(&pack(|i| hash(first + i)));
            for (i, sum) in sums.into_iter().enumerate() {
                let digits = aludel_protocol::xmss::digits(&hash(first + i)).expect("no element is p - 1");
                assert_eq!(sum, digits[..XMSS_CHAINS].iter().map(|d| u32::from(*d)).sum::<u32>());
            }
        }
        let high = digit_sums(&pack(|_| [fe(aludel_protocol::field::MODULUS - 2); DIGEST]));
        assert_eq!(high, [7 * XMSS_CHAINS as u32; LANES]);
    }

    /// The lane count must not show: a plain search from the same base finds the same randomness.
    #[test]
    fn the_first_try_that_encodes_wins() {
        let (parameter, message) = ([fe(3); 5], Digest([fe(4); 8]));
        let base = [fe(aludel_protocol::field::MODULUS - 1); DIGEST];
        let plain = (0..TRIES as u32).find_map(|n| {
            let mut randomness = base;
            randomness[DIGEST - 1] += fe(n);
            let hash = compress24(message_input(&parameter, 5, &message, &randomness));
            Some((randomness, encode(&hash)?))
        });
        assert!(plain.is_some());
        assert_eq!(search(&parameter, 5, &message, &base), plain);
    }
}
