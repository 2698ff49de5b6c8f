//! The L2 state machine: accounts, tokens, the tree of cells, the rules of transactions, batches.
//!
//! [`state`] holds every cell, [`multiproof`] the few that a batch touches; [`execute`] applies one entry to
//! either; [`batch`] seals entries into batches, replays sealed ones, publishes them and rebuilds the chain
//! from what is published; [`json`] shows them to people. [`xmss`] is
//! the signature scheme and [`keys`] the signer that never signs twice. Nothing here proves anything: the witness
//! is made from what [`batch::replay_run`] returns.

#![forbid(unsafe_code)]

pub mod batch;
pub mod execute;
pub mod json;
pub mod keys;
pub mod multiproof;
pub mod state;
pub mod xmss;

pub use batch::{BatchBuilder, Chain, Queue, Replay, ReplayError, SealedBatch, replay, replay_run};
pub use execute::{Authority, Cells, Context, ExecuteError, Executed, Fault, Payout, Refusal};
pub use multiproof::{Multiproof, PartialState, ProofError};
pub use state::State;
pub use xmss::Claim;
