//! Words and the trees that commit to them.

use aludel_protocol::trees::trees;
use aludel_protocol::{Challenge, F};
use aludel_verifier::config::{Cap, Trees};
use aludel_verifier::parameters::PARAMETERS;
use p3_commit::Mmcs;
use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_field::{Field, PrimeCharacteristicRing, batch_multiplicative_inverse};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_util::{log2_strict_usize, reverse_slice_index_bits};

use super::lies::{Trace, Word};

/// `shift * H` for a subgroup `H` of two-power order.
pub(super) type Coset = TwoAdicMultiplicativeCoset<F>;

/// Words under one root.
pub(super) struct Committed {
    pub root: Cap,
    pub data: <Trees as Mmcs<F>>::ProverData<Word>,
}

/// `shift * H` with `H` of order `2^log_size`.
///
/// # Panics
/// The field has no such subgroup.
pub(super) fn coset(shift: F, log_size: usize) -> Coset {
    Coset::new(shift, log_size).expect("heights stay below the two-adicity")
}

/// The rows of a trace as points: the subgroup of its height.
pub(super) fn rows(trace: &Trace) -> Coset {
    coset(F::ONE, log2_strict_usize(trace.height()))
}

/// Extends columns from `domain` to the coset of the generator that is larger by the blowup.
pub(super) fn extend(domain: Coset, columns: Trace) -> Word {
    let shift = F::GENERATOR / domain.shift();
    let extended = Radix2DitParallel::default().coset_lde_batch(columns, PARAMETERS.log_blowup, shift);
    extended.bit_reverse_rows().to_row_major_matrix()
}

/// Commits to words in this order.
pub(super) fn commit(words: Vec<Word>) -> Committed {
    let (root, data) = trees(PARAMETERS.cap_height).commit(words);
    Committed { root, data }
}

impl Committed {
    pub fn words(&self) -> Vec<&Word> {
        trees(PARAMETERS.cap_height).get_matrices(&self.data)
    }
}

/// `1 / (point - x)` for each `x` of the coset of the generator of size `2^log_size`, in bit-reversed order.
pub(super) fn inverse_distances(point: Challenge, log_size: usize) -> Vec<Challenge> {
    let distances: Vec<Challenge> = bit_reversed(log_size).into_iter().map(|x| point - x).collect();
    batch_multiplicative_inverse(&distances)
}

fn bit_reversed(log_size: usize) -> Vec<F> {
    let mut points: Vec<F> = coset(F::GENERATOR, log_size).iter().collect();
    reverse_slice_index_bits(&mut points);
    points
}

/// The columns of a word, as polynomials of fewer coefficients than the trace has rows, at a point outside.
///
/// The first rows of a word, as many as the trace has, are the values on a smaller coset, which determine them.
pub(super) fn evaluate(word: &Word, point: Challenge) -> Vec<Challenge> {
    let log_size = log2_strict_usize(word.height()) - PARAMETERS.log_blowup;
    let size = 1 << log_size;
    // Lagrange: (point^n / g^n - 1) / n * x / (point - x) is 1 at x and 0 at the others.
    let vanishing = (point * F::GENERATOR.inverse()).exp_power_of_2(log_size) - Challenge::ONE;
    let scale = vanishing * F::from_usize(size).inverse();
    let distances = inverse_distances(point, log_size);
    let weights: Vec<Challenge> =
        distances.into_iter().zip(bit_reversed(log_size)).map(|(d, x)| d * x * scale).collect();
    let head: RowMajorMatrix<F> = word.split_rows(size).0.to_row_major_matrix();
    head.columnwise_dot_product(&weights)
}
