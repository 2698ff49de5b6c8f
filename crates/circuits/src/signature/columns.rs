//! A row of `signature`.

use crate::columns;

columns! {
    /// A row.
    pub struct SignatureColumns<T> {
        /// Not laid out yet.
        nothing: T,
    }
}
