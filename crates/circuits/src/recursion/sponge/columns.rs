//! A row of `sponge`.

use crate::bus::CHALLENGE;
use crate::columns;
use crate::poseidon2::Sponge24;

/// Elements that a block absorbs.
pub const RATE: usize = 16;
/// Elements that Horner's rule takes at once; so many powers are columns.
pub const STEP: usize = 4;

columns! {
    /// A challenge.
    pub struct Wide<T> {
        /// Its coefficients.
        value: [T; CHALLENGE],
    }
}

columns! {
    /// One block of a hash.
    pub struct SpongeColumns<T> {
        /// The state before the permutation: 16 elements of the rate, eight of the capacity.
        state: [T; 24],
        /// The permutation.
        permutation: {Sponge24},
        /// `beta, beta^2, beta^3, beta^4`.
        power: {Wide; STEP},
        /// Horner's sum after 4, 8, 12 and 16 elements of the rate.
        sum: {Wide; STEP},
        /// Horner's sum after the element that the key cuts at.
        cut: {Wide},
    }
}

columns! {
    /// A row's part of the key.
    pub struct SpongeFixed<T> {
        /// Whether a hash begins here; on every row that is not used.
        begin: T,
        /// Whether this is a call of `compress24` in a `hash_fields` chain.
        fields: T,
        /// The chain's tag, where it begins.
        tag: T,
        /// The chain's length, where it begins.
        length: T,
        /// Which elements of the rate are absorbed; the others stay.
        absorbed: [T; RATE],
        /// One at the element after which the sum is taken out.
        cut: [T; RATE],
        /// `cut` of the first three elements where the hash does not begin here.
        cut_on: [T; STEP - 1],
        /// Whether `beta` is read here; elsewhere it stays.
        beta: T,
        /// Its address.
        beta_address: T,
        /// How often the cut sum is read.
        cut_count: T,
        /// Its address.
        cut_address: T,
        /// How often the last sum is read.
        sum_count: T,
        /// Its address.
        sum_address: T,
        /// Whether the ports are those of [`Ports::AfterFour`](crate::recursion::program::Ports::AfterFour).
        after_four: T,
        /// Of [`Ports::AfterThree`](crate::recursion::program::Ports::AfterThree).
        after_three: T,
        /// Addresses of the elements that the memory gives or gets.
        port_address: [T; 4],
        /// Their counts: -1 reads, 0 is unused, more is the number of reads of what is written.
        port_count: [T; 4],
        /// The hash that ends here.
        digest: T,
        /// Whether one does.
        end: T,
    }
}
