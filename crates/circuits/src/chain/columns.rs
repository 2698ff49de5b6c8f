//! A row of `chain`.

use aludel_protocol::hash::DIGEST;
use aludel_protocol::params::XMSS_PARAMETER;

use crate::columns;
use crate::poseidon2::Permutation16;
use crate::shape::CHAIN_LANES;

columns! {
    /// One step of one hash chain.
    pub struct ChainLane<T> {
        /// The chain's value before the step.
        value: [T; DIGEST],
        /// Public parameter of the key.
        parameter: [T; XMSS_PARAMETER],
        /// Epoch of the one-time key.
        epoch: T,
        /// `8 chain + position`, as in the step's tweak.
        place: T,
        /// `place` of the walk's first step.
        start: T,
        /// The walk ends with this step and is sent.
        last: T,
        /// `compress16(value, parameter, epoch, XmssChain 2^16 + place, 0)`.
        permutation: {Permutation16},
    }
}

columns! {
    /// A row: independent lanes.
    pub struct ChainColumns<T> {
        /// Walks run down a lane, one after another.
        lanes: {ChainLane; CHAIN_LANES},
    }
}
