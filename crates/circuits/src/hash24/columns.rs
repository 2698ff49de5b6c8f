//! A row of `hash24`.

use crate::columns;

columns! {
    /// A row.
    pub struct Hash24Columns<T> {
        /// Not laid out yet.
        nothing: T,
    }
}
