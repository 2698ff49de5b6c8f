//! Rows of `node` from the nodes above the touched cells.

use aludel_protocol::hash::DIGEST;
use aludel_protocol::{Digest, F};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::columns::{NodeChild, NodeLane};
use crate::chip::TraceError;
use crate::lanes::{self, BLOCK};
use crate::poseidon2::Permutation16;
use crate::shape::NODE_LANES;

/// A child of a touched node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Child {
    /// Whether a cell below it is touched.
    pub touched: bool,
    /// Digest before the shard.
    pub old: Digest,
    /// Digest after it; `old` where not touched.
    pub new: Digest,
}

/// One touched inner node of the state tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeUpdate {
    /// Which of the two spaces; 0 at the root.
    pub space: u8,
    /// What its children differ in: 0 slot, 1 account's low limb, 2 its high limb, 3 space (the root).
    pub stage: u8,
    /// Its children's level within that stage, `0..16`; 0 at the root.
    pub level: u8,
    /// What is left of the slot: its own coordinate, without the bits of the levels below.
    pub slot: u16,
    /// What is left of the account's low limb.
    pub lo: u16,
    /// What is left of the account's high limb.
    pub hi: u16,
    /// The child whose bit is 0.
    pub left: Child,
    /// The child whose bit is 1.
    pub right: Child,
}

/// The trace `[2^log_height][lanes * lane width]`: one lane a node, in order.
pub fn generate(log_height: usize, updates: &[NodeUpdate]) -> Result<RowMajorMatrix<F>, TraceError> {
    if let Some(bad) = updates.iter().find(|u| !u.is_place()) {
        let reason = format!("no node has stage {} and level {} and a touched child", bad.stage, bad.level);
        return Err(TraceError::Inconsistent { chip: "node", reason });
    }
    lanes::generate("node", NODE_LANES, log_height, updates, NodeUpdate::default(), block)
}

impl NodeUpdate {
    fn is_place(&self) -> bool {
        let place = (self.stage < 3 && self.level < 16) || (self.stage == 3 && self.level == 0);
        place && self.is_real()
    }

    /// A node without a touched child is padding.
    fn is_real(&self) -> bool {
        self.left.touched || self.right.touched
    }
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
    let walks = |stage: u8| F::from_bool(u.is_real() && u.stage == stage);
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
