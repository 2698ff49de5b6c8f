//! Why there is no artifact.

use std::io;
use std::path::{Path, PathBuf};

use crate::ids::ArtifactId;

/// Why an artifact cannot be read or kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactError {
    /// It is not there.
    #[error("artifact {id} is missing; make it again, or submit its input again")]
    Missing {
        /// Its name.
        id: ArtifactId,
    },
    /// Its bytes are others.
    #[error(
        "artifact {id} is damaged: its bytes are those of {found}; make it again, or submit its input again, and check the disk"
    )]
    Damaged {
        /// Its name.
        id: ArtifactId,
        /// What its bytes would be called, as many as were read.
        found: ArtifactId,
    },
    /// The quota leaves no room.
    #[error("{needed} bytes are needed and {free} are left; wait for jobs to end, or raise the disk quota")]
    Full {
        /// Bytes that were to be kept.
        needed: u64,
        /// Bytes that are left for their sort.
        free: u64,
    },
    /// The operating system refuses.
    #[error("{}: {reason}; mend that and try again", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system calls it; [`io::ErrorKind::StorageFull`] where the disk is full.
        kind: io::ErrorKind,
        /// The same, in words.
        reason: String,
    },
}

impl ArtifactError {
    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        Self::Io { path: path.to_owned(), kind: error.kind(), reason: error.to_string() }
    }
}
