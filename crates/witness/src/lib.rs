//! From sealed batches to shards, and from shards to traces.
//!
//! [`Demand`] says how much of a shape a run of batches needs, before and while batches are made; [`Shard`] replays
//! a run of sealed batches and fills the trace of every chip. [`Cutter`] cuts a longer run into shards. [`signatures`] is that of one signature.

#![forbid(unsafe_code)]

mod cut;
mod demand;
mod shard;
pub mod signatures;

pub use cut::{CutShard, Cutter};
pub use demand::{Demand, Room};
pub use shard::{Shard, WitnessError};
