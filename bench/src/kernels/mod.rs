//! Times of kernels, and of what a device can do at most, for `aludel bench`.
//!
//! A bench is a family at a shape. Each repetition has fresh random data, which is on the device before the clock starts. Beside the median
//! stands the floor: the least time in which the device could move the bytes that any such kernel moves, or do the multiplications that it
//! does, whichever is longer.

pub mod against;
pub mod case;
pub mod count;
mod data;
pub mod folder;
pub mod limits;
pub mod machine;
pub mod measure;
pub mod open;
pub mod plonky3;
pub mod profile;
mod programs;
pub mod run;
pub mod statistics;
pub mod table;
mod work;

use aludel_kernels::{
    Fold, Grinding, Limits, MerkleTree, Ntt, Openings, Poseidon2, Quotients, Rows, RunningSums,
};

pub use case::{Case, Family};
pub use profile::{Profile, Rates};
pub use run::{Row, Run};

/// A device with every family.
pub trait Measured:
    Ntt + Poseidon2 + MerkleTree + Fold + Grinding + RunningSums + Quotients + Openings + Rows + Limits
{
}

impl<D> Measured for D where
    D: Ntt + Poseidon2 + MerkleTree + Fold + Grinding + RunningSums + Quotients + Openings + Rows + Limits
{
}
