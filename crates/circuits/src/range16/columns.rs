//! A row of `range16`.

use crate::columns;

columns! {
    /// A row.
    pub struct Range16Columns<T> {
        /// Not laid out yet.
        nothing: T,
    }
}
