//! The low-degree test: codewords folded to the last polynomial.

use core::mem::ManuallyDrop;
use std::collections::BTreeMap;

use aludel_adversary::prover::last_polynomial;
use aludel_kernels::{Claims, Error, MerkleTree};
use aludel_protocol::{Challenge, F};
use aludel_verifier::config::{Cap, Config, fri_parameters};
use p3_batch_stark::PcsProof;
use p3_field::BasedVectorSpace;
use p3_fri::{FriProof, FriShape, ProverTranscript};

use super::{Sponge, Stages, Task, queries};

type Transcript<'a, 'd, D> = ProverTranscript<'a, Sponge<'d, D>, F, Challenge>;

/// What is claimed, by base-2 logarithm of the matrices' height.
pub struct Reduced<'a, M> {
    /// In the order in which the claims of a height are counted.
    pub by_height: BTreeMap<usize, Vec<Claims<'a, M>>>,
    /// By whose powers they are batched.
    pub alpha: Challenge,
}

/// A codeword under its cap, as it is folded by `2^log_arity`.
pub struct Layer<D: MerkleTree> {
    cap: Cap,
    /// With the codeword.
    pub tree: D::Tree,
    /// Base-2 logarithm of the elements in a row.
    pub log_arity: usize,
    witness: F,
}

/// Argues that the reduced openings are polynomials of as few coefficients as the blowup says. `trees` are those that are opened.
pub fn argue<D: Stages>(
    device: &D,
    task: &Task<'_>,
    reduced: &Reduced<'_, D::Matrix>,
    trees: &[&D::Tree],
    sponge: &mut Sponge<'_, D>,
) -> Result<PcsProof<Config>, Error> {
    let heights: Vec<usize> = reduced.by_height.keys().rev().copied().collect();
    let shape = FriShape::new(&fri_parameters(task.parameters), &heights, heights[0]);
    let log_arities = shape.log_arities.clone();
    let mut transcript = ManuallyDrop::new(Transcript::new(sponge, shape));
    let (layers, last) = fold(device, task, reduced, &log_arities, &mut transcript)?;
    let last = Challenge::reconstitute_from_base(device.download(&last)?.values);
    let final_poly = last_polynomial(last, task.parameters.log_final_poly_len);
    let (places, witness) = transcript.query_phase(&final_poly);
    ManuallyDrop::into_inner(transcript).finish();
    Ok(FriProof {
        batch_pow_witness: F::default(),
        commit_phase_commits: layers.iter().map(|layer| layer.cap.clone()).collect(),
        commit_pow_witnesses: layers.iter().map(|layer| layer.witness).collect(),
        input_openings: queries::inputs(device, trees, &places, heights[0])?,
        commit_phase_openings: queries::layers(device, &layers, &places)?,
        final_poly,
        query_pow_witness: witness.unwrap_or_default(),
    })
}

/// From layer to layer, each joined by the reduced openings of its height; the last codeword, an element a row.
fn fold<D: Stages>(
    device: &D,
    task: &Task<'_>,
    reduced: &Reduced<'_, D::Matrix>,
    log_arities: &[usize],
    transcript: &mut Transcript<'_, '_, D>,
) -> Result<(Vec<Layer<D>>, D::Matrix), Error> {
    let mut claims = reduced.by_height.iter().rev().peekable();
    let (mut height, tallest) = claims.next().map(|(height, claims)| (*height, claims)).expect("claims");
    let arity_of = |round: usize| log_arities.get(round).copied().unwrap_or(0);
    let mut codeword = device.reduced(tallest, reduced.alpha, arity_of(0))?;
    let mut layers = Vec::new();
    for (round, &log_arity) in log_arities.iter().enumerate() {
        let (cap, tree) = device.commit(vec![codeword], task.parameters.cap_height)?;
        let (beta, witness) = transcript.commit_round(cap.clone());
        height -= log_arity;
        let log_next = arity_of(round + 1);
        let joined = claims.next_if(|(own, _)| **own == height);
        let joined = joined.map(|(_, claims)| device.reduced(claims, reduced.alpha, log_next)).transpose()?;
        codeword = device.fold(device.matrices(&tree)[0], beta, joined.as_ref(), log_next)?;
        layers.push(Layer { cap, tree, log_arity, witness: witness.unwrap_or_default() });
    }
    Ok((layers, codeword))
}
