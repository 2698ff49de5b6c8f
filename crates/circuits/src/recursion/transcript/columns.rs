//! A row of `transcript`.

use crate::columns;
use crate::poseidon2::Sponge16;

/// Elements that a permutation absorbs or gives.
pub const RATE: usize = 8;

columns! {
    /// One permutation of the challenger.
    pub struct TranscriptColumns<T> {
        /// The state before it: eight elements of the rate, eight of the capacity.
        state: [T; 2 * RATE],
        /// The permutation.
        permutation: {Sponge16},
    }
}

columns! {
    /// A row's part of the key.
    pub struct TranscriptFixed<T> {
        /// Whether a transcript begins here; on every row that is not used.
        begin: T,
        /// Elements absorbed.
        absorbed: T,
        /// Whether nothing is absorbed and the rate stays.
        squeezed: T,
        /// Addresses of the rate before the permutation.
        in_address: [T; RATE],
        /// Their counts: -1 reads, 0 is unused, more is the number of reads of what is written.
        in_count: [T; RATE],
        /// Addresses of the rate after it.
        out_address: [T; RATE],
        /// How often each is read.
        out_count: [T; RATE],
    }
}
