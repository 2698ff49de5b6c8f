//! Where the logs of jobs are: behind [`JobStore`], in a file ([`DiskJobs`]).
//!
//! Every write is conditional: an append says where the log ends that it continues. So a store with several writers needs no lock that outlives a call, and
//! whoever lost a race reads again. What a database server would do with that is said in `docs/decisions/0010-service.md`.

mod disk;
mod error;
mod tables;

use crate::ids::JobId;
use crate::machine::Append;
use crate::record::{Head, Record};

pub use disk::{DiskJobs, check};
pub use error::StoreError;

/// What became of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is durable.
    Written,
    /// The log ends elsewhere: nothing of this append was written.
    Conflict {
        /// Where it ends.
        found: Head,
    },
}

/// A job's place in the order of acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub u64);

/// A job in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where it stands.
    pub place: Place,
    /// The job.
    pub job: JobId,
    /// Whether it has not ended.
    pub is_open: bool,
}

/// The logs of all jobs.
pub trait JobStore: Send + Sync {
    /// Appends to logs, each if it ends where expected; of each what became of it, in order. When this returns, what was written survives a crash.
    ///
    /// # Errors
    /// Nothing of it was written, or all of what could be: who asks again reads first.
    fn append(&self, appends: Vec<Append>) -> Result<Vec<Appended>, StoreError>;

    /// The records of a job from a number on; none where there is no such job.
    ///
    /// # Errors
    /// The log is damaged, or cannot be read.
    fn log(&self, job: JobId, from: u32) -> Result<Vec<Record>, StoreError>;

    /// The jobs that have not ended.
    ///
    /// # Errors
    /// They cannot be read.
    fn open_jobs(&self) -> Result<Vec<JobId>, StoreError>;

    /// At most so many jobs behind a place, in order of acceptance.
    ///
    /// # Errors
    /// They cannot be read.
    fn list(&self, after: Option<Place>, most: usize) -> Result<Vec<Listed>, StoreError>;

    /// Removes a job that has ended, with its key: whether it was there and had ended.
    ///
    /// # Errors
    /// As of [`JobStore::append`].
    fn forget(&self, job: JobId) -> Result<bool, StoreError>;
}

#[cfg(test)]
pub(crate) mod tests;
