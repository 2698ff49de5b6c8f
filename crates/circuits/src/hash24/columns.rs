//! A row of `hash24`.

use crate::columns;
use crate::poseidon2::Permutation24;
use crate::shape::HASH24_LANES;

columns! {
    /// One hash call.
    pub struct Hash24Lane<T> {
        /// What is hashed.
        input: [T; 24],
        /// `P(input)`.
        permutation: {Permutation24},
        /// How often the call is looked up. Free: the call is true by constraint.
        count: T,
    }
}

columns! {
    /// A row.
    pub struct Hash24Columns<T> {
        /// Independent calls.
        lane: {Hash24Lane; HASH24_LANES},
    }
}
