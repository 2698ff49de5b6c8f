//! A row of `node`.

use aludel_protocol::hash::DIGEST;

use crate::columns;
use crate::poseidon2::Permutation16;
use crate::shape::NODE_LANES;

columns! {
    /// A child of a node, before the shard and after it.
    pub struct NodeChild<T> {
        /// Whether a cell below it is touched.
        touched: T,
        /// Digest before the shard.
        old: [T; DIGEST],
        /// Digest after it; `old` where not touched.
        new: [T; DIGEST],
    }
}

columns! {
    /// One touched inner node. Its stage is that of its children: `is_lo + 2 is_hi + 3 is_root`.
    pub struct NodeLane<T> {
        /// The children differ in the last bit of the slot.
        is_slot: T,
        /// The children differ in the last bit of the account's low limb.
        is_lo: T,
        /// The children differ in the last bit of the account's high limb.
        is_hi: T,
        /// The children are the two spaces.
        is_root: T,
        /// Whether the node itself belongs to the next stage.
        end: T,
        /// The children's level in their stage, 15 where `is_root` (whose children have level 0).
        level: T,
        /// Accounts 0, slots 1, withdrawals 2; 0 at the root.
        space: T,
        /// What is left of the slot, or of the withdrawal's index.
        slot: T,
        /// What is left of the account's low limb; whole, that of the batch's number.
        lo: T,
        /// What is left of the account's high limb; whole, that of the batch's number.
        hi: T,
        /// The left child's `slot + is_slot slot`.
        left_slot: T,
        /// The left child's `lo + is_lo lo`.
        left_lo: T,
        /// The left child's `hi + is_hi hi`.
        left_hi: T,
        /// The child at the left coordinates.
        left: {NodeChild},
        /// The child whose walked coordinate is one more.
        right: {NodeChild},
        /// `P(left.old || right.old)`.
        old: {Permutation16},
        /// `P(left.new || right.new)`.
        new: {Permutation16},
    }
}

columns! {
    /// A row.
    pub struct NodeColumns<T> {
        /// Independent nodes.
        lane: {NodeLane; NODE_LANES},
    }
}
