//! A row of `node`.

use crate::columns;

columns! {
    /// A row.
    pub struct NodeColumns<T> {
        /// Not laid out yet.
        nothing: T,
    }
}
