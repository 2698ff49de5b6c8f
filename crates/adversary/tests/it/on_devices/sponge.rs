//! The transcript's sponge: the verifier's own, whose witnesses a device searches.

use aludel_kernels::{Error, Grinding};
use aludel_protocol::{Digest, F};
use aludel_verifier::challenger::SmallestWitness;
use aludel_verifier::config::Cap;
use p3_challenger::{CanObserve, CanSample, CanSampleBits, FieldChallenger, GrindingChallenger};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

/// [`SmallestWitness`] with a device.
pub struct Sponge<'d, D> {
    inner: SmallestWitness,
    device: &'d D,
    failed: Option<Error>,
}

impl<'d, D> Sponge<'d, D> {
    /// A transcript that begins with `key`.
    pub fn new(device: &'d D, key: Digest) -> Self {
        Self { inner: SmallestWitness::new(key), device, failed: None }
    }

    /// The first error of a search, none of which stops the transcript: it has no way to.
    pub fn outcome(self) -> Result<(), Error> {
        self.failed.map_or(Ok(()), Err)
    }
}

impl<D> CanObserve<F> for Sponge<'_, D> {
    fn observe(&mut self, value: F) {
        self.inner.observe(value);
    }
}

impl<D> CanObserve<Cap> for Sponge<'_, D> {
    fn observe(&mut self, cap: Cap) {
        self.inner.observe(cap);
    }
}

impl<D> CanSample<F> for Sponge<'_, D> {
    fn sample(&mut self) -> F {
        self.inner.sample()
    }
}

impl<D> CanSampleBits<usize> for Sponge<'_, D> {
    fn sample_bits(&mut self, bits: usize) -> usize {
        self.inner.sample_bits(bits)
    }
}

impl<D: Sync> FieldChallenger<F> for Sponge<'_, D> {}

impl<D: Grinding> GrindingChallenger for Sponge<'_, D> {
    type Witness = F;

    fn grind(&mut self, bits: usize) -> F {
        if bits == 0 {
            return F::ZERO;
        }
        let puzzle = self.inner.puzzle(bits).expect("at most 30 bits");
        let found = match self.device.smallest_witness(&puzzle, 0..F::ORDER_U32) {
            Ok(found) => found,
            Err(error) => {
                self.failed.get_or_insert(error);
                None
            }
        };
        let witness = found.unwrap_or(F::ZERO);
        let _ = self.inner.check_witness(bits, witness);
        witness
    }
}
