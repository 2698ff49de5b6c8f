//! What an update of the state does to the nodes of the tree, in the circuit's coordinates.

use aludel_protocol::cell::{Child, MAX_HEIGHT, NodeUpdate, Space};
use aludel_protocol::hash::Digest;
use aludel_protocol::params::SLOT_BITS;

use super::tree::Pair;

/// The node above `pair`, whose children have the given height; `new` are the children's new digests.
pub(crate) fn inner(space: Space, height: usize, pair: &Pair, new: [Digest; 2]) -> NodeUpdate {
    // In the slots' tree every bit has its place; an account cell enters it above the slot's bits.
    let height = height + MAX_HEIGHT - super::tree::depth(space);
    let (stage, level) = (height / SLOT_BITS, height % SLOT_BITS);
    let path = u128::from(pair.index) << (height + 1);
    let limb = |of: usize| {
        let whole = (path >> (SLOT_BITS * of)) as u16;
        if of == stage { (u32::from(whole) >> (level + 1)) as u16 } else { whole }
    };
    let (slot, lo, hi) = (limb(0), limb(1), limb(2));
    let [left, right] = children(pair.touched, pair.children, new);
    NodeUpdate { space: space as u8, stage: stage as u8, level: level as u8, slot, lo, hi, left, right }
}

/// The root.
pub(crate) fn root(touched: [bool; 2], old: [Digest; 2], new: [Digest; 2]) -> NodeUpdate {
    let [left, right] = children(touched, old, new);
    NodeUpdate { stage: 3, left, right, ..NodeUpdate::default() }
}

fn children(touched: [bool; 2], old: [Digest; 2], new: [Digest; 2]) -> [Child; 2] {
    core::array::from_fn(|i| Child { touched: touched[i], old: old[i], new: new[i] })
}
