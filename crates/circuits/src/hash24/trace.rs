//! Rows of `hash24` from the calls of all other chips.

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::Hash24Lane;
use crate::chip::TraceError;
use crate::lanes;
use crate::poseidon2::Permutation24;
use crate::shape::HASH24_LANES;

/// The trace `[2^log_height][lanes * lane width]`: one lane a call, in order, whether or not it was made before.
/// Lanes that are left hash zeros for nobody.
pub fn generate(log_height: usize, calls: &[[F; 24]]) -> Result<RowMajorMatrix<F>, TraceError> {
    let calls: Vec<Call> = calls.iter().map(|&input| Call { input, count: F::ONE }).collect();
    let padding = Call { input: [F::ZERO; 24], count: F::ZERO };
    lanes::generate("hash24", HASH24_LANES, log_height, &calls, padding, block)
}

struct Call {
    input: [F; 24],
    count: F,
}

fn block(calls: [&Call; lanes::BLOCK]) -> [Hash24Lane<F>; lanes::BLOCK] {
    let (permutations, _) = Permutation24::generate(lanes::pack(calls.map(|c| c.input)));
    let permutations: [Permutation24<F>; lanes::BLOCK] = lanes::unpack(permutations);
    core::array::from_fn(|i| Hash24Lane {
        input: calls[i].input,
        permutation: permutations[i],
        count: calls[i].count,
    })
}
