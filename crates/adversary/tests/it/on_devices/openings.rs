//! What the committed polynomials are claimed to be at points outside, and the one low-degree claim a height that follows from it.

use std::collections::BTreeMap;

use aludel_kernels::{Claims, Error, MerkleTree};
use aludel_protocol::{Challenge, F};
use aludel_verifier::config::{Config, fri_parameters};
use core::mem::ManuallyDrop;
use p3_batch_stark::PcsProof;
use p3_commit::OpenedValues;
use p3_fri::{PcsProverTranscript, PcsShape};

use super::low_degree::{self, Reduced};
use super::{Sponge, Stages, Task};

/// A tree and where each of its matrices is opened.
pub struct Round<'a, D: MerkleTree> {
    /// The tree.
    pub tree: &'a D::Tree,
    /// A list of points a matrix.
    pub points: Vec<Vec<Challenge>>,
}

/// The values, by round, matrix, point and column.
pub fn values<D: Stages>(
    device: &D,
    task: &Task<'_>,
    rounds: &[Round<'_, D>],
) -> Result<OpenedValues<Challenge>, Error> {
    let of_round = |round: &Round<'_, D>| {
        device.values_at(&device.matrices(round.tree), &round.points, task.parameters.log_blowup)
    };
    rounds.iter().map(of_round).collect()
}

/// Argues that these are the values.
pub fn open<D: Stages>(
    device: &D,
    task: &Task<'_>,
    rounds: &[Round<'_, D>],
    claims: &OpenedValues<Challenge>,
    sponge: &mut Sponge<'_, D>,
) -> Result<PcsProof<Config>, Error> {
    type Transcript<'a, 'd, D> = PcsProverTranscript<'a, Sponge<'d, D>, F, Challenge>;

    let shape = PcsShape::from_opened_values(&fri_parameters(task.parameters), claims);
    let mut transcript = ManuallyDrop::new(Transcript::new(sponge, shape));
    transcript.claimed_openings(claims);
    let (alpha, witness) = transcript.batch_phase();
    let mut by_height: BTreeMap<usize, Vec<Claims<'_, D::Matrix>>> = BTreeMap::new();
    for (round, values) in rounds.iter().zip(claims) {
        let matrices = device.matrices(round.tree).into_iter();
        for ((matrix, points), values) in matrices.zip(&round.points).zip(values) {
            let log_height = device.shape(matrix).0.ilog2() as usize;
            by_height.entry(log_height).or_default().push(Claims { matrix, points, values });
        }
    }
    let trees: Vec<_> = rounds.iter().map(|round| round.tree).collect();
    let reduced = Reduced { by_height, alpha };
    let mut proof =
        transcript.delegate(|sponge| low_degree::argue(device, task, &reduced, &trees, sponge))?;
    ManuallyDrop::into_inner(transcript).finish();
    proof.batch_pow_witness = witness.unwrap_or_default();
    Ok(proof)
}
