//! What calls take of an adapter's memory besides results, for [`crate::model`].

use aludel_protocol::hash::DIGEST;

use super::generated::Source;
use super::merkle_tree::{SPONGE, records_at_once, scratch_words};
use super::ntt::{SHIFT_WORDS, goes_before};
use super::openings::{rows_made, rows_weighted, sum_words};
use super::pieces::units_of_buffer;
use super::poseidon2::rows_through;
use super::rows::{ENTRY, rows_with_slots};
use super::{COLUMNS, grinding};
use crate::fold::{DEGREE, Folding};
use crate::model::{self, Codeword, Kept, Opened, Shape, ValuesAt};
use crate::openings::{POINTS, Reduction};
use crate::rows::Program;
use crate::rows::encoding::{Columns, Encoding};
use crate::rows::needs::Needs;
use crate::running_sums::LOG_TILE;
use crate::seam::node_words;

/// An adapter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// The most bytes that a kernel sees of one buffer.
    pub binding_bytes: usize,
    /// Instructions of the longest program that becomes a kernel of its own.
    pub most_compiled: usize,
}

impl Sizes {
    /// Columns of a matrix in one buffer, at most.
    fn columns(self, height: usize) -> usize {
        units_of_buffer(self.binding_bytes, height, COLUMNS)
    }

    /// Whether a matrix lies in several buffers.
    fn is_apart(self, (height, width): Shape) -> bool {
        width > self.columns(height)
    }
}

impl model::Sizes for Sizes {
    fn fits(&self, height: usize) -> Result<(), String> {
        if self.columns(height) > 0 {
            return Ok(());
        }
        let bytes = self.binding_bytes;
        Err(format!("a column of {height} elements: a kernel sees {bytes} bytes of a buffer"))
    }

    fn permuting(&self, shape: Shape) -> usize {
        if self.is_apart(shape) { rows_through(self.binding_bytes, shape) * shape.1 } else { 0 }
    }

    fn extending(&self, (height, width): Shape, added_bits: usize) -> usize {
        let together = if goes_before(height.trailing_zeros() as usize) { 1 } else { 0 };
        SHIFT_WORDS + together * height * width.min(self.columns(height << added_bits))
    }

    fn hashing(&self, log_height: usize) -> Result<usize, String> {
        self.fits(SPONGE)?;
        Ok(scratch_words(self.binding_bytes, 1 << log_height))
    }

    fn tree(&self, log_height: usize, _width: usize) -> usize {
        node_words(log_height)
    }

    fn opening(&self, Opened { count, width, levels }: Opened) -> usize {
        match width + DIGEST * levels {
            0 => 0,
            words => count.min(records_at_once(self.binding_bytes, words)) * (words + 1),
        }
    }

    fn program(&self, program: &Program) -> Result<Kept, String> {
        let needs = Needs::of(program);
        let (kept, values, inputs, slots) =
            match Source::of(program, &needs, self.most_compiled, self.binding_bytes) {
                Some(source) => (0, source.text.words(), source.inputs, source.slots),
                None => {
                    let encoding = Encoding::new(program, Columns::Gathered)?;
                    let slots = encoding.slots.saturating_add(DEGREE * needs.outputs);
                    (encoding.code.as_flattened().len(), DEGREE * needs.values, encoding.inputs, slots)
                }
            };
        Ok(Kept { kept: kept + ENTRY * inputs.len(), values: values.max(1), slots })
    }

    fn running(&self, program: Kept, height: usize, free: u64) -> Result<usize, String> {
        if program.slots == 0 {
            return Ok(0);
        }
        let free = free.saturating_sub(4 * program.values as u64);
        let rows = rows_with_slots(self.binding_bytes, free, program.slots, height)?;
        Ok(program.values + rows * program.slots)
    }

    fn summing(&self, log_height: usize) -> usize {
        DEGREE + (DEGREE << log_height.saturating_sub(LOG_TILE))
    }

    fn evaluating(&self, ValuesAt { widths, evaluations }: ValuesAt<'_>) -> usize {
        let weights = |log_rows| DEGREE * rows_weighted(self.binding_bytes, log_rows);
        let widest = widths.iter().copied().max().unwrap_or(0);
        let [partial, totals] = sum_words(self.binding_bytes, evaluations.log_most(), widest);
        evaluations.points.iter().map(|(_, log_rows)| weights(*log_rows)).sum::<usize>() + partial + totals
    }

    fn reducing(&self, Codeword { reduction, claims, widest, points }: Codeword) -> usize {
        let groups = (0..points).step_by(POINTS).map(|first| POINTS.min(points - first));
        let told: usize = groups.map(|points| Reduction::told(points, claims, widest)).sum();
        let rows = rows_made(self.binding_bytes, reduction);
        let through = usize::from(self.is_apart(reduction.result()));
        DEGREE * (told + rows * (2 * points.min(POINTS) + through))
    }

    fn folding(&self, folding: Folding, is_joined: bool) -> usize {
        let scalars = DEGREE * folding.scalar_count();
        let (from, to) = (folding.codeword(), folding.result());
        if !self.is_apart(from) && !self.is_apart(to) {
            return scalars;
        }
        let rows = folding.rows_through(self.binding_bytes);
        let there = (rows >> folding.log_next) * to.1;
        scalars + rows * from.1 + there + if is_joined { there } else { 1 }
    }

    fn grinding(&self) -> usize {
        grinding::WORDS.iter().sum()
    }
}
