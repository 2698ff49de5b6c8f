//! The targets, a family of formats a file. A new format is one more entry in its file's `TARGETS`; a new file is one
//! more line in [`crate::all`].

pub mod batch;
pub mod claim;
pub mod key;
pub mod keystore;
pub mod packed;
pub mod proof;
pub mod pubdata;
pub mod queue;
pub mod state;
pub mod statement;
pub mod transaction;
