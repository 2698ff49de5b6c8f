//! Where a key's secrets come from: a pseudo-random function over [`compress24`], keyed by eight elements that
//! derive from the seed.
//!
//! It stays in the field (no rejection of bytes above `p`), packs like every other hash here, and assumes
//! nothing of Poseidon2 that the signatures do not assume already.

use core::fmt;

use aludel_protocol::hash::{DIGEST, Tag, compress24, hash_fields};
use aludel_protocol::xmss::{Parameter, wide};
use aludel_protocol::{ChainId, Digest, F, Limbs, fe};
use p3_field::PrimeField32;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::window::Window;

/// What one key derives from, together with its window. Wiped on drop; `Debug` hides the seed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Derivation {
    /// 256 bits from the operating system, or from whatever backs the wallet up.
    pub seed: [u8; 32],
    /// The rollup whose transactions the key signs.
    #[zeroize(skip)]
    pub chain_id: ChainId,
    /// Tells the keys of one seed and chain apart: one for each account and each rotation.
    pub counter: u64,
}

impl fmt::Debug for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed: _, chain_id, counter } = self;
        f.debug_struct("Derivation")
            .field("chain_id", chain_id)
            .field("counter", counter)
            .finish_non_exhaustive()
    }
}

/// What the function is asked for. The numbers are part of the key format.
#[derive(Clone, Copy)]
#[repr(u32)]
enum Purpose {
    Parameter = 1,
    Start = 2,
    Padding = 3,
    Randomness = 4,
}

/// Key of the pseudo-random function, as canonical integers so that it can be wiped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(super) struct Secret([u32; DIGEST]);

impl Secret {
    /// `hash_fields(XmssSecret, seed 16 || chain_id 4 || counter 4 || window start 2 || window log size 1)`, the
    /// seed as 16-bit limbs. The window takes part, so that two windows of one counter share no one-time key.
    pub fn new(from: &Derivation, window: &Window) -> Self {
        let mut fields = [fe(0); 27];
        for (x, limb) in fields.iter_mut().zip(from.seed.chunks_exact(2)) {
            *x = fe(u32::from(limb[0]) | u32::from(limb[1]) << 8);
        }
        fields[16..20].copy_from_slice(&from.chain_id.0.limbs());
        fields[20..24].copy_from_slice(&from.counter.limbs());
        fields[24..26].copy_from_slice(&window.start().0.limbs());
        fields[26] = fe(window.log_size() as u32);
        let digest = hash_fields(Tag::XmssSecret, &fields);
        fields.fill(fe(0));
        core::hint::black_box(&fields);
        Self(digest.0.map(|x| x.as_canonical_u32()))
    }

    /// `XmssSecret 2^16 + purpose, at[2], 0 (5) || key || data`.
    fn input(&self, purpose: Purpose, at: [u32; 2], data: [F; 8]) -> [F; 24] {
        let zero = fe(0);
        let tag = Tag::XmssSecret.with(purpose as u32);
        wide([tag, fe(at[0]), fe(at[1]), zero, zero, zero, zero, zero], self.0.map(fe), data)
    }

    /// The key's public parameter.
    pub fn parameter(&self) -> Parameter {
        let y = compress24(self.input(Purpose::Parameter, [0, 0], [fe(0); 8]));
        core::array::from_fn(|i| y[i])
    }

    /// Input of the call whose output is the first value of a chain. Element [`Self::CHAIN`] holds `chain`.
    pub fn start_input(&self, epoch: u32, chain: usize) -> [F; 24] {
        self.input(Purpose::Start, [epoch, chain as u32], [fe(0); 8])
    }

    /// Where [`Self::start_input`] holds the chain.
    pub const CHAIN: usize = 2;

    /// Input of the call whose output stands in for a node outside the window: `level` counts from the leaves,
    /// which are level 0.
    pub fn padding_input(&self, level: usize, index: u32) -> [F; 24] {
        self.input(Purpose::Padding, [level as u32, index], [fe(0); 8])
    }

    /// A pseudo-random node.
    pub fn padding(&self, level: usize, index: u32) -> Digest {
        Digest(compress24(self.padding_input(level, index)))
    }

    /// The randomness that a signature tries first.
    pub fn randomness(&self, epoch: u32, message: &Digest) -> [F; DIGEST] {
        compress24(self.input(Purpose::Randomness, [epoch, 0], message.0))
    }
}
