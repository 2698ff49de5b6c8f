//! Rows of `sponge`.

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{RATE, STEP, SpongeColumns, SpongeFixed, Wide};
use crate::bus::CHALLENGE;
use crate::chip::TraceError;
use crate::columns::Columns;
use crate::lanes;
use crate::poseidon2::Sponge24;
use crate::recursion::execute::Execution;
use crate::recursion::extension::product;
use crate::recursion::machine::{Preprocessed, pad};
use crate::recursion::program::{Block, Counts, Hashed, Ports};

/// A block of a hash, before its permutation is laid out.
#[derive(Clone, Copy, Debug)]
pub struct SpongeStep {
    /// The state before the permutation.
    pub state: [F; 24],
    /// `beta` and its powers.
    pub power: [[F; CHALLENGE]; STEP],
    /// Horner's sums.
    pub sum: [[F; CHALLENGE]; STEP],
    /// The sum at the cut.
    pub cut: [F; CHALLENGE],
}

impl SpongeStep {
    /// A block of this state, after a sum.
    pub fn new(block: &Block, state: [F; 24], beta: [F; CHALLENGE], before: [F; CHALLENGE]) -> Self {
        let square = product(&beta, &beta);
        let power = [beta, square, product(&beta, &square), product(&square, &square)];
        let (mut sum, mut cut) = ([[F::ZERO; CHALLENGE]; STEP], [F::ZERO; CHALLENGE]);
        let mut now = before;
        for (i, x) in state.iter().enumerate().take(RATE) {
            now = product(&now, &beta);
            if i < block.absorbed {
                now[0] += *x;
            }
            if block.cut.is_some_and(|(after, _)| after == i) {
                cut = now;
            }
            if i % STEP == STEP - 1 {
                sum[i / STEP] = now;
            }
        }
        Self { state, power, sum, cut }
    }

    /// A row that is not used: `beta` stays.
    pub fn unused(beta: [F; CHALLENGE]) -> Self {
        Self::new(&Block::default(), [F::ZERO; 24], beta, [F::ZERO; CHALLENGE])
    }
}

/// The preprocessed columns `[2^log_height][SpongeFixed]`.
pub(in crate::recursion) fn fixed(
    p: &Preprocessed<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let cells = p.rows.sponge.iter().flat_map(|block| block_fixed(block, p.counts).to_row());
    let mut unused = F::zero_vec(SpongeFixed::<F>::WIDTH);
    unused[0] = F::ONE;
    pad("sponge", cells.collect(), SpongeFixed::<F>::WIDTH, log_height, &unused)
}

fn block_fixed(block: &Block, counts: Counts<'_>) -> SpongeFixed<F> {
    let cut = |i: usize| F::from_bool(block.cut.is_some_and(|(after, _)| after == i));
    let (cut_address, cut_count) = counts.write(block.cut.map(|(_, value)| value));
    let (sum_address, sum_count) = counts.write(block.sum);
    let ports = block.ports.map(|port| counts.of(port));
    let (tag, length) = block.fields.filter(|_| block.begin).unwrap_or_default();
    SpongeFixed {
        begin: F::from_bool(block.begin),
        fields: F::from_bool(block.fields.is_some()),
        tag,
        length,
        absorbed: core::array::from_fn(|i| F::from_bool(i < block.absorbed)),
        cut: core::array::from_fn(cut),
        cut_on: core::array::from_fn(|i| if block.begin { F::ZERO } else { cut(i) }),
        beta: F::from_bool(block.beta.is_some()),
        beta_address: block.beta.map_or(F::ZERO, |v| v.address()),
        cut_count,
        cut_address,
        sum_count,
        sum_address,
        after_four: F::from_bool(block.kind == Ports::AfterFour),
        after_three: F::from_bool(block.kind == Ports::AfterThree),
        port_address: ports.map(|p| p.0),
        port_count: ports.map(|p| p.1),
        digest: block.digest.map_or(F::ZERO, Hashed::address),
        end: F::from_bool(block.digest.is_some()),
    }
}

/// The main columns `[2^log_height][SpongeColumns]`.
pub(in crate::recursion) fn generate(
    e: &Execution<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let beta = e.blocks.last().map_or([F::ZERO; CHALLENGE], |block| block.power[0]);
    lanes::generate("sponge", 1, log_height, &e.blocks, SpongeStep::unused(beta), |steps| {
        let states = lanes::pack(steps.map(|step| step.state));
        let permutations: [Sponge24<F>; lanes::BLOCK] = lanes::unpack(Sponge24::permute(states).0);
        core::array::from_fn(|i| {
            let SpongeStep { state, power, sum, cut } = *steps[i];
            let wide = |value| Wide { value };
            SpongeColumns {
                state,
                permutation: permutations[i],
                power: power.map(wide),
                sum: sum.map(wide),
                cut: wide(cut),
            }
        })
    })
}
