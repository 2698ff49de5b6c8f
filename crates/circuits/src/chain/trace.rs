//! Rows of `chain` from walks.
//!
//! Two passes, both packed: the first walks each chain and keeps the values before its steps, eight walks of
//! about one length to a register; the second fills the rows, eight consecutive rows of a lane to a register.

use aludel_protocol::hash::{DIGEST, Tag, compress16};
use aludel_protocol::params::{XMSS_BASE, XMSS_CHAINS};
use aludel_protocol::xmss::Parameter;
use aludel_protocol::{Digest, F, PackedF, fe};
use p3_field::{PackedValue, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;

use super::columns::{ChainColumns, ChainLane};
use crate::chip::TraceError;
use crate::columns::Columns;
use crate::poseidon2::Permutation16;
use crate::shape::CHAIN_LANES;

/// Most steps of a walk.
const MAX_STEPS: usize = XMSS_BASE - 1;
const LANE_WIDTH: usize = <ChainLane<u8> as Columns<u8>>::WIDTH;
const WIDTH: usize = <ChainColumns<u8> as Columns<u8>>::WIDTH;

/// A hash chain of a signature, from the signature's value to the chain's end.
#[derive(Clone, Copy, Debug)]
pub struct ChainWalk {
    /// Public parameter of the key.
    pub parameter: Parameter,
    /// Epoch of the one-time key.
    pub epoch: u32,
    /// The chain, below [`XMSS_CHAINS`].
    pub chain: u8,
    /// Position of `start`, at most 6: a chain whose digit is 7 has no step.
    pub digit: u8,
    /// The signature's value.
    pub start: Digest,
}

impl ChainWalk {
    fn steps(&self) -> usize {
        MAX_STEPS - usize::from(self.digit)
    }

    fn place(&self) -> usize {
        usize::from(self.chain) * XMSS_BASE + usize::from(self.digit)
    }
}

/// One lane of one row, all but the permutation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) value: [F; DIGEST],
    pub(super) parameter: Parameter,
    pub(super) epoch: F,
    pub(super) place: F,
    pub(super) start: F,
    pub(super) last: F,
}

impl Step {
    /// The value after the step.
    pub(super) fn end(&self) -> [F; DIGEST] {
        compress16(input(self.value, self.parameter, self.epoch, self.place))
    }
}

/// Values before each step of a walk; entries beyond its last step mean nothing.
type Walked = [[F; DIGEST]; MAX_STEPS];

/// The trace `[2^log_height][columns]`, row-major. Lanes are filled longest walk first, each walk into the least
/// filled lane, so walks of a total of `5 (2^log_height - 6)` steps always fit.
///
/// # Errors
/// [`TraceError::Full`] where the walks have more steps than the lanes rows; [`TraceError::Inconsistent`] where a
/// walk is of no chain or has no step.
pub fn generate(log_height: usize, walks: &[ChainWalk]) -> Result<RowMajorMatrix<F>, TraceError> {
    Ok(write(&lay_out(1 << log_height, walks)?))
}

/// The steps of every lane, `height` each.
pub(super) fn lay_out(height: usize, walks: &[ChainWalk]) -> Result<Vec<Vec<Step>>, TraceError> {
    check(walks)?;
    let mut order: Vec<&ChainWalk> = walks.iter().collect();
    order.sort_by_key(|walk| walk.digit);
    let lanes = assign(height, &order)?;
    let walked: Vec<Walked> = order.par_chunks(PackedF::WIDTH).flat_map_iter(walk_pack).collect();
    let padding = padding(lanes.iter().map(|lane| height - lane.filled).max().unwrap_or(0));
    let steps = |lane: &Lane| {
        let mut steps = Vec::with_capacity(height);
        lane.walks.iter().for_each(|&i| push_walk(&mut steps, order[i], &walked[i]));
        steps.extend_from_slice(&padding[..height - lane.filled]);
        steps
    };
    Ok(lanes.par_iter().map(steps).collect())
}

/// The trace of the lanes, all of one length.
pub(super) fn write(lanes: &[Vec<Step>]) -> RowMajorMatrix<F> {
    let mut cells = F::zero_vec(lanes[0].len() * WIDTH);
    cells
        .par_chunks_mut(PackedF::WIDTH * WIDTH)
        .enumerate()
        .for_each(|(i, rows)| fill_rows(rows, i * PackedF::WIDTH, lanes));
    RowMajorMatrix::new(cells, WIDTH)
}

fn check(walks: &[ChainWalk]) -> Result<(), TraceError> {
    let wrong = |w: &&ChainWalk| usize::from(w.chain) >= XMSS_CHAINS || usize::from(w.digit) >= MAX_STEPS;
    match walks.iter().find(wrong) {
        None => Ok(()),
        Some(w) => Err(TraceError::Inconsistent {
            chip: "chain",
            reason: format!("a walk of chain {} from position {} has no step", w.chain, w.digit),
        }),
    }
}

/// What one lane walks.
#[derive(Clone, Default)]
struct Lane {
    /// Indices of walks, in order.
    walks: Vec<usize>,
    /// Rows that they take.
    filled: usize,
}

fn assign(height: usize, order: &[&ChainWalk]) -> Result<[Lane; CHAIN_LANES], TraceError> {
    let mut lanes: [Lane; CHAIN_LANES] = core::array::from_fn(|_| Lane::default());
    for (i, walk) in order.iter().enumerate() {
        if let Some(lane) = lanes.iter_mut().min_by_key(|lane| lane.filled) {
            lane.walks.push(i);
            lane.filled += walk.steps();
        }
    }
    let needed = lanes.iter().map(|lane| lane.filled).max().unwrap_or(0);
    if needed > height {
        return Err(TraceError::Full { chip: "chain", needed, available: height });
    }
    Ok(lanes)
}

fn input<R>(value: [R; DIGEST], parameter: [R; 5], epoch: R, place: R) -> [R; 16]
where
    R: PrimeCharacteristicRing + Copy + core::ops::Add<F, Output = R>,
{
    core::array::from_fn(|i| match i {
        0..8 => value[i],
        8..13 => parameter[i - 8],
        13 => epoch,
        14 => place + Tag::XmssChain.with(0),
        _ => R::ZERO,
    })
}

/// Walks up to a register of chains side by side, all as far as the longest of them.
fn walk_pack(walks: &[&ChainWalk]) -> Vec<Walked> {
    let pack = |f: &dyn Fn(&ChainWalk) -> F| PackedF::from_fn(|i| f(walks[i.min(walks.len() - 1)]));
    let parameter = core::array::from_fn(|j| pack(&|w| w.parameter[j]));
    let epoch = pack(&|w| fe(w.epoch));
    let mut place = pack(&|w| F::from_usize(w.place()));
    let mut value: [PackedF; DIGEST] = core::array::from_fn(|j| pack(&|w| w.start.0[j]));
    let mut walked = vec![[[F::ZERO; DIGEST]; MAX_STEPS]; walks.len()];
    for step in 0..walks.iter().map(|w| w.steps()).max().unwrap_or(0) {
        for (i, walked) in walked.iter_mut().enumerate() {
            walked[step] = value.map(|x| x.extract(i));
        }
        value = compress16(input(value, parameter, epoch, place));
        place += PackedF::ONE;
    }
    walked
}

fn push_walk(steps: &mut Vec<Step>, walk: &ChainWalk, walked: &Walked) {
    let start = walk.place();
    steps.extend(walked[..walk.steps()].iter().enumerate().map(|(i, value)| Step {
        value: *value,
        parameter: walk.parameter,
        epoch: fe(walk.epoch),
        place: F::from_usize(start + i),
        start: F::from_usize(start),
        last: F::from_bool(i + 1 == walk.steps()),
    }));
}

/// The first rows of a walk that has no last step, from zero.
fn padding(rows: usize) -> Vec<Step> {
    let mut value = [F::ZERO; DIGEST];
    let next = |place: usize| {
        let (parameter, epoch, place) = ([F::ZERO; 5], F::ZERO, F::from_usize(place));
        let step = Step { value, parameter, epoch, place, start: F::ZERO, last: F::ZERO };
        value = step.end();
        step
    };
    (0..rows).map(next).collect()
}

/// Fills consecutive rows, at most a register of them, from row `first` on.
fn fill_rows(rows: &mut [F], first: usize, lanes: &[Vec<Step>]) {
    let count = rows.len() / WIDTH;
    let mut cells = Vec::with_capacity(LANE_WIDTH);
    for (lane, steps) in lanes.iter().enumerate() {
        cells.clear();
        lane_cells(&steps[first..first + count]).put(&mut cells);
        for (i, row) in rows.chunks_exact_mut(WIDTH).enumerate() {
            let row = &mut row[lane * LANE_WIDTH..][..LANE_WIDTH];
            row.iter_mut().zip(&cells).for_each(|(cell, packed)| *cell = packed.extract(i));
        }
    }
}

fn lane_cells(steps: &[Step]) -> ChainLane<PackedF> {
    let pack = |f: &dyn Fn(&Step) -> F| PackedF::from_fn(|i| f(&steps[i.min(steps.len() - 1)]));
    let value = core::array::from_fn(|j| pack(&|s| s.value[j]));
    let parameter = core::array::from_fn(|j| pack(&|s| s.parameter[j]));
    let (epoch, place) = (pack(&|s| s.epoch), pack(&|s| s.place));
    let (permutation, _) = Permutation16::generate(input(value, parameter, epoch, place));
    let (start, last) = (pack(&|s| s.start), pack(&|s| s.last));
    ChainLane { value, parameter, epoch, place, start, last, permutation }
}
