//! What goes wrong between a rollup and its prover.

use aludel_proto::prover_v1::FailureClass;
use aludel_proto::status;
use aludel_verifier::VerifyError;
use tonic::{Code, Status};

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The endpoint is none.
    #[error("{endpoint:?} is no endpoint: {reason}; give something like http://127.0.0.1:7370")]
    Endpoint {
        /// What was given.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server says no.
    #[error(transparent)]
    Refused(Box<Refused>),
    /// There is no connection, it broke, or who answers is no prover. It was tried as often as [`crate::Retries`] says.
    #[error("the prover cannot be reached ({code:?}: {message}); see that it runs and try again")]
    Connection {
        /// What the library that speaks gRPC calls it.
        code: Code,
        /// The same, in words.
        message: String,
    },
    /// An answer lacks what every answer of its kind has.
    #[error("the prover's answer has no {what}; use a prover and an SDK of one version")]
    Answer {
        /// What is missing.
        what: &'static str,
    },
    /// The bytes that came are not those of the artifact.
    #[error("artifact {expected} came as {found}; fetch it again, and have the server's disk checked")]
    Artifact {
        /// The artifact's id.
        expected: String,
        /// SHA-256 of what came, or what is wrong with its length.
        found: String,
    },
    /// A stream of updates ended before the proof did.
    #[error("the prover tells no more of the proof, which has not ended; watch it again from event {next}")]
    Ended {
        /// Number of the first event that did not come.
        next: u32,
    },
    /// The proof is none, or of something else.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// What a server refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused ({code:?}, number {number}): {message}; {remedy} [trace {trace_id}]")]
pub struct Refused {
    /// The status.
    pub code: Code,
    /// What sort of failure it is.
    pub class: FailureClass,
    /// Which of the reasons in `docs/errors.md` it is.
    pub number: u32,
    /// Whether the same call can succeed later.
    pub is_retryable: bool,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// What to look for in the server's log.
    pub trace_id: String,
}

impl Error {
    /// The server's refusal, if it is one.
    pub fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            _ => None,
        }
    }

    /// Whether the same call can succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused(refused) => refused.is_retryable,
            Self::Connection { code, .. } => is_of_connection(*code),
            Self::Artifact { .. } | Self::Ended { .. } => true,
            Self::Endpoint { .. } | Self::Answer { .. } | Self::Verify(_) => false,
        }
    }

    /// Whether this SDK tries again by itself: the server is not there at present, or the connection broke. What is refused because of too many proofs or of
    /// a full disk is for the caller to wait on.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Refused(refused) => {
                refused.is_retryable && matches!(refused.code, Code::Unavailable | Code::Cancelled)
            }
            Self::Connection { code, .. } => is_of_connection(*code),
            Self::Ended { .. } => true,
            _ => false,
        }
    }
}

/// A prover gives every refusal a detail, so these without one are of what lies between.
const fn is_of_connection(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::Unknown
            | Code::Cancelled
            | Code::Internal
            | Code::Aborted
            | Code::DeadlineExceeded
    )
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let (code, message) = (status.code(), status.message().to_owned());
        let Some(detail) = status::decode(status.details()) else {
            return Self::Connection { code, message };
        };
        Self::Refused(Box::new(Refused {
            code,
            class: detail.class(),
            number: detail.number,
            is_retryable: detail.retryable,
            message,
            remedy: detail.remedy,
            trace_id: detail.trace_id,
        }))
    }
}
