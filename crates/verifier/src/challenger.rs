//! The Fiat-Shamir transcript: Plonky3's duplex sponge, with grinding that every machine answers alike.
//!
//! Plonky3 returns whichever witness a thread finds first, so two runs give two (valid) proofs. This one returns
//! the smallest witness, whatever the threads.

use aludel_protocol::grinding::Puzzle;
use aludel_protocol::hash::{Perm16, perm16};
use aludel_protocol::{Digest, F};
use p3_challenger::{
    CanObserve, CanSample, CanSampleBits, DuplexChallenger, FieldChallenger, GrindingChallenger,
};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

const WIDTH: usize = 16;
const RATE: usize = 8;

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

    /// What a witness of so many bits must do: the state is that just before the permutation that absorbs it. Mirrors
    /// `DuplexChallenger::duplexing`; the test below compares the two.
    pub fn puzzle(&self, bits: usize) -> Option<Puzzle> {
        let buffer = &self.0.input_buffer;
        let slot = buffer.len();
        let absorbed = F::from_usize(slot.saturating_add(1));
        let mut state = self.0.sponge_state;
        for (i, x) in state.iter_mut().enumerate() {
            match i {
                i if i < RATE => *x = buffer.get(i).copied().unwrap_or(F::ZERO),
                RATE => *x += absorbed,
                _ => (),
            }
        }
        Puzzle::new(state, slot, RATE.checked_sub(1)?, bits)
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
        let search = |puzzle: Puzzle| puzzle.smallest_witness(0..F::ORDER_U32);
        let witness = self.puzzle(bits).and_then(search).unwrap_or(F::ZERO);
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
