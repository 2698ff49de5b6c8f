//! What is still there after a crash: [`files`] that are whole or not there, and a [`database`] (redb) whose errors and panics are values.
//!
//! It serves whoever keeps something on a disk: the ledger's state and keystores, the service's jobs and artifacts. It knows nothing of what it keeps.

#![forbid(unsafe_code)]

pub mod backend;
pub mod database;
pub mod files;

pub use backend::Backend;
pub use database::{Opening, Trouble, call, catches_panics};
