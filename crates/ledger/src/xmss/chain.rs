//! Hash chains, one a lane.

use aludel_protocol::hash::compress16;
use aludel_protocol::params::XMSS_BASE;
use aludel_protocol::xmss::{Parameter, chain_input};
use aludel_protocol::{Digest, F, PackedF};
use p3_field::PrimeCharacteristicRing;

use super::lanes::{LANES, lane, pack};

/// Where [`chain_input`] holds the tweak, which grows by one a step.
pub(super) const TWEAK: usize = 14;

/// One step of each lane's chain: the value becomes its compression, the tweak the next position's.
#[inline]
pub(super) fn advance(x: &mut [PackedF; 16]) {
    let y = compress16(*x);
    x[..8].copy_from_slice(&y);
    x[TWEAK] += PackedF::ONE;
}

/// A piece of one chain: from the value at one position to the value at another.
pub(super) struct Run<'a> {
    pub parameter: &'a Parameter,
    pub epoch: u32,
    pub chain: usize,
    pub from: usize,
    pub to: usize,
    pub value: Digest,
}

impl Run<'_> {
    fn input(&self) -> [F; 16] {
        chain_input(self.parameter, self.epoch, self.chain, self.from, &self.value)
    }
}

/// The value at the end of each run, in order. Runs of equal ends share lanes, so none waits for another.
pub(super) fn ends(runs: &[Run]) -> Vec<Digest> {
    let mut out: Vec<Digest> = runs.iter().map(|run| run.value).collect();
    for bucket in buckets(runs) {
        for group in bucket.chunks(LANES) {
            let (from, to) = (runs[group[0]].from, runs[group[0]].to);
            let mut x = pack(|i| runs[group[i.min(group.len() - 1)]].input());
            (from..to).for_each(|_| advance(&mut x));
            let values = core::array::from_fn(|j| x[j]);
            for (i, run) in group.iter().enumerate() {
                out[*run] = Digest(lane(&values, i));
            }
        }
    }
    out
}

/// Indices of the runs that have steps to take, by `(from, to)`.
fn buckets(runs: &[Run]) -> Vec<Vec<usize>> {
    let mut buckets = vec![Vec::new(); XMSS_BASE * XMSS_BASE];
    for (i, run) in runs.iter().enumerate().filter(|(_, run)| run.from < run.to) {
        buckets[XMSS_BASE * run.from + run.to].push(i);
    }
    buckets
}
