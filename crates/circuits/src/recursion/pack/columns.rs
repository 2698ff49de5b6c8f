//! A row of `pack`.

use crate::bus::CHALLENGE;
use crate::columns;

columns! {
    /// A challenge.
    pub struct PackColumns<T> {
        /// Its coefficients.
        value: [T; CHALLENGE],
    }
}

columns! {
    /// A row's part of the key.
    pub struct PackFixed<T> {
        /// Addresses of the coefficients.
        base_address: [T; CHALLENGE],
        /// Their counts: -1 reads, 0 is unused, more is the number of reads of what is written.
        base_count: [T; CHALLENGE],
        /// Address of the challenge.
        address: T,
        /// Its count.
        count: T,
    }
}
