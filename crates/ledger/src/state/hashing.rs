//! Many hashes at once: as many to a call as a vector register has lanes, in parallel where there are many.

use aludel_protocol::cell::{CellAddress, Payload};
use aludel_protocol::field::{F, PackedF};
use aludel_protocol::hash::{DIGEST, Digest, compress16, compress24};
use p3_field::PackedValue;
use rayon::prelude::*;

const LANES: usize = <PackedF as PackedValue>::WIDTH;

/// Below this many hashes, other threads cost more than they bring.
const PARALLEL_MIN: usize = 1024;

/// Digests of inner nodes from their children's, `[left, right]`.
pub(crate) fn node_digests(children: &[[Digest; 2]]) -> Vec<Digest> {
    let input = |i: usize| core::array::from_fn(|j| children[i][usize::from(j >= DIGEST)].0[j % DIGEST]);
    batch(children.len(), compress16, input)
}

/// Digests of cells: zero where empty.
pub(crate) fn cell_digests(cells: &[(CellAddress, Payload)]) -> Vec<Digest> {
    let mut out = batch(cells.len(), compress24, |i| cells[i].1.leaf_input(&cells[i].0));
    for (digest, (_, payload)) in out.iter_mut().zip(cells) {
        if !payload.exists() {
            *digest = Digest::ZERO;
        }
    }
    out
}

fn batch<const W: usize>(
    len: usize,
    compress: impl Fn([PackedF; W]) -> [PackedF; DIGEST] + Sync,
    input: impl Fn(usize) -> [F; W] + Sync,
) -> Vec<Digest> {
    let mut out = vec![Digest::ZERO; len];
    let group = |(number, out): (usize, &mut [Digest])| {
        // The last group repeats its last input in the lanes it does not need.
        let lanes: [[F; W]; LANES] =
            core::array::from_fn(|lane| input(number * LANES + lane.min(out.len() - 1)));
        let y = compress(core::array::from_fn(|i| PackedF::from_fn(|lane| lanes[lane][i])));
        for (lane, digest) in out.iter_mut().enumerate() {
            digest.0 = core::array::from_fn(|i| y[i].as_slice()[lane]);
        }
    };
    match len < PARALLEL_MIN {
        true => out.chunks_mut(LANES).enumerate().for_each(group),
        false => out.par_chunks_mut(LANES).with_min_len(PARALLEL_MIN / LANES / 4).enumerate().for_each(group),
    }
    out
}

#[cfg(test)]
mod tests {
    use aludel_protocol::cell::node;
    use aludel_protocol::fe;
    use aludel_protocol::ids::AccountId;

    use super::*;

    #[test]
    fn packed_digests_equal_scalar_ones() {
        for len in [1, LANES - 1, LANES, 3 * LANES + 1, 2 * PARALLEL_MIN + 3] {
            let cells: Vec<_> = (0..len as u32).map(cell).collect();
            let leaves = cell_digests(&cells);
            let expected: Vec<_> = cells.iter().map(|(at, payload)| payload.digest(at)).collect();
            assert_eq!(leaves, expected);
            let children: Vec<_> = leaves.windows(2).map(|w| [w[0], w[1]]).collect();
            let expected: Vec<_> = children.iter().map(|[l, r]| node(*l, *r)).collect();
            assert_eq!(node_digests(&children), expected);
        }
    }

    fn cell(i: u32) -> (CellAddress, Payload) {
        let mut payload = Payload::EMPTY;
        if i % 3 != 1 {
            payload.0 = core::array::from_fn(|j| fe(i + j as u32));
            payload.0[Payload::EXISTS] = fe(1);
        }
        (CellAddress::slot(AccountId(i), i as u16), payload)
    }
}
