//! A row of `path`.

use aludel_protocol::hash::DIGEST;

use crate::columns;
use crate::poseidon2::Permutation16;

columns! {
    /// One step of a Merkle path.
    pub struct PathColumns<T> {
        /// The left child.
        left: [T; DIGEST],
        /// The right child.
        right: [T; DIGEST],
        /// Which child the digest so far is: 1 where it is the right one. In the first step, where the leaf is the other
        /// one, and so one less the index's bit; 0 where no bit is taken.
        bit: T,
        /// The index after the step.
        index: T,
        /// `P(left || right)`, truncated.
        permutation: {Permutation16},
    }
}

columns! {
    /// A row's part of the key.
    pub struct PathFixed<T> {
        /// The hash that is taken at the start or injected.
        digest: T,
        /// Address of the leaf's index.
        index: T,
        /// The tree whose cap the path ends at.
        tree: T,
        /// Whether a path starts here.
        start: T,
        /// Whether rows of a lower matrix are injected.
        inject: T,
        /// Whether a path ends here.
        end: T,
        /// Whether the leaf is an entry of the cap and nothing is compressed.
        bare: T,
        /// Whether the path goes on in the next row.
        linked: T,
    }
}
