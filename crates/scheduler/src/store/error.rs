//! Why a store fails.

use std::io;
use std::path::PathBuf;

use aludel_durable::Trouble;

/// Why logs cannot be read or written. What was acknowledged before is still there, unless the file is damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The file is not what this program wrote.
    #[error("{}: the jobs are damaged: {reason}; restore the file from a backup, or move it away and let clients submit again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// The operating system refuses: no space, no permission, a failing disk.
    #[error("{}: {reason}; mend that and start again: no job that was accepted is lost", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system calls it.
        kind: io::ErrorKind,
        /// The same, in words.
        reason: String,
    },
    /// An earlier write failed, so that it is not known what is in the file.
    #[error("{}: an earlier write failed; open the file anew", path.display())]
    Closed {
        /// The file.
        path: PathBuf,
    },
    /// A process has it open.
    #[error("{}: another process has the jobs open; stop it, or name another folder", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// Another version of the format.
    #[error("{}: this is version {found} of the jobs' format and this build reads version {expected}; use the build that wrote it", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version that this build reads.
        expected: u32,
        /// The file's.
        found: u32,
    },
}

impl StoreError {
    /// Names the file.
    pub(super) fn of(path: PathBuf, trouble: Trouble) -> Self {
        match trouble {
            Trouble::Damaged(reason) => Self::Damaged { path, reason },
            Trouble::Io { kind, reason } => Self::Io { path, kind, reason },
            Trouble::Closed => Self::Closed { path },
            Trouble::Locked => Self::Locked { path },
        }
    }
}
