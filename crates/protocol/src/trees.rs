//! Merkle trees over matrices, as commitments to polynomials use them: Plonky3's, with our permutations.
//!
//! `TruncatedPermutation` has no feed-forward and serves the inner nodes of these trees only; every hash that Aludel itself defines is
//! in [`crate::hash`].

use p3_merkle_tree::{MerkleCap, MerkleTreeMmcs};
use p3_symmetric::{PaddingFreeSponge, TruncatedPermutation};

use crate::field::{F, PackedF};
use crate::hash::{DIGEST, Perm16, Perm24, perm16, perm24};

/// Hash of a Merkle leaf: a sponge of width 24, rate 16.
pub type LeafHash = PaddingFreeSponge<Perm24, 24, 16, DIGEST>;
/// Two nodes to one.
pub type NodeHash = TruncatedPermutation<Perm16, 2, DIGEST, 16>;
/// A leaf or an inner node.
pub type Node = [F; DIGEST];
/// Top of a tree: `2^min(cap_height, log_height)` nodes.
pub type Cap = MerkleCap<F, Node>;
/// Trees over base field matrices.
pub type Trees = MerkleTreeMmcs<PackedF, PackedF, LeafHash, NodeHash, 2, DIGEST>;

/// Trees of which the top `cap_height` levels are sent whole.
pub fn trees(cap_height: usize) -> Trees {
    Trees::new(LeafHash::new(perm24().clone()), NodeHash::new(perm16().clone()), cap_height)
}
