//! The smallest witness of a puzzle, some candidates a launch.

use core::ops::Range;

use aludel_protocol::F;
use aludel_protocol::grinding::Puzzle;
use p3_field::PrimeCharacteristicRing;

use super::launch::Arg;
use super::{Cuda, words};
use crate::error::Error;
use crate::seam::Grinding;

/// Words of a puzzle's state.
pub(super) const STATE_WORDS: usize = 16;

/// No candidate.
const NONE: u32 = u32::MAX;

impl Grinding for Cuda {
    fn smallest_witness(&self, puzzle: &Puzzle, candidates: Range<u32>) -> Result<Option<F>, Error> {
        let [mut state, mut least] = [self.buffer(STATE_WORDS)?, self.buffer(1)?];
        self.stream.copy_in(words(puzzle.state()), &mut state)?;
        self.stream.copy_in(&[NONE], &mut least)?;
        let [place, sampled] = [puzzle.place(), puzzle.sampled()].map(|i| self.word(i).map(Arg::Word));
        let [place, sampled, mask] = [place?, sampled?, Arg::Word(puzzle.mask())];
        for part in puzzle.parts(candidates) {
            let [first, count] = [part.start, part.end - part.start];
            let launch = self.per_item("smallest_witness", count as usize)?;
            let args = [
                Arg::At(&state, 0),
                place,
                sampled,
                mask,
                Arg::Word(first),
                Arg::Word(count),
                Arg::At(&least, 0),
            ];
            // SAFETY: the state has 16 words, and the witness one.
            unsafe { self.launch(launch, &args) }?;
            let mut found = [NONE];
            self.stream.copy_out(&least, 0, &mut found)?;
            // All that are smaller were tried before or with it.
            if found != [NONE] {
                return Ok(Some(F::from_u32(found[0])));
            }
        }
        Ok(None)
    }
}
