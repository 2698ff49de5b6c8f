//! Plonky3's verifier over a sponge that writes down what it is asked.

use std::sync::{Arc, Mutex};

use aludel_protocol::trees::trees;
use aludel_protocol::{Challenge, F};
use aludel_verifier::challenger::SmallestWitness;
use aludel_verifier::config::{Cap, Pcs, Proof, fri_parameters};
use aludel_verifier::{Key, Machine};
use p3_air::Air;
use p3_batch_stark::common::GlobalPreprocessed;
use p3_batch_stark::folder::VerifierConstraintFolderWithLookups;
use p3_batch_stark::{BatchProof, CommonData, verify_batch};
use p3_challenger::{CanObserve, CanSample, CanSampleBits, FieldChallenger, GrindingChallenger};
use p3_dft::Radix2DitParallel;
use p3_uni_stark::StarkConfig;

use super::{Event, of_cap};

/// The verifier's configuration with the recording sponge.
pub type Recorded = StarkConfig<Pcs, Challenge, Recording>;

/// What Plonky3's verifier asked of the sponge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Everything, in order.
    pub events: Vec<Event>,
    /// The element that each draw gave, in order; of bits the element that they are of.
    pub drawn: Vec<F>,
}

/// The verifier's sponge, which writes down what it is asked.
#[derive(Clone)]
pub struct Recording {
    sponge: SmallestWitness,
    heard: Arc<Mutex<Heard>>,
}

impl Recording {
    fn hear(&self, events: impl IntoIterator<Item = Event>, drawn: Option<F>) {
        let mut heard = self.heard.lock().expect("nobody panicked");
        heard.events.extend(events);
        heard.drawn.extend(drawn);
    }
}

impl CanObserve<F> for Recording {
    fn observe(&mut self, value: F) {
        self.hear([Event::Absorb(value)], None);
        self.sponge.observe(value);
    }
}

impl CanObserve<Cap> for Recording {
    fn observe(&mut self, cap: Cap) {
        self.hear(of_cap(&cap), None);
        self.sponge.observe(cap);
    }
}

impl CanSample<F> for Recording {
    fn sample(&mut self) -> F {
        let element = self.sponge.sample();
        self.hear([Event::Draw], Some(element));
        element
    }
}

impl CanSample<Challenge> for Recording {
    fn sample(&mut self) -> Challenge {
        self.sample_algebra_element()
    }
}

impl CanSampleBits<usize> for Recording {
    fn sample_bits(&mut self, bits: usize) -> usize {
        // The element that the bits are taken of, which the sponge does not show.
        let element = self.sponge.clone().sample();
        self.hear([Event::Bits(bits)], Some(element));
        self.sponge.sample_bits(bits)
    }
}

impl FieldChallenger<F> for Recording {}

impl GrindingChallenger for Recording {
    type Witness = F;

    fn grind(&mut self, _: usize) -> F {
        unreachable!("a verifier does not grind")
    }
}

/// What Plonky3's verifier asks of the sponge for a proof under a key, after the key's digest, and whether it accepts.
///
/// # Panics
/// If the verifier does.
pub fn heard<A>(key: &Key<A>, proof: Proof, public_values: &[Vec<F>]) -> (Heard, bool)
where
    A: Machine + for<'a> Air<VerifierConstraintFolderWithLookups<'a, Recorded>>,
{
    let p = key.layout().parameters();
    let heard = Arc::new(Mutex::new(Heard::default()));
    let challenger = Recording { sponge: SmallestWitness::new(key.digest()), heard: heard.clone() };
    let pcs = Pcs::new(Radix2DitParallel::default(), trees(p.cap_height), fri_parameters(p));
    let config = Recorded::new(pcs, challenger)
        .with_lookup_proof_of_work_bits(p.lookup_pow_bits)
        .with_ood_proof_of_work_bits(p.ood_pow_bits);
    let fixed = key.common().preprocessed.as_ref().map(|fixed| GlobalPreprocessed {
        commitment: fixed.commitment.clone(),
        instances: fixed.instances.clone(),
        matrix_to_instance: fixed.matrix_to_instance.clone(),
    });
    let common = CommonData::<Recorded>::new(fixed, key.common().lookups.clone());
    let verdict = verify_batch(&config, key.chips(), &recorded(proof), public_values, &common);
    let heard = std::mem::take(&mut *heard.lock().expect("nobody panicked"));
    (heard, verdict.is_ok())
}

/// The same proof to another sponge's verifier.
fn recorded(p: Proof) -> BatchProof<Recorded> {
    BatchProof {
        commitments: p.commitments,
        opened_values: p.opened_values,
        opening_proof: p.opening_proof,
        lookup_terminals: p.lookup_terminals,
        degree_bits: p.degree_bits,
        lookup_pow_witness: p.lookup_pow_witness,
        ood_pow_witness: p.ood_pow_witness,
    }
}
