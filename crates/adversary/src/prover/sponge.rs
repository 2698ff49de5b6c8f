//! The transcript's sponge: the verifier's own, which may leave out grinding.

use aludel_protocol::{Digest, F};
use aludel_verifier::challenger::SmallestWitness;
use aludel_verifier::config::Cap;
use p3_challenger::{CanObserve, CanSample, CanSampleBits, FieldChallenger, GrindingChallenger};
use p3_field::PrimeCharacteristicRing;

/// [`SmallestWitness`], but for grindings of `unground` bits, whose witness is 0 without any search.
#[derive(Clone)]
pub struct Sponge {
    inner: SmallestWitness,
    unground: Option<usize>,
}

impl Sponge {
    /// A transcript that begins with `key`.
    pub fn new(key: Digest, unground: Option<usize>) -> Self {
        Self { inner: SmallestWitness::new(key), unground }
    }
}

impl CanObserve<F> for Sponge {
    fn observe(&mut self, value: F) {
        self.inner.observe(value);
    }
}

impl CanObserve<Cap> for Sponge {
    fn observe(&mut self, cap: Cap) {
        self.inner.observe(cap);
    }
}

impl CanSample<F> for Sponge {
    fn sample(&mut self) -> F {
        self.inner.sample()
    }
}

impl CanSampleBits<usize> for Sponge {
    fn sample_bits(&mut self, bits: usize) -> usize {
        self.inner.sample_bits(bits)
    }
}

impl FieldChallenger<F> for Sponge {}

impl GrindingChallenger for Sponge {
    type Witness = F;

    fn grind(&mut self, bits: usize) -> F {
        if self.unground != Some(bits) {
            return self.inner.grind(bits);
        }
        // As the verifier goes on, had it accepted.
        let _ = self.inner.check_witness(bits, F::ZERO);
        F::ZERO
    }
}
