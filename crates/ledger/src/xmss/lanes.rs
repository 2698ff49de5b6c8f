//! Rows of field elements in and out of vector lanes. One packed hash call serves [`LANES`] inputs.

use aludel_protocol::hash::compress24;
use aludel_protocol::{Digest, F, PackedF};
use p3_field::PackedValue;
use rayon::prelude::*;

/// Inputs of one packed call: 8 with AVX2, 16 with AVX-512, 4 with NEON, 1 without any.
pub(super) const LANES: usize = PackedF::WIDTH;

/// Items of one parallel task: enough to outweigh handing it out.
const BLOCK: usize = 512;

/// Puts `row(i)` into lane `i`.
#[inline]
pub(super) fn pack<const N: usize>(row: impl FnMut(usize) -> [F; N]) -> [PackedF; N] {
    let rows: [[F; N]; LANES] = core::array::from_fn(row);
    core::array::from_fn(|j| PackedF::from_fn(|i| rows[i][j]))
}

/// The row in lane `i`.
#[inline]
pub(super) fn lane<const N: usize>(packed: &[PackedF; N], i: usize) -> [F; N] {
    core::array::from_fn(|j| packed[j].as_slice()[i])
}

/// `hash` of the items `0..count`, [`LANES`] at a time. The closure gets a map from lane to item; the lanes
/// past the last item repeat it.
#[inline]
pub(super) fn by_lanes(
    count: usize,
    mut hash: impl FnMut(&dyn Fn(usize) -> usize) -> [PackedF; 8],
) -> Vec<Digest> {
    let mut out = Vec::with_capacity(count);
    for first in (0..count).step_by(LANES) {
        let digests = hash(&|i| (first + i).min(count - 1));
        out.extend((0..LANES.min(count - first)).map(|i| Digest(lane(&digests, i))));
    }
    out
}

/// [`compress24`] of `input(0..count)`.
pub(super) fn compress24_all(count: usize, input: impl Fn(usize) -> [F; 24]) -> Vec<Digest> {
    by_lanes(count, |item| compress24(pack(|i| input(item(i)))))
}

/// Splits `0..count` into blocks and runs `work(first, count)` on each in parallel, keeping the order.
pub(super) fn par_blocks<T: Send>(count: usize, work: impl Fn(usize, usize) -> Vec<T> + Sync) -> Vec<T> {
    let blocks: Vec<Vec<T>> = (0..count.div_ceil(BLOCK))
        .into_par_iter()
        .map(|b| work(b * BLOCK, BLOCK.min(count - b * BLOCK)))
        .collect();
    blocks.into_iter().flatten().collect()
}
