//! What calls take of a device's memory besides results, for [`crate::model`].

use aludel_protocol::F;

use super::generated::Source;
use super::image::power_words;
use super::interpreted::{SOURCE_WORDS, blocks, scratch_words};
use super::openings::{partial_words, total_words, weight_words};
use super::running_sums::tile_words;
use super::{grinding, merkle_tree, transfer};
use crate::fold::{DEGREE, Folding};
use crate::model::{self, Codeword, Kept, Opened, Shape, ValuesAt};
use crate::openings::{Evaluations, POINTS, Reduction};
use crate::rows::Program;
use crate::rows::encoding::{Columns, Encoding};
use crate::seam::node_words;

/// A device of the CUDA driver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Whether it has a compiler for programs.
    pub compiles: bool,
}

impl model::Sizes for Sizes {
    fn staging(&self, (height, width): Shape, free: u64) -> usize {
        transfer::staged_rows(free, (height, width)).min(height) * width
    }

    fn extending(&self, (height, _): Shape, _added_bits: usize) -> usize {
        power_words(height)
    }

    fn tree(&self, log_height: usize, width: usize) -> usize {
        node_words(log_height) + merkle_tree::ENTRY * width
    }

    fn opening(&self, Opened { count, width, levels }: Opened) -> usize {
        count + (count * width).max(merkle_tree::path_words(count, levels))
    }

    fn program(&self, program: &Program) -> Result<Kept, String> {
        if self.compiles && Source::of(program).is_some() {
            return Ok(Kept::default());
        }
        let encoding = Encoding::new(program, Columns::Loaded)?;
        let kept = encoding.code.as_flattened().len();
        Ok(Kept { kept, values: DEGREE * program.uniforms.len() + SOURCE_WORDS, slots: encoding.slots })
    }

    fn running(&self, program: Kept, height: usize, free: u64) -> Result<usize, String> {
        if program.values == 0 {
            return Ok(0);
        }
        let free = free.saturating_sub((program.values * size_of::<F>()) as u64);
        Ok(program.values + scratch_words(blocks(free, program.slots, height), program.slots))
    }

    fn summing(&self, log_height: usize) -> usize {
        DEGREE + tile_words(log_height)
    }

    fn evaluating(&self, ValuesAt { widths, evaluations }: ValuesAt<'_>) -> usize {
        let Evaluations { points, .. } = evaluations;
        let weights: usize = points.iter().map(|(_, log_rows)| weight_words(*log_rows)).sum();
        DEGREE * points.len()
            + weights
            + partial_words(widths, evaluations)
            + total_words(widths, evaluations)
    }

    fn reducing(&self, Codeword { reduction, claims, widest, points }: Codeword) -> usize {
        let points = points.min(POINTS);
        let told = points + Reduction::told(points, claims, widest);
        4 * claims + DEGREE * told + points * weight_words(reduction.log_height)
    }

    fn folding(&self, folding: Folding, _is_joined: bool) -> usize {
        DEGREE * folding.scalar_count()
    }

    fn grinding(&self) -> usize {
        grinding::STATE_WORDS + 1
    }
}
