//! Folding of codewords.

use aludel_protocol::{Challenge, F};
use p3_field::BasedVectorSpace;

use super::launch::Arg;
use super::{Cuda, Matrix, words};
use crate::error::Error;
use crate::fold::{DEGREE, Folding};
use crate::seam::{Device, Fold};

impl Fold for Cuda {
    fn fold(
        &self,
        codeword: &Matrix,
        challenge: Challenge,
        joined: Option<&Matrix>,
        log_next: usize,
    ) -> Result<Matrix, Error> {
        let shape = self.shape(codeword);
        let folding = Folding::new(self.id(), shape, joined.map(|m| self.shape(m)), log_next)?;
        let (height, width) = folding.result();
        let folded = self.matrix(height, width)?;
        let scalars: Vec<F> = Challenge::flatten_to_base(folding.scalars(challenge));
        let mut table = self.buffer(DEGREE * folding.scalar_count())?;
        self.stream.copy_in(words(&scalars), &mut table)?;
        let log = |number: usize| Arg::Word(number as u32);
        let args = [
            Arg::At(&codeword.buffer, 0),
            // Not read where nothing is joined.
            Arg::At(&joined.unwrap_or(codeword).buffer, 0),
            Arg::At(&folded.buffer, 0),
            Arg::At(&table, 0),
            log(folding.log_height),
            log(folding.log_arity),
            log(folding.log_next),
            Arg::Word(u32::from(joined.is_some())),
        ];
        // SAFETY: shapes are those of the kernel, as `Folding::new` has seen.
        unsafe { self.launch(self.per_item("fold", shape.0)?, &args) }?;
        Ok(folded)
    }
}
