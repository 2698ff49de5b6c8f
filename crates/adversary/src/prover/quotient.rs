//! Quotients: all constraints of a chip, batched, divided by what vanishes on the rows.

use std::borrow::Cow;

use aludel_circuits::MachineChip;
use aludel_protocol::{Challenge, F};
use aludel_prover::Provable;
use aludel_verifier::config::{Config, Pcs};
use aludel_verifier::machine::Symbolic;
use p3_air::Air;
use p3_air::symbolic::AirLayout;
use p3_batch_stark::StarkGenericConfig;
use p3_batch_stark::folder::ProverConstraintFolderWithLookups;
use p3_batch_stark::prover::quotient_values;
use p3_commit::{PolynomialSpace, UnivariateStarkPcs};
use p3_dft::{Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{LogUpGadget, Lookups};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::{RowMajorMatrix, RowMajorMatrixCow};
use p3_util::log2_strict_usize;
use rayon::prelude::*;

use super::lies::{Division, Trace, Word};
use super::words::{Committed, Coset, coset, extend};

/// Columns at the points of a coset, as Plonky3's commitment gives them.
pub type Columns<'a> =
    <Pcs as UnivariateStarkPcs<Challenge, <Config as StarkGenericConfig>::Challenger>>::EvaluationsOnDomain<
        'a,
    >;

/// A chip's columns and what else its constraints read.
pub struct Inputs<'a> {
    /// The subgroup of its height.
    pub rows: Coset,
    /// Where the quotient is asked for.
    pub points: Coset,
    /// Its own columns, at the points.
    pub main: Columns<'a>,
    /// Its preprocessed columns.
    pub fixed: Option<Columns<'a>>,
    /// Those of its lookups.
    pub auxiliary: Option<Columns<'a>>,
    /// The proof system.
    pub config: &'a Config,
    /// Its public values.
    pub public_values: &'a [F],
    /// Its lookups.
    pub lookups: &'a Lookups<F>,
    /// What they sum up to.
    pub terminal: Option<Challenge>,
    /// Their challenges.
    pub challenges: &'a [Challenge],
    /// By whose powers the constraints are batched.
    pub alpha: Challenge,
}

/// Words in bit-reversed order, as [`Inputs`] takes them.
pub fn columns(words: &RowMajorMatrix<F>) -> Columns<'_> {
    RowMajorMatrixCow::new(Cow::Borrowed(&words.values), words.width()).bit_reverse_rows()
}

/// A machine for which quotients can be forged.
pub trait Forgeable: Provable {
    /// All constraints, batched by powers of the challenge, over what vanishes on the rows: at every point. A method
    /// for the same reason as [`Provable::prove_batch`].
    fn quotient(&self, inputs: &Inputs<'_>) -> Vec<Challenge>;
}

impl Forgeable for MachineChip {
    fn quotient(&self, inputs: &Inputs<'_>) -> Vec<Challenge> {
        inputs.quotient(self)
    }
}

impl Forgeable for crate::toy::Toy {
    fn quotient(&self, inputs: &Inputs<'_>) -> Vec<Challenge> {
        inputs.quotient(self)
    }
}

impl Inputs<'_> {
    fn quotient<A>(&self, chip: &A) -> Vec<Challenge>
    where
        A: Air<Symbolic> + for<'a> Air<ProverConstraintFolderWithLookups<'a, Config>>,
    {
        let terminal: Vec<Challenge> = self.terminal.into_iter().collect();
        quotient_values(
            self.config.pcs(),
            chip,
            self.public_values,
            AirLayout::from_air::<F>(chip),
            self.rows,
            self.points,
            &self.main,
            self.auxiliary.as_ref(),
            self.lookups,
            &terminal,
            &LogUpGadget::new(),
            self.challenges,
            self.fixed.as_ref(),
            self.alpha,
        )
    }
}

/// What the quotients of all chips are made from.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub config: &'a Config,
    pub main: &'a Committed,
    pub fixed: Option<&'a Committed>,
    pub has_fixed: &'a [bool],
    pub auxiliary: Option<&'a Committed>,
    pub public_values: &'a [Vec<F>],
    pub lookups: &'a [Lookups<F>],
    pub terminals: &'a [Option<Challenge>],
    pub challenges: &'a [Vec<Challenge>],
    pub alpha: Challenge,
}

impl<'a> Shared<'a> {
    /// The words of the quotients, by chip, then by chunk, of which each chip has as many as told.
    pub fn words<A: Forgeable + Sync>(self, chips: &[A], chunks: &[usize], how: Division) -> Vec<Word> {
        let of_chip = |chip: usize| {
            let log_height = log2_strict_usize(self.main.words()[chip].height()) - 1;
            let rows = coset(F::ONE, log_height);
            let points = rows.create_disjoint_domain(rows.size() * chunks[chip]);
            let values = match how {
                Division::Pointwise => self.pointwise(chips, chip, rows, points),
                Division::WithoutRemainder => self.without_remainder(chips, chip, rows, points),
            };
            let parts = points.split_domains(chunks[chip]).into_iter();
            parts.zip(points.split_evals(chunks[chip], values)).map(|(d, m)| extend(d, m)).collect::<Vec<_>>()
        };
        (0..chips.len()).into_par_iter().flat_map_iter(of_chip).collect()
    }

    /// `[points][5]`: the coefficients of each value.
    fn pointwise<A: Forgeable>(self, chips: &[A], chip: usize, rows: Coset, points: Coset) -> Trace {
        let values = chips[chip].quotient(&self.inputs(chip, rows, points));
        RowMajorMatrix::new_col(values).flatten_to_base()
    }

    fn inputs(self, chip: usize, rows: Coset, points: Coset) -> Inputs<'a> {
        let on = |committed: &'a Committed, index: usize| -> Columns<'a> {
            UnivariateStarkPcs::<Challenge, <Config as StarkGenericConfig>::Challenger>::get_evaluations_on_domain(
                self.config.pcs(),
                &committed.data,
                index,
                points,
            )
        };
        let earlier = |has: &dyn Fn(usize) -> bool| (0..chip).filter(|i| has(*i)).count();
        let has_fixed = |i: usize| self.has_fixed[i];
        let has_lookups = |i: usize| !self.lookups[i].is_empty();
        Inputs {
            rows,
            points,
            main: on(self.main, chip),
            fixed: self.fixed.filter(|_| has_fixed(chip)).map(|c| on(c, earlier(&has_fixed))),
            auxiliary: self.auxiliary.filter(|_| has_lookups(chip)).map(|c| on(c, earlier(&has_lookups))),
            config: self.config,
            public_values: &self.public_values[chip],
            lookups: &self.lookups[chip],
            terminal: self.terminals[chip],
            challenges: &self.challenges[chip],
            alpha: self.alpha,
        }
    }

    /// The constraints as a polynomial, of which the part below `X^n - 1` is dropped.
    fn without_remainder<A: Forgeable>(self, chips: &[A], chip: usize, rows: Coset, points: Coset) -> Trace {
        let dft = Radix2DitParallel::default();
        // Constraints have degree 3 at most: twice the points hold them whole.
        let wide = rows.create_disjoint_domain(points.size().max(2 * rows.size()) * 2);
        let mut values = self.pointwise(chips, chip, rows, wide);
        let width = values.width();
        for (x, row) in wide.iter().zip(values.values.chunks_mut(width)) {
            let vanishing = x.exp_power_of_2(rows.log_size()) - F::ONE;
            row.iter_mut().for_each(|value| *value *= vanishing);
        }
        let mut coefficients = dft.coset_idft_batch(values, wide.shift()).values;
        let below = rows.size() * width;
        coefficients.drain(..below);
        for at in (0..coefficients.len() - below).rev() {
            let above = coefficients[at + below];
            coefficients[at] += above;
        }
        coefficients.resize(points.size() * width, F::ZERO);
        let quotient = RowMajorMatrix::new(coefficients, width);
        dft.coset_dft_batch(quotient, points.shift()).to_row_major_matrix()
    }
}
