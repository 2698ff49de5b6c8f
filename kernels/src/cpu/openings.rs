//! Openings by `p3-matrix`, as `p3-fri` has them made.

use core::iter::zip;

use aludel_protocol::{Challenge, F};
use p3_field::{
    BasedVectorSpace, ExtensionField, Field, PackedFieldExtension, PrimeCharacteristicRing, TwoAdicField,
    batch_multiplicative_inverse, dot_product,
};
use p3_matrix::Matrix as _;
use p3_matrix::dense::{RowMajorMatrix, RowMajorMatrixView};
use p3_matrix::interpolation::{Interpolate, compute_adjusted_weights};
use p3_maybe_rayon::prelude::*;

use super::{Cpu, Matrix, stored};
use crate::error::Error;
use crate::fold::DEGREE;
use crate::id::DeviceId;
use crate::openings::{Evaluations, Reduction};
use crate::seam::{Claims, Openings};

/// The points of a coset, bit-reversed: each half after the first is the half before it times a root.
fn coset(log: usize) -> Vec<F> {
    let mut points = Vec::with_capacity(1 << log);
    points.push(F::GENERATOR);
    for log in 1..=log {
        let root = F::two_adic_generator(log);
        // Few points take less than it takes to wake other threads.
        let other: Vec<F> = points.par_iter().with_min_len(1 << 12).map(|x| *x * root).collect();
        points.extend(other);
    }
    points
}

/// `1 / (z - x)` of all points.
fn inverses(z: Challenge, coset: &[F]) -> Vec<Challenge> {
    let differences: Vec<Challenge> = coset.par_iter().map(|x| z - *x).collect();
    batch_multiplicative_inverse(&differences)
}

/// The values of all columns at a point, from rows on a coset and the weights of these.
fn values(rows: RowMajorMatrixView<'_, F>, z: Challenge, weights: &[Challenge]) -> Vec<Challenge> {
    // Weights divide by the point. At zero values are means of columns, whose order is any.
    if z.is_zero() {
        return rows.interpolate_coset(F::GENERATOR, z);
    }
    rows.interpolate_coset_with_precomputation(F::GENERATOR, z, &weights[..rows.height()])
}

/// Words of a coset of `2^log` points; of differences and inverses at one point at a time, and of weights or a matrix's sums.
pub(super) const fn point_words(log: usize) -> usize {
    (1 + 3 * DEGREE) << log
}

impl Openings for Cpu {
    fn values_at(
        &self,
        matrices: &[&Matrix],
        points: &[Vec<Challenge>],
        added_bits: usize,
    ) -> Result<Vec<Vec<Vec<Challenge>>>, Error> {
        let heights: Vec<usize> = matrices.iter().map(|m| m.height()).collect();
        let evaluations = Evaluations::new(DeviceId::Cpu, &heights, points, added_bits)?;
        let mut found: Vec<Vec<Vec<Challenge>>> =
            points.iter().map(|points| vec![Vec::new(); points.len()]).collect();
        let log_most = evaluations.log_most();
        let _reserved = self.reserve(point_words(log_most))?;
        let coset = coset(log_most);
        for (number, (z, log)) in evaluations.points.iter().enumerate() {
            let inverses = inverses(*z, &coset[..1 << log]);
            let weights = if z.is_zero() { Vec::new() } else { compute_adjusted_weights(*z, &inverses) };
            drop(inverses);
            for ((matrix, evaluated), found) in zip(zip(matrices, &evaluations.matrices), &mut found) {
                let (rows, _) = matrix.split_rows(1 << evaluated.log_rows);
                for (_, found) in zip(&evaluated.points, found).filter(|(point, _)| **point == number) {
                    *found = values(rows, *z, &weights);
                }
            }
        }
        Ok(found)
    }

    fn reduced(
        &self,
        claims: &[Claims<'_, Matrix>],
        challenge: Challenge,
        log_arity: usize,
    ) -> Result<Matrix, Error> {
        type Packing = <F as Field>::Packing;
        type Packed = <Challenge as ExtensionField<F>>::ExtensionPacking;

        let reduction = Reduction::new(self, claims, log_arity)?;
        let (height, width) = reduction.result();
        let reserved = self.reserve(height * width)?;
        let _other = self.reserve(point_words(reduction.log_height))?;
        let coset = coset(reduction.log_height);
        let widest = claims.iter().map(|claim| claim.matrix.width()).max().unwrap_or(0);
        let powers: Vec<Packed> = Packed::packed_ext_powers_capped(challenge, widest).collect();
        let mut codeword = vec![Challenge::ZERO; coset.len()];
        let mut offset = Challenge::ONE;
        for claim in claims {
            let powers = &powers[..claim.matrix.width().div_ceil(<Packing as p3_field::PackedValue>::WIDTH)];
            let sums: Vec<Challenge> = claim.matrix.rowwise_packed_dot_product(powers).collect();
            for (z, values) in zip(claim.points, claim.values) {
                let claimed: Challenge = dot_product(challenge.powers(), values.iter().copied());
                let inverses = inverses(*z, &coset);
                let rows = codeword.par_iter_mut().zip(&sums).zip(&inverses);
                rows.for_each(|((x, sum), inverse)| *x += offset * (claimed - *sum) * *inverse);
                offset *= challenge.exp_u64(values.len() as u64);
            }
        }
        Ok(stored(RowMajorMatrix::new(Challenge::flatten_to_base(codeword), width), reserved))
    }
}
