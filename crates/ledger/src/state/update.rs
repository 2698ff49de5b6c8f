//! What an update of the state does to the nodes of the tree, in the circuit's coordinates.

use aludel_protocol::cell::Space;
use aludel_protocol::hash::Digest;
use aludel_protocol::params::SLOT_BITS;

use super::tree::{MAX_DEPTH, Pair};

/// A child of a touched node, before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// Whether a touched cell lies below it. Where not, `old` equals `new`.
    pub touched: bool,
    /// Digest before.
    pub old: Digest,
    /// Digest after.
    pub new: Digest,
}

/// An inner node above a touched cell, or the root. Coordinates as in `docs/decisions/0001-chip-layout.md`,
/// "The tree": they are the node's own, that is, those of its left child with the walked one halved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeUpdate {
    /// 0 accounts, 1 slots; 0 at the root.
    pub space: u8,
    /// What the step from the children walks: 0 a bit of the slot, 1 of the account's low limb, 2 of its high
    /// limb, 3 the two spaces.
    pub stage: u8,
    /// Level of the children in that stage, `0..16`; 15 at the root, whose row ends its stage.
    pub level: u8,
    /// Own slot: walked in stage 0, 0 above.
    pub slot: u16,
    /// Own low limb of the account: whole in stage 0, walked in stage 1, 0 above.
    pub lo: u16,
    /// Own high limb of the account: whole in stages 0 and 1, walked in stage 2, 0 above.
    pub hi: u16,
    /// The left child; at the root, the space of accounts.
    pub left: Child,
    /// The right child; at the root, the space of slots.
    pub right: Child,
}

impl NodeUpdate {
    /// The node above `pair`, whose children have the given height; `new` are the children's new digests.
    pub(crate) fn inner(space: Space, height: usize, pair: &Pair, new: [Digest; 2]) -> Self {
        // In the slots' tree every bit has its place; an account cell enters it above the slot's bits.
        let height = height + MAX_DEPTH - super::tree::depth(space);
        let (stage, level) = (height / SLOT_BITS, height % SLOT_BITS);
        let path = u128::from(pair.index) << (height + 1);
        let limb = |of: usize| {
            let whole = (path >> (SLOT_BITS * of)) as u16;
            if of == stage { (u32::from(whole) >> (level + 1)) as u16 } else { whole }
        };
        let (slot, lo, hi) = (limb(0), limb(1), limb(2));
        let [left, right] = children(pair.touched, pair.children, new);
        Self { space: space as u8, stage: stage as u8, level: level as u8, slot, lo, hi, left, right }
    }

    /// The root.
    pub(crate) fn root(touched: [bool; 2], old: [Digest; 2], new: [Digest; 2]) -> Self {
        let [left, right] = children(touched, old, new);
        Self { space: 0, stage: 3, level: 15, slot: 0, lo: 0, hi: 0, left, right }
    }
}

fn children(touched: [bool; 2], old: [Digest; 2], new: [Digest; 2]) -> [Child; 2] {
    core::array::from_fn(|i| Child { touched: touched[i], old: old[i], new: new[i] })
}
