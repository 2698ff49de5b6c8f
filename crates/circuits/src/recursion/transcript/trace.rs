//! Rows of `transcript`.

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{RATE, TranscriptColumns, TranscriptFixed};
use crate::chip::TraceError;
use crate::columns::Columns;
use crate::lanes;
use crate::poseidon2::Sponge16;
use crate::recursion::execute::Execution;
use crate::recursion::machine::{Preprocessed, pad};

/// The preprocessed columns `[2^log_height][TranscriptFixed]`.
pub(in crate::recursion) fn fixed(
    p: &Preprocessed<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let cells = p.rows.transcript.iter().flat_map(|row| {
        let (absorb, squeeze) = (row.absorb.map(|x| p.counts.of(x)), row.squeeze.map(|x| p.counts.of(x)));
        let fixed = TranscriptFixed {
            begin: F::from_bool(row.begin),
            absorbed: F::from_usize(row.absorbed),
            squeezed: F::from_bool(row.absorbed == 0),
            in_address: absorb.map(|x| x.0),
            in_count: absorb.map(|x| x.1),
            out_address: squeeze.map(|x| x.0),
            out_count: squeeze.map(|x| x.1),
        };
        fixed.to_row()
    });
    let mut unused = F::zero_vec(TranscriptFixed::<F>::WIDTH);
    unused[0] = F::ONE;
    pad("transcript", cells.collect(), TranscriptFixed::<F>::WIDTH, log_height, &unused)
}

/// The main columns `[2^log_height][TranscriptColumns]`.
pub(in crate::recursion) fn generate(
    e: &Execution<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    lanes::generate("transcript", 1, log_height, &e.duplexes, [F::ZERO; 2 * RATE], |states| {
        let permutations: [Sponge16<F>; lanes::BLOCK] =
            lanes::unpack(Sponge16::permute(lanes::pack(states.map(|s| *s))).0);
        core::array::from_fn(|i| TranscriptColumns { state: *states[i], permutation: permutations[i] })
    })
}
