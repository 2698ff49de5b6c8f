//! A row of `range16`.

use crate::columns;

columns! {
    /// A row.
    pub struct Range16Columns<T> {
        /// How often `value` is looked up. Free: every value is below `2^16`.
        count: T,
    }
}

columns! {
    /// A row's part of the key.
    pub struct Range16Fixed<T> {
        /// The row's number: every integer below `2^16` once.
        value: T,
    }
}
