//! A row of `bits`.

use crate::columns;

columns! {
    /// One bit of a drawn element, the most significant one first.
    pub struct BitsColumns<T> {
        /// The bits so far as a number.
        prefix: T,
        /// The bit.
        bit: T,
        /// Whether the bits of the upper seven that were met so far are all ones.
        ones: T,
        /// The index so far.
        index: T,
        /// The product of the roots of the bits of the index that are one.
        point: T,
    }
}

columns! {
    /// A row's part of the key.
    pub struct BitsFixed<T> {
        /// Whether an element begins here; on every row that is not used.
        first: T,
        /// Whether this is one of the upper seven bits, the first excepted.
        top: T,
        /// Whether this is one of the lower 24 bits.
        low: T,
        /// Whether this is a bit of the index.
        indexed: T,
        /// `g_(place + 1) - 1` where this is a bit of the index, and 0 elsewhere.
        root: T,
        /// Whether an element ends here.
        last: T,
        /// Address of the element.
        element: T,
        /// Address of the bit.
        bit_address: T,
        /// How often it is read.
        bit_count: T,
        /// Address of the index so far.
        index_address: T,
        /// How often it is read.
        index_count: T,
        /// Address of the point so far.
        point_address: T,
        /// How often it is read.
        point_count: T,
    }
}
