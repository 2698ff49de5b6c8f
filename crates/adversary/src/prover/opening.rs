//! Openings: what is claimed of the committed columns, and all of it in one low-degree claim a height.

use std::collections::{BTreeMap, HashMap};

use aludel_protocol::{Challenge, F};
use aludel_verifier::config::Config;
use aludel_verifier::layout::ChipLayout;
use p3_batch_stark::PcsProof;
use p3_commit::OpenedValues;
use p3_field::{PackedFieldExtension, PrimeCharacteristicRing, dot_product};
use p3_fri::{PcsProverTranscript, PcsShape};
use p3_matrix::Matrix;
use p3_util::log2_strict_usize;
use rayon::prelude::*;

use super::fri::LowDegreeTest;
use super::lies::{Lies, Word};
use super::sponge::Sponge;
use super::words::{Committed, coset, evaluate, inverse_distances};

/// A commitment and where each of its matrices is opened.
pub(super) struct Round<'a> {
    pub committed: &'a Committed,
    pub points: Vec<Vec<Challenge>>,
}

impl Round<'_> {
    /// Values by matrix and point.
    pub fn evaluate(&self) -> Vec<Vec<Vec<Challenge>>> {
        let at = |(word, points): (&Word, &Vec<Challenge>)| {
            points.iter().map(|point| evaluate(word, *point)).collect()
        };
        self.committed.words().into_iter().zip(&self.points).map(at).collect()
    }
}

/// Where the columns of chips are opened: a list of points a matrix, in the order of each commitment.
pub struct Points {
    /// Main columns.
    pub main: Vec<Vec<Challenge>>,
    /// Preprocessed ones.
    pub fixed: Vec<Vec<Challenge>>,
    /// Those of lookups.
    pub auxiliary: Vec<Vec<Challenge>>,
}

/// Points of chips of these heights, in bits; quotients are opened at `zeta` alone.
pub fn points(chips: &[ChipLayout], heights: &[usize], zeta: Challenge) -> Points {
    let both = |height: usize| vec![zeta, zeta * coset(F::ONE, height).subgroup_generator()];
    let at = |height: usize, next: bool| if next { both(height) } else { vec![zeta] };
    let chips = || chips.iter().zip(heights);
    let fixed = chips().filter(|(chip, _)| chip.fixed_width > 0);
    let auxiliary = chips().filter(|(chip, _)| chip.lookups > 0);
    Points {
        main: chips().map(|(chip, height)| at(*height, chip.next)).collect(),
        fixed: fixed.map(|(chip, height)| at(*height, chip.fixed_next)).collect(),
        auxiliary: auxiliary.map(|(_, height)| both(*height)).collect(),
    }
}

/// Argues that the rounds' columns have these values.
pub(super) fn open<A>(
    rounds: &[Round<'_>],
    claims: &OpenedValues<Challenge>,
    test: &LowDegreeTest,
    sponge: &mut Sponge,
    lies: &Lies<'_, A>,
) -> PcsProof<Config> {
    let shape = PcsShape::from_opened_values(&test.parameters, claims);
    let mut transcript = PcsProverTranscript::<Sponge, _, Challenge>::new(sponge, shape);
    transcript.claimed_openings(claims);
    let (alpha, witness) = transcript.batch_phase();
    let words = lies.batched.told(batched(rounds, claims, alpha));
    let committed: Vec<&Committed> = rounds.iter().map(|round| round.committed).collect();
    let mut proof = transcript.delegate(|sponge| test.run(words, &committed, sponge, lies));
    transcript.finish();
    proof.batch_pow_witness = witness.unwrap_or_default();
    proof
}

/// `sum alpha^i (p_i(z) - p_i(x)) / (z - x)` over all columns and points of a height, tallest first. Where each claim
/// is true these are polynomials.
fn batched(rounds: &[Round<'_>], claims: &OpenedValues<Challenge>, alpha: Challenge) -> Vec<Vec<Challenge>> {
    let mut heights: BTreeMap<usize, (Challenge, Vec<Challenge>)> = BTreeMap::new();
    let mut distances: HashMap<(Challenge, usize), Vec<Challenge>> = HashMap::new();
    for (round, claims) in rounds.iter().zip(claims) {
        for ((word, points), claims) in round.committed.words().into_iter().zip(&round.points).zip(claims) {
            let log_height = log2_strict_usize(word.height());
            let start = || (Challenge::ONE, Challenge::zero_vec(word.height()));
            let (power, sum) = heights.entry(log_height).or_insert_with(start);
            let row_sums = compress(word, alpha);
            for (point, values) in points.iter().zip(claims) {
                let distances = distances
                    .entry((*point, log_height))
                    .or_insert_with(|| inverse_distances(*point, log_height));
                let claimed: Challenge = dot_product(alpha.powers(), values.iter().copied());
                let parts = sum.par_iter_mut().zip(&row_sums).zip(distances.par_iter());
                let power_now = *power;
                parts.for_each(|((sum, row), distance)| *sum += power_now * (claimed - *row) * *distance);
                *power *= alpha.exp_u64(word.width() as u64);
            }
        }
    }
    heights.into_values().rev().map(|(_, sum)| sum).collect()
}

/// `sum alpha^i p_i(x)` of each row.
fn compress(word: &Word, alpha: Challenge) -> Vec<Challenge> {
    let powers: Vec<_> =
        <Challenge as p3_field::ExtensionField<F>>::ExtensionPacking::packed_ext_powers_capped(
            alpha,
            word.width(),
        )
        .collect();
    word.rowwise_packed_dot_product::<Challenge>(&powers).collect()
}
