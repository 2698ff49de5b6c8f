//! A row of `statement`.

use aludel_protocol::hash::DIGEST;

use crate::columns;

/// Hash calls of a statement's digest.
pub const STATEMENT_CALLS: usize = 5;

columns! {
    /// One side of a statement.
    pub struct CheckpointColumns<T> {
        /// The last batch before this point: two limbs.
        number: [T; 2],
        /// Root of the state tree.
        state_root: [T; DIGEST],
        /// Rolling digest of the headers so far.
        headers: [T; DIGEST],
        /// Rolling digest of the queue items so far.
        queue: [T; DIGEST],
        /// How many those are: two limbs.
        queue_index: [T; 2],
    }
}

columns! {
    /// A row. Only the first one counts.
    pub struct StatementColumns<T> {
        /// The rollup: four limbs.
        chain_id: [T; 4],
        /// The protocol version: this build's.
        protocol_version: T,
        /// Digest of the protocol's constants: this build's.
        config: [T; DIGEST],
        /// Where the batches begin.
        prev: {CheckpointColumns},
        /// Where they end.
        next: {CheckpointColumns},
        /// Result of each hash call; the last are the public values.
        call: {CallColumns; STATEMENT_CALLS},
    }
}

columns! {
    /// One hash call.
    pub struct CallColumns<T> {
        /// `compress24` of the previous call's digest and the next 16 fields.
        digest: [T; DIGEST],
    }
}

columns! {
    /// A row's part of the key.
    pub struct StatementFixed<T> {
        /// 1 on the first row, 0 on all others.
        first: T,
    }
}
