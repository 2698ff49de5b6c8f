//! Permutations of the rows of a matrix, in place.

use super::launch::Arg;
use super::{Cuda, Matrix};
use crate::error::Error;
use crate::seam::Poseidon2;

impl Poseidon2 for Cuda {
    fn permute(&self, states: Matrix) -> Result<Matrix, Error> {
        let kernel = match states.width {
            16 => "permute_16",
            24 => "permute_24",
            width => return Err(self.unsupported(format!("states of {width} elements: they have 16 or 24"))),
        };
        let args = [Arg::At(&states.buffer, 0), Arg::Word(self.word(states.height)?)];
        // SAFETY: the kernel's columns are the matrix's.
        unsafe { self.launch(self.per_item(kernel, states.height)?, &args) }?;
        Ok(states)
    }
}
