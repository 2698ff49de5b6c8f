//! Making keys: 345 compressions a one-time key, and 46 for its secrets, packed across one-time keys.

use core::fmt;

use aludel_protocol::hash::compress24;
use aludel_protocol::params::{XMSS_BASE, XMSS_CHAINS, XMSS_DEPTH};
use aludel_protocol::xmss::{Parameter, chain_input, chain_tweak, leaf_prefix};
use aludel_protocol::{Digest, Epoch, F, KeyDigest, PackedF, fe};

use super::chain::{TWEAK, advance};
use super::lanes::{by_lanes, pack, par_blocks};
use super::public::PublicKey;
use super::secret::{Derivation, Secret};
use super::tree::{self, Subtree};
use super::window::Window;

/// A key that can sign at the epochs of its window. It does not remember which it has used: sign through
/// [`crate::keys::Signer`], or never twice at one epoch.
///
/// Holds 64 bytes an epoch. What it signs with is wiped on drop; `Debug` hides it.
pub struct SecretKey {
    pub(super) secret: Secret,
    pub(super) subtree: Subtree,
    public: PublicKey,
}

impl SecretKey {
    /// Computes the key: 391 compressions an epoch of the window.
    pub fn generate(from: &Derivation, window: Window) -> Self {
        let mut keys = generate_many(core::slice::from_ref(from), window);
        keys.pop().unwrap_or_else(|| unreachable!("one derivation makes one key"))
    }

    /// What others need in order to verify.
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// What an account's leaf holds.
    pub fn key_digest(&self) -> KeyDigest {
        self.public.digest()
    }

    /// The epochs at which the key can sign.
    pub const fn window(&self) -> Window {
        self.public.window
    }

    pub(super) const fn parameter(&self) -> &Parameter {
        &self.public.parameter
    }

    /// Siblings of the epoch, which lies in the window.
    pub(super) fn path(&self, epoch: Epoch) -> [Digest; XMSS_DEPTH] {
        self.subtree.path(&self.secret, epoch.0)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// Computes many keys with one window, in order, in parallel. Lanes run across keys, so a window of one epoch
/// costs no more an epoch than a large one.
pub fn generate_many(from: &[Derivation], window: Window) -> Vec<SecretKey> {
    let secrets: Vec<Secret> = from.iter().map(|d| Secret::new(d, &window)).collect();
    let parameters: Vec<Parameter> = secrets.iter().map(Secret::parameter).collect();
    let leaves = leaves(&secrets, &parameters, window);
    let trees = tree::build(&secrets, &parameters, window, leaves);
    let keys = secrets.into_iter().zip(parameters).zip(trees);
    keys.map(|((secret, parameter), (subtree, root))| SecretKey {
        secret,
        subtree,
        public: PublicKey { parameter, root, window },
    })
    .collect()
}

/// Every key's leaves in turn.
fn leaves(secrets: &[Secret], parameters: &[Parameter], window: Window) -> Vec<Digest> {
    let job = |i: usize| {
        let (key, offset) = (i >> window.log_size(), i & (window.size() - 1));
        OneTime {
            secret: &secrets[key],
            parameter: &parameters[key],
            epoch: window.start().0 + offset as u32,
        }
    };
    par_blocks(secrets.len() * window.size(), |first, count| {
        by_lanes(count, |item| leaf(|i| job(first + item(i))))
    })
}

struct OneTime<'a> {
    secret: &'a Secret,
    parameter: &'a Parameter,
    epoch: u32,
}

/// One leaf a lane: secrets, chains to their ends, and the 23 calls that absorb them.
fn leaf<'a>(job: impl Fn(usize) -> OneTime<'a>) -> [PackedF; 8] {
    let mut start = pack(|i| job(i).secret.start_input(job(i).epoch, 0));
    let mut step = pack(|i| chain_input(job(i).parameter, job(i).epoch, 0, 0, &Digest::ZERO));
    let mut state = pack(|i| leaf_prefix(job(i).parameter, job(i).epoch));
    for chain in (0..XMSS_CHAINS).step_by(2) {
        let left = chain_end(&mut start, &mut step, chain);
        let right = chain_end(&mut start, &mut step, chain + 1);
        state = compress24(concat(state, left, right));
    }
    state
}

/// The end of one chain a lane, from its secret start.
fn chain_end(start: &mut [PackedF; 24], step: &mut [PackedF; 16], chain: usize) -> [PackedF; 8] {
    let all = |x: F| PackedF::from(x);
    start[Secret::CHAIN] = all(fe(chain as u32));
    step[..8].copy_from_slice(&compress24(*start));
    step[TWEAK] = all(chain_tweak(chain, 0));
    (1..XMSS_BASE).for_each(|_| advance(step));
    core::array::from_fn(|j| step[j])
}

fn concat(a: [PackedF; 8], b: [PackedF; 8], c: [PackedF; 8]) -> [PackedF; 24] {
    core::array::from_fn(|i| [a, b, c][i / 8][i % 8])
}
