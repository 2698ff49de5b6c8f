//! A row of `chain`.

use crate::columns;

columns! {
    /// A row.
    pub struct ChainColumns<T> {
        /// Not laid out yet.
        nothing: T,
    }
}
