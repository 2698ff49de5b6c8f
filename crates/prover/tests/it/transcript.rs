//! The transcript of a proof: what the verifier's sponge absorbs, in order, and where challenges are drawn. The list is
//! made here from the parts of the proof, each with its name; a recording sponge must hear just that.
//!
//! Of a proof only Merkle openings do not appear: they are held to roots that do.

use std::sync::{Arc, Mutex};

use aludel_circuits::Chip;
use aludel_protocol::hash::{Perm16, perm16};
use aludel_protocol::{Challenge, Digest, F};
use aludel_verifier::challenger::SmallestWitness;
use aludel_verifier::config::{Cap, Pcs, Proof, fri_parameters, trees};
use aludel_verifier::format::{self, PREFIX_BYTES};
use aludel_verifier::parameters::PARAMETERS;
use p3_batch_stark::common::GlobalPreprocessed;
use p3_batch_stark::{BatchProof, BatchShape, CommonData, verify_batch};
use p3_challenger::fs::{DomainSeparator, FieldUnit};
use p3_challenger::{
    CanObserve, CanSample, CanSampleBits, DuplexChallenger, FieldChallenger, GrindingChallenger,
};
use p3_dft::Radix2DitParallel;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_fri::{FriShape, PcsShape};
use p3_uni_stark::StarkConfig;

use aludel_adversary::toy::{proof, prover, statement};

/// Something that the sponge is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Absorb(F),
    /// An element of a challenge.
    Draw,
    /// So many bits: of a query's place, or those that grinding made zero.
    Bits(usize),
}

use Event::{Absorb, Bits, Draw};

/// The verifier's sponge, which writes down what it is asked.
#[derive(Clone)]
struct Recording {
    sponge: SmallestWitness,
    heard: Arc<Mutex<Vec<Event>>>,
}

impl Recording {
    fn hear(&self, events: impl IntoIterator<Item = Event>) {
        self.heard.lock().expect("nobody panicked").extend(events);
    }
}

impl CanObserve<F> for Recording {
    fn observe(&mut self, value: F) {
        self.hear([Absorb(value)]);
        self.sponge.observe(value);
    }
}

impl CanObserve<Cap> for Recording {
    fn observe(&mut self, cap: Cap) {
        self.hear(of_cap(&cap));
        self.sponge.observe(cap);
    }
}

impl CanSample<F> for Recording {
    fn sample(&mut self) -> F {
        self.hear([Draw]);
        self.sponge.sample()
    }
}

impl CanSample<Challenge> for Recording {
    fn sample(&mut self) -> Challenge {
        self.sample_algebra_element()
    }
}

impl CanSampleBits<usize> for Recording {
    fn sample_bits(&mut self, bits: usize) -> usize {
        self.hear([Bits(bits)]);
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

type Recorded = StarkConfig<Pcs, Challenge, Recording>;

fn of_cap(cap: &Cap) -> Vec<Event> {
    cap.roots().as_flattened().iter().copied().map(Absorb).collect()
}

fn of_values(values: &[Challenge]) -> Vec<Event> {
    let coefficients = |x: &Challenge| x.as_basis_coefficients_slice().to_vec();
    values.iter().flat_map(coefficients).map(Absorb).collect()
}

fn of_seed(separator: &DomainSeparator<FieldUnit<F>>) -> Vec<Event> {
    struct Absorbed(Vec<Event>);
    impl CanObserve<F> for Absorbed {
        fn observe(&mut self, value: F) {
            self.0.push(Absorb(value));
        }
    }
    let mut absorbed = Absorbed(Vec::new());
    separator.seed(&mut absorbed);
    absorbed.0
}

fn of_grinding(bits: usize, witness: F) -> Vec<Event> {
    if bits == 0 { Vec::new() } else { vec![Absorb(witness), Bits(bits)] }
}

fn challenge() -> Vec<Event> {
    vec![Draw; 5]
}

type List = Vec<(&'static str, Vec<Event>)>;

/// The list of an honest toy proof, after the key's digest.
fn expected(proof: &Proof) -> List {
    let mut list = machine_part(proof);
    list.extend(opening_part(proof));
    list.extend(folding_part(proof));
    list
}

fn machine_part(proof: &Proof) -> List {
    let (key, p) = (prover().key(), &PARAMETERS);
    let chips = key.chips();
    let shape = BatchShape {
        trace_widths: chips.iter().map(Chip::width).collect(),
        public_value_counts: chips.iter().map(Chip::public_values).collect(),
        preprocessed_widths: chips.iter().map(Chip::fixed_width).collect(),
        has_preprocessed_commitment: true,
        num_lookup_instances: 3,
        lookup_pow_bits: p.lookup_pow_bits,
        has_randomization_commitment: false,
        ood_pow_bits: p.ood_pow_bits,
    };
    let height = |chip| Challenge::from(F::from_usize(Chip::log_height(chip)));
    let heights: Vec<Challenge> = chips.iter().map(height).collect();
    let terminals: Vec<Challenge> = proof.lookup_terminals.iter().flatten().map(|t| t.0).collect();
    let commitments = &proof.commitments;
    vec![
        ("seed of the machine", of_seed(&shape.domain_separator::<F, Challenge>())),
        ("heights", of_values(&heights)),
        ("main commitment", of_cap(&commitments.main)),
        ("public values", statement(3).digest().0.map(Absorb).to_vec()),
        ("preprocessed commitment", of_cap(key.root().expect("it has preprocessed columns"))),
        ("lookup grinding", of_grinding(p.lookup_pow_bits, proof.lookup_pow_witness.expect("has lookups"))),
        ("lookup alpha, beta", [challenge(), challenge()].concat()),
        ("lookup commitment", of_cap(commitments.permutation.as_ref().expect("has lookups"))),
        ("lookup terminals", of_values(&terminals)),
        ("constraint alpha", challenge()),
        ("quotient commitment", of_cap(&commitments.quotient_chunks)),
        ("out-of-domain grinding", of_grinding(p.ood_pow_bits, proof.ood_pow_witness)),
        ("zeta", challenge()),
    ]
}

/// Opened values by commitment, matrix and point, in the order in which they are absorbed.
fn claims(proof: &Proof) -> Vec<Vec<Vec<Vec<Challenge>>>> {
    let chips = &proof.opened_values.instances;
    let base = || chips.iter().map(|chip| &chip.base_opened_values);
    let main = base().map(|b| [Some(&b.trace_local), b.trace_next.as_ref()].into_iter().flatten().cloned());
    let quotient = base().flat_map(|b| b.quotient_chunks.iter().map(|chunk| vec![chunk.clone()]));
    let fixed = base().filter_map(|b| b.preprocessed.as_ref()).map(|p| vec![p.local.clone()]);
    let lookups = chips.iter().filter(|chip| !chip.permutation_local.is_empty());
    let lookups = lookups.map(|chip| vec![chip.permutation_local.clone(), chip.permutation_next.clone()]);
    vec![main.map(Iterator::collect).collect(), quotient.collect(), fixed.collect(), lookups.collect()]
}

fn opening_part(proof: &Proof) -> List {
    let claims = claims(proof);
    let sizes = |matrices: &Vec<Vec<Vec<_>>>| -> Vec<Vec<usize>> {
        matrices.iter().map(|points| points.iter().map(Vec::len).collect()).collect()
    };
    let shape = PcsShape {
        claimed_evaluation_counts: claims.iter().map(sizes).collect(),
        batch_pow_bits: PARAMETERS.batch_pow_bits,
    };
    let values = |i: usize| of_values(&claims[i].concat().concat());
    vec![
        ("seed of the openings", of_seed(&shape.domain_separator::<F, Challenge>())),
        ("opened main columns", values(0)),
        ("opened quotient chunks", values(1)),
        ("opened preprocessed columns", values(2)),
        ("opened lookup columns", values(3)),
        ("batch grinding", of_grinding(PARAMETERS.batch_pow_bits, proof.opening_proof.batch_pow_witness)),
        ("batch alpha", challenge()),
    ]
}

fn folding_part(proof: &Proof) -> List {
    let (p, opening) = (&PARAMETERS, &proof.opening_proof);
    // The toy's chips have heights 6, 5, 7 and 4.
    let heights = [7, 6, 5, 4].map(|height| height + p.log_blowup);
    let shape = FriShape::new(&fri_parameters(p), &heights, heights[0]);
    let mut list = vec![("seed of the low-degree test", of_seed(&shape.domain_separator::<F, Challenge>()))];
    for (cap, witness) in opening.commit_phase_commits.iter().zip(&opening.commit_pow_witnesses) {
        list.push(("folding commitment", of_cap(cap)));
        list.push(("folding grinding", of_grinding(p.commit_pow_bits, *witness)));
        list.push(("folding challenge", challenge()));
    }
    list.push(("last polynomial", of_values(&opening.final_poly)));
    list.push(("query grinding", of_grinding(p.query_pow_bits, opening.query_pow_witness)));
    list.push(("queries", vec![Bits(heights[0]); p.queries]));
    list
}

/// What Plonky3's verifier asks of the sponge for a proof, and whether it accepts.
fn heard(proof: Proof) -> (Vec<Event>, bool) {
    let key = prover().key();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let challenger = Recording { sponge: SmallestWitness::new(key.digest()), heard: heard.clone() };
    let pcs = Pcs::new(Radix2DitParallel::default(), trees(&PARAMETERS), fri_parameters(&PARAMETERS));
    let config = Recorded::new(pcs, challenger)
        .with_lookup_proof_of_work_bits(PARAMETERS.lookup_pow_bits)
        .with_ood_proof_of_work_bits(PARAMETERS.ood_pow_bits);
    let fixed = key.common().preprocessed.as_ref().map(|fixed| GlobalPreprocessed {
        commitment: fixed.commitment.clone(),
        instances: fixed.instances.clone(),
        matrix_to_instance: fixed.matrix_to_instance.clone(),
    });
    let common = CommonData::<Recorded>::new(fixed, key.common().lookups.clone());
    let public_values = key.public_values(&statement(3));
    let verdict = verify_batch(&config, key.chips(), &recorded(proof), &public_values, &common);
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

fn honest() -> Proof {
    format::proof(prover().key(), &proof()[PREFIX_BYTES..]).expect("honest")
}

#[test]
fn the_transcript_absorbs_every_value_in_order() {
    let list = expected(&honest());
    let (heard, accepted) = heard(honest());
    assert!(accepted);
    let mut rest = &heard[..];
    for (name, events) in &list {
        let (now, later) = rest.split_at_checked(events.len()).unwrap_or_else(|| panic!("{name}: it ended"));
        assert_eq!(now, events, "{name}");
        rest = later;
    }
    assert_eq!(rest, [], "more than the list has");
}

/// The same as numbers: what is absorbed and drawn for each part, so that a change of the toy machine, of the
/// parameters or of the proof system shows here.
#[test]
fn the_list_has_these_lengths() {
    let count = |events: &[Event], of: fn(&Event) -> bool| events.iter().filter(|event| of(event)).count();
    let lengths: Vec<_> = expected(&honest())
        .iter()
        .map(|(name, events)| {
            let absorbed = count(events, |event| matches!(event, Absorb(_)));
            (*name, absorbed, events.len() - absorbed)
        })
        .collect();
    assert_eq!(lengths, LENGTHS);
}

/// Part, elements absorbed, elements or bit strings drawn.
const LENGTHS: &[(&str, usize, usize)] = &[
    ("seed of the machine", 71, 0),
    ("heights", 20, 0),
    ("main commitment", 128, 0),
    ("public values", 8, 0),
    ("preprocessed commitment", 128, 0),
    ("lookup grinding", 0, 0),
    ("lookup alpha, beta", 0, 10),
    ("lookup commitment", 128, 0),
    ("lookup terminals", 15, 0),
    ("constraint alpha", 0, 5),
    ("quotient commitment", 128, 0),
    ("out-of-domain grinding", 0, 0),
    ("zeta", 0, 5),
    ("seed of the openings", 111, 0),
    ("opened main columns", 90, 0),
    ("opened quotient chunks", 125, 0),
    ("opened preprocessed columns", 10, 0),
    ("opened lookup columns", 350, 0),
    ("batch grinding", 1, 1),
    ("batch alpha", 0, 5),
    ("seed of the low-degree test", 59, 0),
    ("folding commitment", 128, 0),
    ("folding grinding", 0, 0),
    ("folding challenge", 0, 5),
    ("folding commitment", 128, 0),
    ("folding grinding", 0, 0),
    ("folding challenge", 0, 5),
    ("folding commitment", 128, 0),
    ("folding grinding", 0, 0),
    ("folding challenge", 0, 5),
    ("folding commitment", 128, 0),
    ("folding grinding", 0, 0),
    ("folding challenge", 0, 5),
    ("last polynomial", 40, 0),
    ("query grinding", 1, 1),
    ("queries", 0, 166),
];

/// A transcript begins with the key's digest and nothing else.
#[test]
fn the_keys_digest_comes_first() {
    let key = Digest([7_u32, 6, 5, 4, 3, 2, 1, 0].map(F::from_u32));
    let mut plain = DuplexChallenger::<F, Perm16, 16, 8>::new(perm16().clone());
    plain.observe_slice(&key.0);
    let mut ours = SmallestWitness::new(key);
    for _ in 0..9 {
        let [a, b]: [F; 2] = [plain.sample(), ours.sample()];
        assert_eq!(a, b);
    }
}
