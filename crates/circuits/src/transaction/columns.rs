//! A row of `transaction`.

use crate::columns;

columns! {
    /// A row.
    pub struct TransactionColumns<T> {
        /// Not laid out yet.
        nothing: T,
    }
}
