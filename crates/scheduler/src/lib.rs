//! Jobs that are never lost: what a job's tasks are, what becomes of them, who works on them, and where that is kept.
//!
//! | | |
//! |---|---|
//! | what a client asks for | [`request`] |
//! | the tasks of a job | [`plan`] |
//! | what is written down | [`record`], [`failure`] |
//! | a job as its records make it | [`job`] |
//! | all jobs and all workers: who does what, and when | [`machine`] |
//! | the logs, on disk | [`store`] |
//! | batches, proofs, receipts, on disk | [`artifacts`] |
//!
//! It serves the coordinator, which owns clock, threads and connections. Nothing here reads a clock, starts a thread or proves anything. Why it is so:
//! `docs/decisions/0010-service.md`.

#![forbid(unsafe_code)]

pub mod artifacts;
pub mod failure;
mod group;
pub mod ids;
pub mod job;
pub mod machine;
pub mod plan;
pub mod record;
pub mod request;
pub mod store;

pub use failure::{Counts, Failure, FailureClass, Lapse};
pub use ids::{ArtifactId, Epoch, JobId, LeaseId, Millis, WorkerId};
pub use job::{Job, Phase};
pub use machine::{Answer, Append, Command, Input, Machine, Policy, Step};
pub use plan::{Cut, Planned, Stage, Task};
pub use record::{End, Head, Output, Record};
pub use request::{Batch, IdempotencyKey, Priority, Request, Target};
