//! The targets, a family of formats a file. A new format is one more entry in its file's `TARGETS`; a new file is one
//! more line in [`crate::all`].

pub mod batch;
pub mod key;
pub mod packed;
pub mod queue;
pub mod state;
pub mod statement;
pub mod transaction;
