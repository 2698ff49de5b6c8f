//! Folding by `p3-fri`.

use core::marker::PhantomData;

use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_fri::{FriFoldingStrategy, TwoAdicFriFolding};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::{Cpu, Matrix, stored};
use crate::error::Error;
use crate::fold::Folding;
use crate::id::DeviceId;
use crate::seam::{Device, Fold};

/// Elements in their order, which is by rows.
fn elements(matrix: &Matrix) -> Vec<Challenge> {
    Challenge::reconstitute_from_base(matrix.values.elements.clone())
}

impl Fold for Cpu {
    fn fold(
        &self,
        codeword: &Matrix,
        challenge: Challenge,
        joined: Option<&Matrix>,
        log_next: usize,
    ) -> Result<Matrix, Error> {
        let shape = self.shape(codeword);
        let folding = Folding::new(DeviceId::Cpu, shape, joined.map(|m| self.shape(m)), log_next)?;
        let (height, width) = folding.result();
        let reserved = self.reserve(height * width)?;
        let rows = RowMajorMatrix::new(elements(codeword), 1 << folding.log_arity);
        let plonky3 = TwoAdicFriFolding::<(), ()>(PhantomData);
        let mut folded: Vec<Challenge> = FriFoldingStrategy::<F, Challenge>::fold_matrix(
            &plonky3,
            challenge,
            folding.log_arity,
            rows.as_view(),
        );
        if let Some(joined) = joined {
            let power = challenge.exp_power_of_2(folding.log_arity);
            folded.par_iter_mut().zip(elements(joined)).for_each(|(x, joined)| *x += power * joined);
        }
        let rows = RowMajorMatrix::new(Challenge::flatten_to_base(folded), width);
        Ok(stored(rows, reserved))
    }
}
