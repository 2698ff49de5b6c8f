//! The one layout that a proof of a key has: how many of everything. Nothing in it comes from a proof.
//!
//! Checked in full before Plonky3 sees the proof, so that no length in it can decide an allocation, an index or
//! a shift there.

use aludel_circuits::Chip;
use aludel_protocol::{Challenge, F};
use p3_batch_stark::proof::OpenedValuesWithLookups;
use p3_field::BasedVectorSpace;
use p3_fri::fold_schedule;

use crate::config::{Cap, Proof};
use crate::error::VerifyError;
use crate::machine::Machine;
use crate::parameters::Parameters;

/// Base field elements of a challenge.
const DIMENSION: usize = <Challenge as BasedVectorSpace<F>>::DIMENSION;

/// Bytes of a field element, of a challenge and of a digest; the most that a length takes.
const ELEMENT: usize = 4;
const WIDE: usize = ELEMENT * DIMENSION;
const DIGEST: usize = ELEMENT * 8;
const LENGTH: usize = 5;

/// Sizes of one chip's part of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChipLayout {
    /// Base-2 logarithm of its height.
    pub log_height: usize,
    /// Main columns.
    pub width: usize,
    /// Whether the main columns are opened at the next row too.
    pub next: bool,
    /// Preprocessed columns.
    pub fixed_width: usize,
    /// Whether the preprocessed columns are opened at the next row too.
    pub fixed_next: bool,
    /// Chunks of the quotient: 1 or 2.
    pub chunks: usize,
    /// Auxiliary columns with fractions; 0 where the chip uses no bus.
    pub lookups: usize,
}

impl ChipLayout {
    /// Base field columns of the lookup argument: an accumulator and one column a fraction.
    pub const fn auxiliary(&self) -> usize {
        if self.lookups == 0 { 0 } else { (self.lookups + 1) * DIMENSION }
    }

    /// Cells that a proof commits to: main, preprocessed and lookup columns, times height. Quotients are not counted.
    pub const fn cells(&self) -> usize {
        (self.width + self.fixed_width + self.auxiliary()) << self.log_height
    }

    /// Values that a proof opens of it.
    pub(crate) fn opened(&self) -> usize {
        let rows = |width: usize, next: bool| if next { 2 * width } else { width };
        rows(self.width, self.next)
            + rows(self.fixed_width, self.fixed_next)
            + rows(self.auxiliary(), true)
            + self.chunks * DIMENSION
    }
}

/// A commitment: base-2 logarithm of its tallest matrix's height after blowup, and the width of each matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Commitment {
    log_height: usize,
    widths: Vec<usize>,
}

/// Sizes of a whole proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    parameters: Parameters,
    chips: Vec<ChipLayout>,
    /// Main, quotient, preprocessed if any, lookups if any: the order in which they are opened.
    commitments: Vec<Commitment>,
    /// Of each folding step: logarithms of its arity and of the folded height.
    folds: Vec<(usize, usize)>,
    has_lookups: bool,
}

fn same(part: &'static str, expected: usize, found: usize) -> Result<(), VerifyError> {
    if expected == found { Ok(()) } else { Err(VerifyError::Layout { part, expected, found }) }
}

fn present<T>(part: &'static str, expected: bool, value: Option<&T>) -> Result<(), VerifyError> {
    same(part, usize::from(expected), usize::from(value.is_some()))
}

impl Layout {
    /// The layout of a machine's proofs.
    pub(crate) fn new(p: Parameters, chips: Vec<ChipLayout>) -> Self {
        let has_lookups = chips.iter().any(|c| c.lookups > 0);
        let has_fixed = chips.iter().any(|c| c.fixed_width > 0);
        let commit = |widths: &dyn Fn(&ChipLayout) -> Vec<usize>| Commitment {
            log_height: chips
                .iter()
                .filter(|c| !widths(c).is_empty())
                .map(|c| c.log_height + p.log_blowup)
                .max()
                .unwrap_or(0),
            widths: chips.iter().flat_map(widths).collect(),
        };
        let some = |width: usize| (width > 0).then_some(width).into_iter().collect::<Vec<_>>();
        let mut commitments = vec![commit(&|c| vec![c.width]), commit(&|c| vec![DIMENSION; c.chunks])];
        commitments.extend(has_fixed.then(|| commit(&|c| some(c.fixed_width))));
        commitments.extend(has_lookups.then(|| commit(&|c| some(c.auxiliary()))));
        let folds = folds(&p, &chips);
        Self { parameters: p, chips, commitments, folds, has_lookups }
    }

    /// Sizes by chip, in order.
    pub fn chips(&self) -> &[ChipLayout] {
        &self.chips
    }

    /// Parameters of the proofs.
    pub const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Folding steps: base-2 logarithms of the arity and of the height after it.
    pub fn folds(&self) -> &[(usize, usize)] {
        &self.folds
    }

    /// Digests in the root of the preprocessed columns, if there are any such columns.
    pub(crate) fn fixed_cap(&self) -> Option<usize> {
        let fixed = self.chips.iter().filter(|c| c.fixed_width > 0);
        Some(self.cap(fixed.map(|c| c.log_height + self.parameters.log_blowup).max()?))
    }

    /// Roots of the cap of a tree whose tallest matrix has `2^log_height` rows.
    fn cap(&self, log_height: usize) -> usize {
        1 << self.parameters.cap_height.min(log_height)
    }

    /// Siblings that a multiproof of all queries can hold at most.
    fn siblings(&self, log_height: usize) -> usize {
        self.parameters.queries * log_height.saturating_sub(self.parameters.cap_height)
    }

    /// More bytes than any proof of this layout takes, statement and header not counted.
    pub fn limit(&self) -> usize {
        let q = self.parameters.queries;
        let tree = |h: usize| LENGTH + self.cap(h) * DIGEST + LENGTH + self.siblings(h) * DIGEST;
        let opened = |c: &ChipLayout| 16 * LENGTH + c.opened() * WIDE + LENGTH + WIDE + LENGTH;
        let rows = |c: &Commitment| {
            let row = c.widths.iter().map(|w| LENGTH + w * ELEMENT).sum::<usize>();
            tree(c.log_height) + LENGTH + q * (LENGTH + row)
        };
        let fold = |&(log_arity, log_height): &(usize, usize)| {
            tree(log_height) + LENGTH + q * (LENGTH + ((1 << log_arity) - 1) * WIDE) + ELEMENT
        };
        self.chips.iter().map(opened).sum::<usize>()
            + self.commitments.iter().map(rows).sum::<usize>()
            + self.folds.iter().map(fold).sum::<usize>()
            + (LENGTH + (WIDE << self.parameters.log_final_poly_len))
            + 32 * LENGTH
    }

    /// Compares every size in a proof with this layout.
    ///
    /// # Errors
    /// [`VerifyError::Layout`] names the first part that differs.
    pub fn check(&self, proof: &Proof) -> Result<(), VerifyError> {
        self.check_degrees(&proof.degree_bits)?;
        self.check_commitments(proof)?;
        self.check_opened(proof)?;
        self.check_input_openings(proof)?;
        self.check_folds(proof)
    }

    fn check_degrees(&self, degree_bits: &[usize]) -> Result<(), VerifyError> {
        same("heights", self.chips.len(), degree_bits.len())?;
        let mut pairs = self.chips.iter().zip(degree_bits);
        pairs.try_for_each(|(chip, found)| same("height of a chip", chip.log_height, *found))
    }

    fn check_commitments(&self, proof: &Proof) -> Result<(), VerifyError> {
        let c = &proof.commitments;
        present("randomisation commitment", false, c.random.as_ref())?;
        present("lookup commitment", self.has_lookups, c.permutation.as_ref())?;
        present("lookup grinding", self.has_lookups, proof.lookup_pow_witness.as_ref())?;
        let mut heights = self.commitments.iter().map(|c| c.log_height);
        self.check_cap("cap of the main commitment", heights.next(), &c.main)?;
        self.check_cap("cap of the quotient commitment", heights.next(), &c.quotient_chunks)?;
        match &c.permutation {
            Some(cap) => self.check_cap("cap of the lookup commitment", heights.next_back(), cap),
            None => Ok(()),
        }
    }

    fn check_cap(&self, part: &'static str, log_height: Option<usize>, cap: &Cap) -> Result<(), VerifyError> {
        same(part, log_height.map_or(0, |h| self.cap(h)), cap.num_roots())
    }

    fn check_opened(&self, proof: &Proof) -> Result<(), VerifyError> {
        let opened = &proof.opened_values.instances;
        same("chips with opened values", self.chips.len(), opened.len())?;
        same("lookup terminals", self.chips.len(), proof.lookup_terminals.len())?;
        for (chip, terminal) in self.chips.iter().zip(&proof.lookup_terminals) {
            present("lookup terminal of a chip", chip.lookups > 0, terminal.as_ref())?;
        }
        self.chips.iter().zip(opened).try_for_each(|(chip, values)| chip.check(values))
    }

    fn check_input_openings(&self, proof: &Proof) -> Result<(), VerifyError> {
        let openings = &proof.opening_proof.input_openings;
        same("opened commitments", self.commitments.len(), openings.len())?;
        for (commitment, opening) in self.commitments.iter().zip(openings) {
            same("queries of a commitment", self.parameters.queries, opening.opened_values.len())?;
            self.check_siblings(commitment.log_height, opening.opening_proof.sibling_hashes.len())?;
            for row in &opening.opened_values {
                same("matrices of a commitment", commitment.widths.len(), row.len())?;
                let mut widths = commitment.widths.iter().zip(row);
                widths.try_for_each(|(width, cells)| same("width of an opened row", *width, cells.len()))?;
            }
        }
        Ok(())
    }

    /// The exact number depends on the queries; Plonky3 compares it. This bounds it.
    fn check_siblings(&self, log_height: usize, found: usize) -> Result<(), VerifyError> {
        let expected = self.siblings(log_height);
        let part = "siblings of a multiproof (at most)";
        if found <= expected { Ok(()) } else { Err(VerifyError::Layout { part, expected, found }) }
    }

    fn check_folds(&self, proof: &Proof) -> Result<(), VerifyError> {
        let fri = &proof.opening_proof;
        let steps = self.folds.len();
        same("folding commitments", steps, fri.commit_phase_commits.len())?;
        same("folding witnesses", steps, fri.commit_pow_witnesses.len())?;
        same("folding openings", steps, fri.commit_phase_openings.len())?;
        same("last polynomial", 1 << self.parameters.log_final_poly_len, fri.final_poly.len())?;
        let parts = fri.commit_phase_commits.iter().zip(&fri.commit_phase_openings);
        for (&(log_arity, log_height), (cap, opening)) in self.folds.iter().zip(parts) {
            self.check_cap("cap of a folding commitment", Some(log_height), cap)?;
            self.check_siblings(log_height, opening.opening_proof.sibling_hashes.len())?;
            same("queries of a folding step", self.parameters.queries, opening.sibling_values.len())?;
            let mut values = opening.sibling_values.iter();
            values.try_for_each(|v| same("siblings of a folding step", (1 << log_arity) - 1, v.len()))?;
        }
        Ok(())
    }
}

impl ChipLayout {
    pub(crate) fn of<A: Machine>(chip: &A, chunks: usize, lookups: usize) -> Self {
        Self {
            log_height: chip.log_height(),
            width: Chip::width(chip),
            next: !chip.main_next_row_columns().is_empty(),
            fixed_width: chip.fixed_width(),
            fixed_next: !chip.preprocessed_next_row_columns().is_empty(),
            chunks,
            lookups,
        }
    }

    fn check(&self, opened: &OpenedValuesWithLookups<Challenge>) -> Result<(), VerifyError> {
        let values = &opened.base_opened_values;
        present("randomisation of a chip", false, values.random.as_ref())?;
        same("main columns", self.width, values.trace_local.len())?;
        present("next row of the main columns", self.next, values.trace_next.as_ref())?;
        same("main columns, next row", self.width, values.trace_next.as_ref().map_or(self.width, Vec::len))?;
        present("preprocessed columns", self.fixed_width > 0, values.preprocessed.as_ref())?;
        if let Some(fixed) = &values.preprocessed {
            same("preprocessed columns", self.fixed_width, fixed.local.len())?;
            present("next row of the preprocessed columns", self.fixed_next, fixed.next.as_ref())?;
            let next = fixed.next.as_ref().map_or(self.fixed_width, Vec::len);
            same("preprocessed columns, next row", self.fixed_width, next)?;
        }
        same("quotient chunks", self.chunks, values.quotient_chunks.len())?;
        values.quotient_chunks.iter().try_for_each(|c| same("quotient chunk", DIMENSION, c.len()))?;
        same("lookup columns", self.auxiliary(), opened.permutation_local.len())?;
        same("lookup columns, next row", self.auxiliary(), opened.permutation_next.len())
    }
}

/// Folding steps over the chips' heights: arity and folded height, as logarithms.
fn folds(p: &Parameters, chips: &[ChipLayout]) -> Vec<(usize, usize)> {
    let mut heights: Vec<usize> = chips.iter().map(|c| c.log_height + p.log_blowup).collect();
    heights.sort_unstable_by(|a, b| b.cmp(a));
    heights.dedup();
    let mut height = heights.first().copied().unwrap_or(0);
    let schedule = fold_schedule(&heights, p.log_blowup + p.log_final_poly_len, p.max_log_arity);
    let step = |log_arity: usize| {
        height = height.saturating_sub(log_arity);
        (log_arity, height)
    };
    schedule.into_iter().map(step).collect()
}
