//! Grinding: work that a prover does before a challenge, so that who wants another challenge does it again
//! (ethSTARK documentation, eprint 2021/582).
//!
//! The answer is the smallest witness, whatever searches for it: threads, vectors, a GPU.

use core::ops::Range;

use p3_field::{PackedValue, PrimeCharacteristicRing, PrimeField32};
use p3_maybe_rayon::prelude::*;
use p3_symmetric::Permutation;

use crate::hash::perm16;
use crate::{F, PackedF};

/// Elements of the state.
pub const WIDTH: usize = 16;

/// Packed permutations that the threads share before they compare what they found.
const CHUNK: u32 = 1 << 13;

/// Which witnesses pass: in its place in a state, a witness makes an element of the permuted state whose lowest bits are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Puzzle {
    state: [F; WIDTH],
    place: usize,
    sampled: usize,
    bits: u32,
}

impl Puzzle {
    /// A puzzle of so many bits: the witness goes to `place` of the state, and element `sampled` counts once it is permuted. `None` where either is
    /// outside the state, or there are more than 30 bits, which a witness of the field's 31 would hardly have.
    pub fn new(state: [F; WIDTH], place: usize, sampled: usize, bits: usize) -> Option<Self> {
        let bits = u32::try_from(bits).ok().filter(|bits| *bits <= 30)?;
        (place < WIDTH && sampled < WIDTH).then_some(Self { state, place, sampled, bits })
    }

    /// The state that the witness is put into.
    pub const fn state(&self) -> &[F; WIDTH] {
        &self.state
    }

    /// Where it is put.
    pub const fn place(&self) -> usize {
        self.place
    }

    /// The element that counts.
    pub const fn sampled(&self) -> usize {
        self.sampled
    }

    /// The bits that must be zero, as ones.
    pub const fn mask(&self) -> u32 {
        (1 << self.bits) - 1
    }

    /// Candidates in parts of which each is worth a launch and likely enough to have a witness, in order.
    pub fn parts(&self, candidates: Range<u32>) -> impl Iterator<Item = Range<u32>> + use<> {
        let size = 1 << (self.bits + 1).clamp(12, 22);
        let end = candidates.end.min(F::ORDER_U32);
        let next = move |start: u32| start.saturating_add(size).min(end);
        let starts = core::iter::successors(Some(candidates.start), move |start| Some(next(*start)));
        starts.take_while(move |start| *start < end).map(move |start| start..next(start))
    }

    /// The smallest of these candidates that passes.
    pub fn smallest_witness(&self, candidates: Range<u32>) -> Option<F> {
        let lanes = u32::try_from(PackedF::WIDTH).ok()?;
        let (mut start, end) = (candidates.start, candidates.end.min(F::ORDER_U32));
        while start < end {
            let next = start.saturating_add(lanes.saturating_mul(CHUNK)).min(end);
            let batches = next.saturating_sub(start).div_ceil(lanes);
            let of = |batch: u32| self.of_lanes(start.saturating_add(batch.saturating_mul(lanes)));
            let found = (0..batches).into_par_iter().filter_map(of).min();
            // The last lanes may be past the end.
            if let Some(witness) = found.filter(|witness| *witness < end) {
                return Some(F::from_u32(witness));
            }
            start = next;
        }
        None
    }

    /// The smallest that passes of as many candidates as a vector has lanes.
    fn of_lanes(&self, first: u32) -> Option<u32> {
        let base = F::from_u32(first);
        let mut x = self.state.map(PackedF::from);
        *x.get_mut(self.place)? = PackedF::from_fn(|lane| base + F::from_usize(lane));
        perm16().permute_mut(&mut x);
        let passes = |sample: &F| sample.as_canonical_u32() & self.mask() == 0;
        let lane = x.get(self.sampled)?.as_slice().iter().position(passes)?;
        u32::try_from(lane).ok()?.checked_add(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fe;

    fn puzzle(bits: usize) -> Puzzle {
        Puzzle::new(core::array::from_fn(|i| fe(i as u32 + 5)), 3, 7, bits).expect("within the state")
    }

    fn passes(puzzle: &Puzzle, witness: u32) -> bool {
        let mut state = *puzzle.state();
        state[puzzle.place()] = fe(witness);
        perm16().permute_mut(&mut state);
        state[puzzle.sampled()].as_canonical_u32() & puzzle.mask() == 0
    }

    #[test]
    fn the_smallest_of_a_range_is_found() {
        for (bits, start, end) in
            [(0, 0, 1), (4, 0, 1000), (4, 13, 14), (6, 100, 301), (10, 1, 5000), (30, 0, 999)]
        {
            let puzzle = puzzle(bits);
            let expected = (start..end).find(|witness| passes(&puzzle, *witness)).map(fe);
            assert_eq!(puzzle.smallest_witness(start..end), expected, "{bits} bits, {start}..{end}");
        }
        assert_eq!(puzzle(0).smallest_witness(4..4), None);
        assert_eq!(puzzle(0).smallest_witness(F::ORDER_U32..u32::MAX), None, "no element twice");
        assert_eq!(puzzle(0).smallest_witness(F::ORDER_U32 - 1..u32::MAX), Some(fe(F::ORDER_U32 - 1)));
    }

    #[test]
    fn parts_are_all_candidates_in_order() {
        for (bits, candidates) in
            [(0, 0..1), (8, 5..5000), (14, 7..200_000), (30, 1 << 30..u32::MAX), (3, 9..9)]
        {
            let mut next = candidates.start;
            for part in puzzle(bits).parts(candidates.clone()) {
                assert_eq!(part.start, next);
                assert!(part.start < part.end);
                next = part.end;
            }
            assert_eq!(next, candidates.end.min(F::ORDER_U32));
        }
    }

    #[test]
    fn a_puzzle_is_within_the_state() {
        for (place, sampled, bits) in
            [(16, 0, 1), (0, 16, 1), (0, 0, 31), (usize::MAX, 0, 0), (0, 0, usize::MAX)]
        {
            assert_eq!(Puzzle::new([F::ZERO; WIDTH], place, sampled, bits), None);
        }
    }
}
