//! Compute kernels on every device of a machine, with equal bytes from each.
//!
//! Serves the prover, which knows what is computed and why; nothing here knows a protocol. Matrices and field elements go in,
//! matrices and field elements come out. The design is `docs/decisions/0008-kernels.md`.

pub mod cache;
pub mod cpu;
pub mod cuda;
pub mod devices;
pub mod error;
mod fold;
pub mod health;
pub mod id;
pub mod limits;
pub mod memory;
pub mod model;
mod openings;
mod quotients;
pub mod rows;
mod running_sums;
pub mod seam;
pub mod wgpu;

pub use error::Error;
pub use fold::MAX_LOG_ARITY;
pub use id::DeviceId;
pub use memory::{Budget, Usage};
pub use model::{Model, Modelled};
pub use seam::{
    Claims, Clock, Device, Fold, Grinding, Limits, MerkleTree, Ntt, Opening, Openings, Peer, Poseidon2,
    Quotients, Rows, RunningSums, Timer,
};
