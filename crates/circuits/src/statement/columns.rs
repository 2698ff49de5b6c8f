//! A row of `statement`.

use crate::columns;

columns! {
    /// A row.
    pub struct StatementColumns<T> {
        /// Not laid out yet.
        nothing: T,
    }
}
