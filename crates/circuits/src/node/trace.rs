//! Rows of `node` from the nodes above the touched cells.

use aludel_protocol::hash::DIGEST;
use aludel_protocol::{Digest, F};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use aludel_protocol::cell::{Child, NodeUpdate};

use super::columns::{NodeChild, NodeLane};
use crate::chip::TraceError;
use crate::lanes::{self, BLOCK};
use crate::poseidon2::Permutation16;
use crate::shape::NODE_LANES;

/// The trace `[2^log_height][lanes * lane width]`: one lane a node, in order.
pub fn generate(log_height: usize, updates: &[NodeUpdate]) -> Result<RowMajorMatrix<F>, TraceError> {
    if let Some(bad) = updates.iter().find(|u| !is_place(u)) {
        let reason = format!("no node has stage {} and level {} and touched children", bad.stage, bad.level);
        return Err(TraceError::Inconsistent { chip: "node", reason });
    }
    lanes::generate("node", NODE_LANES, log_height, updates, NodeUpdate::default(), block)
}

/// Whether the node has a place in the tree and a reason to be there.
const fn is_place(u: &NodeUpdate) -> bool {
    is_real(u) && (u.stage < 3 && u.level < 16 || u.stage == 3 && u.level == 0)
}

/// A node is real where a child is touched, and so is the root; padding has none.
const fn is_real(u: &NodeUpdate) -> bool {
    u.left.touched || u.right.touched || u.stage == 3
}

fn block(updates: [&NodeUpdate; BLOCK]) -> [NodeLane<F>; BLOCK] {
    let permutations = |side: fn(&Child) -> Digest| -> [Permutation16<F>; BLOCK] {
        let inputs = updates.map(|u| inputs(side(&u.left), side(&u.right)));
        lanes::unpack(Permutation16::generate(lanes::pack(inputs)).0)
    };
    let (old, new) = (permutations(|c| c.old), permutations(|c| c.new));
    core::array::from_fn(|i| lane(updates[i], old[i], new[i]))
}

fn inputs(left: Digest, right: Digest) -> [F; 2 * DIGEST] {
    core::array::from_fn(|i| if i < DIGEST { left.0[i] } else { right.0[i - DIGEST] })
}

fn lane(u: &NodeUpdate, old: Permutation16<F>, new: Permutation16<F>) -> NodeLane<F> {
    let walks = |stage: u8| F::from_bool(is_real(u) && u.stage == stage);
    let [is_slot, is_lo, is_hi, is_root] = [0, 1, 2, 3].map(walks);
    let level = if u.stage == 3 { 15 } else { u.level };
    let [slot, lo, hi] = [u.slot, u.lo, u.hi].map(F::from_u16);
    NodeLane {
        is_slot,
        is_lo,
        is_hi,
        is_root,
        end: F::from_bool(level == 15),
        level: F::from_u8(level),
        space: F::from_u8(u.space),
        slot,
        lo,
        hi,
        left_slot: slot + is_slot * slot,
        left_lo: lo + is_lo * lo,
        left_hi: hi + is_hi * hi,
        left: child(&u.left),
        right: child(&u.right),
        old,
        new,
    }
}

fn child(child: &Child) -> NodeChild<F> {
    NodeChild { touched: F::from_bool(child.touched), old: child.old.0, new: child.new.0 }
}
