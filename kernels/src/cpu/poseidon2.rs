//! Permutations, as many states at a time as a vector register has lanes.

use aludel_protocol::hash::{perm16, perm24};
use aludel_protocol::{F, PackedF};
use p3_field::PackedValue;
use p3_maybe_rayon::prelude::*;
use p3_symmetric::Permutation;

use super::{Cpu, Matrix};
use crate::error::Error;
use crate::seam::Poseidon2;

impl Poseidon2 for Cpu {
    fn permute(&self, mut states: Matrix) -> Result<Matrix, Error> {
        let values = &mut states.values.elements;
        match states.width {
            16 => permute::<16>(values, perm16()),
            24 => permute::<24>(values, perm24()),
            width => return Err(self.unsupported(format!("states of {width} elements: they have 16 or 24"))),
        }
        Ok(states)
    }
}

/// Permutes states one after another in memory.
fn permute<const N: usize>(
    values: &mut [F],
    permutation: &(impl Permutation<[F; N]> + Permutation<[PackedF; N]>),
) {
    values.par_chunks_mut(N * PackedF::WIDTH).for_each(|group| {
        let (states, _) = group.as_chunks_mut::<N>();
        if states.len() < PackedF::WIDTH {
            return states.iter_mut().for_each(|state| permutation.permute_mut(state));
        }
        let mut packed: [PackedF; N] = core::array::from_fn(|i| PackedF::from_fn(|lane| states[lane][i]));
        permutation.permute_mut(&mut packed);
        for (lane, state) in states.iter_mut().enumerate() {
            *state = core::array::from_fn(|i| packed[i].as_slice()[lane]);
        }
    });
}
