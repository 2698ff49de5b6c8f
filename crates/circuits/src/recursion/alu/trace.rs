//! Rows of `alu`.

use aludel_protocol::F;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{AluFixed, AluLane, AluLaneFixed, LANES};
use crate::bus::CHALLENGE;
use crate::chip::TraceError;
use crate::columns::Columns;
use crate::recursion::execute::Execution;
use crate::recursion::machine::{Preprocessed, pad};
use crate::recursion::program::{Counts, Lane};

/// The preprocessed columns `[2^log_height][AluFixed]`.
pub(in crate::recursion) fn fixed(
    p: &Preprocessed<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let lanes = p.rows.alu.iter().map(|lane| lane_fixed(lane, p.counts));
    let width = AluFixed::<F>::WIDTH;
    pad("alu", lanes.flat_map(Columns::to_row).collect(), width, log_height, &vec![F::ZERO; width])
}

fn lane_fixed(lane: &Lane, counts: Counts<'_>) -> AluLaneFixed<F> {
    let ports = lane.ports.map(|port| counts.of(port));
    let [q_ab, q_a, q_b, q_0] = lane.factors;
    let [q_c, s] = [lane.carries, lane.computes].map(F::from_bool);
    let [address, count] = [ports.map(|p| p.0), ports.map(|p| p.1)];
    AluLaneFixed { address, count, q_ab, q_a, q_b, q_0, q_c, s }
}

/// The main columns `[2^log_height][AluColumns]`.
pub(in crate::recursion) fn generate(
    e: &Execution<'_>,
    log_height: usize,
) -> Result<RowMajorMatrix<F>, TraceError> {
    let width = LANES * AluLane::<F>::WIDTH;
    let mut before = [F::ZERO; CHALLENGE];
    let cells = e.rows.alu.iter().flat_map(|lane| {
        let [a, b, _] = lane.ports.map(|port| e.port(port));
        let c = if lane.computes { e.lane(lane, before) } else { [F::ZERO; CHALLENGE] };
        before = c;
        AluLane { a, b, c }.to_row()
    });
    pad("alu", cells.collect(), width, log_height, &vec![F::ZERO; width])
}
