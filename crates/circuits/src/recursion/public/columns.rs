//! A row of `public`.

use aludel_protocol::hash::DIGEST;

use crate::columns;

/// Public values: a statement's digest and the root of a set of keys.
pub const VALUES: usize = 2 * DIGEST;

columns! {
    /// All public values, turned by one from row to row.
    pub struct PublicColumns<T> {
        /// In the first row in order.
        value: [T; VALUES],
    }
}

columns! {
    /// A row's part of the key.
    pub struct PublicFixed<T> {
        /// Whether the row holds the memory to its first value.
        real: T,
        /// The address.
        address: T,
    }
}
