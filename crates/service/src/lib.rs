//! A machine as a prover that rollups call.
//!
//! | | |
//! |---|---|
//! | jobs and workers, their clock, disk and threads | [`coordinator`] |
//! | what a result must be | [`judge`], [`rules`] |
//! | the process that proves, and how it is spoken to | [`worker`] |
//! | the methods of `proto/` | [`rpc`] |
//! | what it cost; what is counted | [`receipt`], [`metrics`], [`http`] |
//!
//! What is decided where, and why: `docs/decisions/0010-service.md`. The decisions themselves are those of `aludel-scheduler`, which knows no clock.

#![forbid(unsafe_code)]

pub mod clock;
pub mod coordinator;
pub mod guard;
pub mod http;
pub mod judge;
pub mod metrics;
pub mod receipt;
pub mod rpc;
pub mod rules;
mod seen;
pub mod worker;

pub use coordinator::Coordinator;
