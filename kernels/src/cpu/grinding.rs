//! The smallest witness, by vectors and threads.

use core::ops::Range;

use aludel_protocol::F;
use aludel_protocol::grinding::Puzzle;

use super::Cpu;
use crate::error::Error;
use crate::seam::Grinding;

impl Grinding for Cpu {
    fn smallest_witness(&self, puzzle: &Puzzle, candidates: Range<u32>) -> Result<Option<F>, Error> {
        Ok(puzzle.smallest_witness(candidates))
    }
}
