//! Why a store fails.

use std::io;
use std::path::PathBuf;

use aludel_protocol::hash::Digest;
use aludel_protocol::ids::ChainId;

/// Why a store on disk cannot be opened, read or written. The state of before is still there unless a variant
/// says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The file is not what this program wrote.
    #[error("{}: the state is damaged: {reason}; make it again with `aludel rebuild`", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// The operating system refuses: no space, no permission, a failing disk.
    #[error("{}: {reason}; mend that and try again: the last batch that was written is still there", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system calls it.
        kind: io::ErrorKind,
        /// The same, in words.
        reason: String,
    },
    /// An earlier failure left it unknown whether the last batch was written.
    #[error("{}: an earlier write failed; open the state anew, it is then that of before or after", path.display())]
    Closed {
        /// The file.
        path: PathBuf,
    },
    /// The state is that of another rollup.
    #[error("{}: the state is of chain {found}, not of chain {expected}; name the folder of that chain", path.display())]
    Chain {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        expected: ChainId,
        /// What the file says.
        found: ChainId,
    },
    /// A process has it open.
    #[error("{}: another process has the state open; wait for it to end", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// A state is never written over.
    #[error("{}: exists already; open it, or name another file", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Another version of the format.
    #[error("{}: this is version {found} of the state format and this build reads version {expected}; \
        use the build that wrote it, or make it again with `aludel rebuild`", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version that this build reads.
        expected: u16,
        /// The file's.
        found: u16,
    },
    /// The caller's checkpoint does not fit its writes: our bug. Nothing was written.
    #[error("the writes lead to state {found}, their checkpoint says {expected}; report this")]
    Root {
        /// The checkpoint's.
        expected: Digest,
        /// That of the cells.
        found: Digest,
    },
}

impl From<core::convert::Infallible> for StoreError {
    fn from(never: core::convert::Infallible) -> Self {
        match never {}
    }
}
