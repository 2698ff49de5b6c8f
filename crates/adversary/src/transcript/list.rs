//! The list of what is absorbed and drawn, by name, from the parts of a proof.

use aludel_circuits::Chip;
use aludel_protocol::{Challenge, F};
use aludel_verifier::config::{Proof, fri_parameters};
use aludel_verifier::parameters::Parameters;
use aludel_verifier::{Key, Machine};
use p3_batch_stark::BatchShape;
use p3_challenger::CanObserve;
use p3_challenger::fs::{DomainSeparator, FieldUnit};
use p3_field::PrimeCharacteristicRing;
use p3_fri::{FriShape, PcsShape};

use super::Event::{self, Absorb, Bits, Draw};
use super::{of_cap, of_values};

/// A part of the transcript: its name, and what the sponge is asked for it.
pub type Part = (&'static str, Vec<Event>);

/// The list of an honest proof of a machine with preprocessed columns and lookups, after the key's digest.
///
/// # Panics
/// If the machine has no preprocessed columns, or the proof no lookups.
pub fn list<A: Machine>(key: &Key<A>, proof: &Proof, public_values: &[Vec<F>]) -> Vec<Part> {
    let parts = [machine_part(key, proof, public_values), opening_part(key, proof), folding_part(key, proof)];
    parts.concat()
}

fn machine_part<A: Machine>(key: &Key<A>, proof: &Proof, public_values: &[Vec<F>]) -> Vec<Part> {
    let (chips, p) = (key.chips(), key.layout().parameters());
    let height = |chip| Challenge::from(F::from_usize(Chip::log_height(chip)));
    let heights: Vec<Challenge> = chips.iter().map(height).collect();
    let terminals: Vec<Challenge> = proof.lookup_terminals.iter().flatten().map(|t| t.0).collect();
    let commitments = &proof.commitments;
    let seed = machine_shape(key, terminals.len()).domain_separator::<F, Challenge>();
    vec![
        ("seed of the machine", of_seed(&seed)),
        ("heights", of_values(&heights)),
        ("main commitment", of_cap(&commitments.main)),
        ("public values", public_values.concat().into_iter().map(Absorb).collect()),
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

fn machine_shape<A: Machine>(key: &Key<A>, lookups: usize) -> BatchShape {
    let (chips, p) = (key.chips(), key.layout().parameters());
    BatchShape {
        trace_widths: chips.iter().map(Chip::width).collect(),
        public_value_counts: chips.iter().map(Chip::public_values).collect(),
        preprocessed_widths: chips.iter().map(Chip::fixed_width).collect(),
        has_preprocessed_commitment: true,
        num_lookup_instances: lookups,
        lookup_pow_bits: p.lookup_pow_bits,
        has_randomization_commitment: false,
        ood_pow_bits: p.ood_pow_bits,
    }
}

/// Opened values by commitment, matrix and point, in the order in which they are absorbed.
fn claims(proof: &Proof) -> [Vec<Vec<Vec<Challenge>>>; 4] {
    let chips = &proof.opened_values.instances;
    let base = || chips.iter().map(|chip| &chip.base_opened_values);
    let main = base().map(|b| points(&b.trace_local, b.trace_next.as_ref()));
    let quotient = base().flat_map(|b| b.quotient_chunks.iter().map(|chunk| vec![chunk.clone()]));
    let fixed = base().filter_map(|b| b.preprocessed.as_ref());
    let fixed = fixed.map(|f| points(&f.local, f.next.as_ref()));
    let lookups = chips.iter().filter(|chip| !chip.permutation_local.is_empty());
    let lookups = lookups.map(|chip| vec![chip.permutation_local.clone(), chip.permutation_next.clone()]);
    [main.collect(), quotient.collect(), fixed.collect(), lookups.collect()]
}

/// A matrix's values at the out-of-domain point, and at its successor where it is opened there.
fn points(local: &[Challenge], next: Option<&Vec<Challenge>>) -> Vec<Vec<Challenge>> {
    core::iter::once(local.to_vec()).chain(next.cloned()).collect()
}

fn opening_part<A>(key: &Key<A>, proof: &Proof) -> Vec<Part> {
    let (claims, bits) = (claims(proof), key.layout().parameters().batch_pow_bits);
    let sizes = |matrices: &Vec<Vec<Vec<_>>>| -> Vec<Vec<usize>> {
        matrices.iter().map(|points| points.iter().map(Vec::len).collect()).collect()
    };
    let shape =
        PcsShape { claimed_evaluation_counts: claims.iter().map(sizes).collect(), batch_pow_bits: bits };
    let [main, quotient, fixed, lookups] = claims.map(|values| of_values(&values.concat().concat()));
    vec![
        ("seed of the openings", of_seed(&shape.domain_separator::<F, Challenge>())),
        ("opened main columns", main),
        ("opened quotient chunks", quotient),
        ("opened preprocessed columns", fixed),
        ("opened lookup columns", lookups),
        ("batch grinding", of_grinding(bits, proof.opening_proof.batch_pow_witness)),
        ("batch alpha", challenge()),
    ]
}

fn folding_part<A: Machine>(key: &Key<A>, proof: &Proof) -> Vec<Part> {
    let (p, opening) = (key.layout().parameters(), &proof.opening_proof);
    let heights = heights(key, p);
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

/// Base-2 logarithms of the heights after blowup, each once, the tallest first.
fn heights<A: Machine>(key: &Key<A>, p: &Parameters) -> Vec<usize> {
    let mut heights: Vec<usize> = key.chips().iter().map(|chip| chip.log_height() + p.log_blowup).collect();
    heights.sort_unstable_by(|a, b| b.cmp(a));
    heights.dedup();
    heights
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
