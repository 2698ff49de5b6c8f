//! The Fiat-Shamir transcript: Plonky3's duplex sponge, with grinding that every machine answers alike.
//!
//! Plonky3 returns whichever witness a thread finds first, so two runs give two (valid) proofs. This one returns
//! the smallest witness, whatever the threads.

use aludel_protocol::hash::{Perm16, perm16};
use aludel_protocol::{Digest, F, PackedF};
use p3_challenger::{
    CanObserve, CanSample, CanSampleBits, DuplexChallenger, FieldChallenger, GrindingChallenger,
};
use p3_field::{PackedValue, PrimeCharacteristicRing, PrimeField32};
use p3_maybe_rayon::prelude::*;
use p3_symmetric::Permutation;

const WIDTH: usize = 16;
const RATE: usize = 8;

/// Packed permutations that the threads share before they compare what they found.
const CHUNK: u32 = 1 << 13;

type Sponge = DuplexChallenger<F, Perm16, WIDTH, RATE>;

/// A duplex sponge over Poseidon2 of width 16 whose grinding returns the smallest witness.
#[derive(Clone, Debug)]
pub struct SmallestWitness(Sponge);

impl SmallestWitness {
    /// A transcript that begins with a key's digest: nothing is ever absorbed before it.
    pub fn new(key: Digest) -> Self {
        let mut sponge = Sponge::new(perm16().clone());
        sponge.observe_slice(&key.0);
        Self(sponge)
    }

    /// The state just before the permutation that absorbs a witness, and the witness's place in it. Mirrors
    /// `DuplexChallenger::duplexing`; the test below compares the two.
    fn before_witness(&self) -> ([PackedF; WIDTH], usize) {
        let buffer = &self.0.input_buffer;
        let slot = buffer.len();
        let absorbed = F::from_usize(slot.saturating_add(1));
        let state = self.0.sponge_state.iter().enumerate().map(|(i, x)| match i {
            i if i < RATE => buffer.get(i).copied().unwrap_or(F::ZERO),
            RATE => *x + absorbed,
            _ => *x,
        });
        let mut packed = [PackedF::ZERO; WIDTH];
        packed.iter_mut().zip(state).for_each(|(p, x)| *p = x.into());
        (packed, slot)
    }

    /// The smallest witness among the lanes of batch `batch`.
    fn try_batch(state: &[PackedF; WIDTH], slot: usize, batch: u32, mask: u32) -> Option<u32> {
        let base = F::from_u32(batch) * F::from_usize(PackedF::WIDTH);
        let candidates = PackedF::from_fn(|lane| base + F::from_usize(lane));
        let mut x = *state;
        *x.get_mut(slot)? = candidates;
        perm16().permute_mut(&mut x);
        let passes = |sample: &F| sample.as_canonical_u32() & mask == 0;
        let lane = x.get(RATE.checked_sub(1)?)?.as_slice().iter().position(passes)?;
        candidates.as_slice().get(lane).map(PrimeField32::as_canonical_u32)
    }

    fn search(&self, bits: usize) -> Option<F> {
        let mask = u32::try_from(bits).ok().and_then(|b| 1_u32.checked_shl(b))?.checked_sub(1)?;
        let lanes = u32::try_from(PackedF::WIDTH).ok()?;
        let (state, slot) = self.before_witness();
        // The last partial batch of the field is left out: no difficulty in use comes near it.
        let batches = F::ORDER_U32.checked_div(lanes)?;
        (0..batches.div_ceil(CHUNK)).find_map(|chunk| {
            let first = chunk.saturating_mul(CHUNK);
            let last = first.saturating_add(CHUNK).min(batches);
            let found = (first..last)
                .into_par_iter()
                .filter_map(|batch| Self::try_batch(&state, slot, batch, mask))
                .min();
            found.map(F::from_u32)
        })
    }
}

impl<T> CanObserve<T> for SmallestWitness
where
    Sponge: CanObserve<T>,
{
    fn observe(&mut self, value: T) {
        self.0.observe(value);
    }
}

impl<T> CanSample<T> for SmallestWitness
where
    Sponge: CanSample<T>,
{
    fn sample(&mut self) -> T {
        self.0.sample()
    }
}

impl CanSampleBits<usize> for SmallestWitness {
    fn sample_bits(&mut self, bits: usize) -> usize {
        self.0.sample_bits(bits)
    }
}

impl FieldChallenger<F> for SmallestWitness {}

impl GrindingChallenger for SmallestWitness {
    type Witness = F;

    #[tracing::instrument(name = "grind", skip_all, fields(bits), level = "debug")]
    fn grind(&mut self, bits: usize) -> F {
        if bits == 0 {
            return F::ZERO;
        }
        // A search of the whole field fails with probability `exp(-2^(31 - bits))`; the proof is then refused.
        let witness = self.search(bits).unwrap_or(F::ZERO);
        let _ = self.check_witness(bits, witness);
        witness
    }
}

#[cfg(test)]
mod tests {
    use aludel_protocol::fe;
    use aludel_protocol::hash::{Tag, hash_fields};

    use super::*;

    fn transcript(absorbed: u32) -> SmallestWitness {
        let mut c = SmallestWitness::new(hash_fields(Tag::VerifyingKey, &[fe(7)]));
        (0..absorbed).for_each(|i| c.observe(fe(i)));
        c
    }

    #[test]
    fn the_witness_is_the_smallest_one() {
        for absorbed in 0..10 {
            let start = transcript(absorbed);
            let expected = (0..).map(fe).find(|w| start.clone().check_witness(8, *w));
            assert_eq!(Some(start.clone().grind(8)), expected, "after {absorbed} elements");
        }
    }

    #[test]
    fn grinding_leaves_the_transcript_where_checking_does() {
        let (mut prover, mut verifier) = (transcript(3), transcript(3));
        let witness = prover.grind(10);
        assert!(verifier.check_witness(10, witness));
        assert_eq!(CanSample::<F>::sample(&mut prover), CanSample::<F>::sample(&mut verifier));
    }

    #[test]
    fn a_key_changes_every_challenge() {
        let mut other = SmallestWitness::new(Digest::ZERO);
        let mut this = transcript(0);
        assert_ne!(CanSample::<F>::sample(&mut this), CanSample::<F>::sample(&mut other));
    }
}
