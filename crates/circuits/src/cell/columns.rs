//! A row of `cell`.

use crate::columns;

columns! {
    /// A row.
    pub struct CellColumns<T> {
        /// Not laid out yet.
        nothing: T,
    }
}
