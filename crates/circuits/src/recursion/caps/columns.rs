//! A row of `caps`.

use aludel_protocol::hash::DIGEST;

use crate::columns;

columns! {
    /// An entry of a cap.
    pub struct CapsColumns<T> {
        /// How often a path ends here. Free: the entry is in the memory.
        count: T,
        /// The entry.
        digest: [T; DIGEST],
    }
}

columns! {
    /// A row's part of the key.
    pub struct CapsFixed<T> {
        /// Whether there is an entry.
        real: T,
        /// The tree.
        tree: T,
        /// The entry's place in the cap.
        index: T,
        /// Address of the digest's first element; the others follow.
        address: T,
    }
}
