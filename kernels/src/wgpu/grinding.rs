//! Launches of `kernels/wgsl/grinding.wgsl`.

use core::ops::Range;

use aludel_protocol::F;
use aludel_protocol::grinding::Puzzle;
use p3_field::PrimeCharacteristicRing;

use super::Wgpu;
use super::pipeline::Kernel;
use super::poseidon2::GROUP;
use super::transfer::to_word;
use crate::error::Error;
use crate::seam::{Grinding, Limits};

/// Words of a puzzle's state, and of what is found.
pub(super) const WORDS: [usize; 2] = [16, 4];

/// No candidate.
const NONE: u32 = u32::MAX;

impl Grinding for Wgpu {
    fn smallest_witness(&self, puzzle: &Puzzle, candidates: Range<u32>) -> Result<Option<F>, Error> {
        let [mut state, mut least] = [self.words(WORDS[0])?, self.words(WORDS[1])?];
        self.send(&puzzle.state().map(to_word), &mut state)?;
        self.send(&[NONE; WORDS[1]], &mut least)?;
        let [place, sampled] = [puzzle.place(), puzzle.sampled()].map(|i| self.counted(i));
        let [place, sampled] = [place?, sampled?];
        for part in puzzle.parts(candidates) {
            let count = part.end - part.start;
            // The word of `2^32` is `2^64`.
            let square = to_word(F::from_u64(1 << 32));
            let parameters = [place, sampled, puzzle.mask(), part.start, count, square];
            let buffers = [&state.quads.buffers[0], &least.quads.buffers[0]];
            let groups = (count as usize).div_ceil(GROUP);
            self.launch(|commands| commands.kernel(Kernel::SmallestWitness, &buffers, &parameters, groups))?;
            let mut found = [NONE; WORDS[1]];
            self.fetch(&least, &mut found)?;
            // All that are smaller were tried before or with it.
            if found[0] != NONE {
                return Ok(Some(F::from_u32(found[0])));
            }
        }
        Ok(None)
    }
}
