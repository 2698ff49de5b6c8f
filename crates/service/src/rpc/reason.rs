//! Why a call is refused: one table, whose numbers clients rely on. `docs/errors.md` shows it.

use std::fmt::Display;

use aludel_proto::prover_v1::ErrorDetail;
use aludel_proto::status;
use aludel_scheduler::artifacts::ArtifactError;
use aludel_scheduler::ids::BadName;
use aludel_scheduler::machine::Refusal;
use aludel_scheduler::request::BadKey;
use aludel_scheduler::store::StoreError;
use aludel_scheduler::{Failure, FailureClass};
use tonic::{Code, Status};

use super::trace::Trace;
use crate::coordinator::Unavailable;
use crate::judge::is_full;

/// What clients are told of a reason, whatever the case.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The status.
    pub code: Code,
    /// What sort of failure it is.
    pub class: FailureClass,
    /// Whether the same call can succeed later.
    pub is_retryable: bool,
    /// When this is the answer.
    pub when: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// The reasons as one list: name, number, status, class, whether to try again, when, remedy.
macro_rules! reasons {
    ($($name:ident = $number:literal, $code:ident, $class:ident, $retry:literal, $when:literal, $remedy:literal;)*) => {
        /// A reason for a refusal. The numbers are part of the API: one that is gone is not used again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        pub enum Reason {
            $(#[doc = $when] $name = $number,)*
        }

        impl Reason {
            /// Every reason, by number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What clients are told of it.
            pub const fn row(self) -> Row {
                match self {
                    $(Self::$name => Row {
                        code: Code::$code,
                        class: FailureClass::$class,
                        is_retryable: $retry,
                        when: $when,
                        remedy: $remedy,
                    },)*
                }
            }
        }
    };
}

reasons! {
    Malformed = 101, InvalidArgument, Input, false,
        "the bytes of a message do not decode, or a part of it is missing",
        "make the message from proto/ of this version";
    BadId = 102, InvalidArgument, Input, false,
        "a text is no id",
        "give the id as the server wrote it: lower-case hexadecimal digits";
    NoSpec = 103, InvalidArgument, Input, false,
        "the request has no ProofSpec",
        "set `spec`";
    NoTarget = 104, InvalidArgument, Input, false,
        "the target is UNSPECIFIED",
        "set `target` to one of those that GetCapabilities names";
    UnknownTarget = 105, Unimplemented, VersionMismatch, false,
        "this version has no such target",
        "set `target` to one of those that GetCapabilities names";
    UnknownPriority = 106, Unimplemented, VersionMismatch, false,
        "this version has no such priority",
        "set `priority` to HIGH, NORMAL or LOW, or leave it out";
    OtherKeys = 107, FailedPrecondition, VersionMismatch, false,
        "another set of keys is asked for than the one of this build",
        "compare `key_set` with GetCapabilities; leave it empty, or use a prover of the version that your verifier pins";
    BadTime = 108, InvalidArgument, Input, false,
        "a timestamp or a duration is none",
        "give times since 1970 and durations that are not negative, nanoseconds below 10^9";
    BadKey = 109, InvalidArgument, Input, false,
        "an idempotency key is empty or too long",
        "give 1 to 128 bytes, such as a random UUID";
    BadBatch = 110, InvalidArgument, Input, false,
        "a batch cannot be read",
        "send the bytes of a sealed batch's file";
    BatchVersion = 111, FailedPrecondition, VersionMismatch, false,
        "a batch is of another version",
        "seal batches with the version of the protocol that GetCapabilities names";
    OtherChain = 112, InvalidArgument, Input, false,
        "a batch is of another chain than the request",
        "set `chain_id` to the batches' chain, and make one proof a chain";
    BadPageToken = 113, InvalidArgument, Input, false,
        "a page token is none of this server",
        "give the `next_page_token` of the page before, or none";
    StreamOrder = 114, InvalidArgument, Input, false,
        "parts of a stream of input come in another order than input.proto says",
        "send `begin`, then of each batch `batch` and all of its `data`";
    BatchDigest = 115, InvalidArgument, Input, true,
        "a batch that arrived is not what its digest says",
        "send the segment again under the same number";
    StreamCut = 116, InvalidArgument, Input, true,
        "a stream of input ended within a batch",
        "send the segment again under the same number";
    TooSlow = 117, DeadlineExceeded, Deadline, true,
        "a client sent or took nothing for too long",
        "try again; send and read without long pauses";
    NoShape = 118, InvalidArgument, Limit, false,
        "no shape holds a batch of this size",
        "make smaller batches; GetCapabilities names what shapes hold";
    NothingToVerify = 119, InvalidArgument, Input, false,
        "there is neither a proof nor the id of one",
        "set `data` or `artifact_id`";

    Draining = 201, Unavailable, Capacity, true,
        "the server is about to stop and takes nothing new",
        "try again in a moment, or at another server";
    Busy = 202, ResourceExhausted, Capacity, true,
        "too many proofs, or batches of them, are queued or at work",
        "wait for some of them to end";
    KeyTaken = 203, AlreadyExists, Input, false,
        "the idempotency key was used for another request",
        "use a new key for a new proof; repeat a request as it was";
    BadDeadline = 204, InvalidArgument, Input, false,
        "the deadline lies in the past or too far ahead",
        "give a deadline ahead of now, within the bound that GetCapabilities names";
    NoBatches = 205, InvalidArgument, Input, false,
        "there are no batches, and there will be none",
        "give at least one batch, or announce more with `more_input`";
    TooManyBatches = 206, ResourceExhausted, Limit, false,
        "a proof has more batches than this server takes",
        "make several proofs of them";
    BatchOrder = 207, InvalidArgument, Input, false,
        "batches do not follow one another",
        "give the batches of one chain in order, without a gap";
    InputSealed = 208, FailedPrecondition, Input, false,
        "the input of this proof is sealed",
        "ask for another proof of further batches";
    OtherSegment = 209, FailedPrecondition, Input, false,
        "a segment is not the next one, or is another than the one that came under its number",
        "go on with segment number `segments` of GetProof";
    Cancelled = 210, FailedPrecondition, Input, false,
        "the proof is cancelled",
        "submit another one, under another key";
    Ended = 211, FailedPrecondition, Input, false,
        "the proof has ended and takes no more input",
        "see its state with GetProof; submit another one, under another key";

    MessageTooLarge = 301, ResourceExhausted, Limit, false,
        "a message is larger than this server takes",
        "bring batches with PushInput; GetCapabilities names the bound";
    BatchTooLarge = 302, ResourceExhausted, Limit, false,
        "a batch is larger than this server takes",
        "make smaller batches; GetCapabilities names the bound";
    DiskQuota = 303, ResourceExhausted, Capacity, true,
        "the disk quota leaves no room for inputs",
        "wait for proofs to end and old ones to be forgotten, or have the server's `disk_quota` raised or its `keep_ended` shortened";
    TooManyStreams = 304, ResourceExhausted, Capacity, true,
        "too many streams and waits are open",
        "close some, or try again in a moment";

    NoProof = 401, NotFound, Input, false,
        "there is no such proof",
        "check the id; a proof that ended long ago is forgotten";
    NoArtifact = 402, NotFound, Input, false,
        "there is no such artifact",
        "check the id; an artifact is kept as long as the proof that it belongs to";
    DamagedArtifact = 403, DataLoss, Internal, false,
        "an artifact is damaged on the disk",
        "ask for the proof again under another key, and have the disk checked";
    DamagedLog = 404, DataLoss, Internal, false,
        "the log of a proof is damaged on the disk",
        "ask for the proof again under another key, and have the disk checked";
    OffsetBehindEnd = 405, OutOfRange, Input, false,
        "an offset lies behind the end of an artifact",
        "give an offset that is at most the artifact's size";
    EventBehindEnd = 406, OutOfRange, Input, false,
        "a proof does not have as many events",
        "watch from event number `next_event` of GetProof, or a lower one";

    Stopping = 501, Unavailable, Capacity, true,
        "the server stops",
        "connect again and go on; what was accepted is not lost";
    StoreUnavailable = 502, Unavailable, Capacity, true,
        "the server cannot write its jobs at present",
        "try again in a moment; if that does not help, have the server's disk checked";
    DiskFault = 503, Unavailable, Device, true,
        "the server's disk refuses to read or to write",
        "try again in a moment; if that does not help, have the server's disk checked";
    Fault = 504, Internal, Internal, true,
        "a fault of the server",
        "try once more; report it with its trace id";
    UnknownMethod = 505, Unimplemented, VersionMismatch, false,
        "this version has no such method, or does not read this compression",
        "make calls from proto/ of this version, uncompressed";
    BrokenOff = 506, Cancelled, Device, true,
        "a stream broke off",
        "connect again and go on";
}

impl Reason {
    /// Its number.
    pub const fn number(self) -> u32 {
        self as u32
    }
}

/// A call that is refused: the reason, and what is so in this case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// Why.
    pub reason: Reason,
    /// What happened.
    pub message: String,
}

impl Refused {
    /// Refuses.
    pub fn new(reason: Reason, message: impl Display) -> Self {
        let mut message = message.to_string();
        // It travels in a header.
        message.truncate(message.floor_char_boundary(Failure::MAX_SENTENCE));
        Self { reason, message }
    }

    /// As clients read it.
    pub fn status(&self, trace: &Trace) -> Status {
        let Row { code, class, is_retryable, remedy, .. } = self.reason.row();
        let detail = ErrorDetail {
            class: i32::from(class as u8),
            number: self.reason.number(),
            retryable: is_retryable,
            remedy: remedy.into(),
            trace_id: trace.to_string(),
        };
        match code {
            Code::Internal | Code::DataLoss => tracing::error!(number = detail.number, "{self}"),
            _ => tracing::debug!(number = detail.number, "{self}"),
        }
        let details = status::encode(code as i32, &self.message, &detail);
        Status::with_details(code, &self.message, details.into())
    }

    /// What the library that speaks gRPC has refused before a method was asked, or in the middle of a stream.
    pub fn of_transport(status: &Status) -> Self {
        let reason = match status.code() {
            Code::OutOfRange | Code::ResourceExhausted => Reason::MessageTooLarge,
            Code::Unimplemented => Reason::UnknownMethod,
            Code::Internal | Code::InvalidArgument => Reason::Malformed,
            _ => Reason::BrokenOff,
        };
        let message = match status.message() {
            "" => reason.row().when,
            message => message,
        };
        Self::new(reason, message)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let reason = match refusal {
            Refusal::Draining => Reason::Draining,
            Refusal::Busy { .. } | Refusal::TooManyBatchesInAll { .. } => Reason::Busy,
            Refusal::WorkerNumber { .. } => Reason::Fault,
            Refusal::KeyTaken => Reason::KeyTaken,
            Refusal::Deadline { .. } => Reason::BadDeadline,
            Refusal::NoBatches => Reason::NoBatches,
            Refusal::TooManyBatches { .. } | Refusal::TooManySegments { .. } => Reason::TooManyBatches,
            Refusal::Order { .. } => Reason::BatchOrder,
            Refusal::Sealed => Reason::InputSealed,
            Refusal::Segment { .. } => Reason::OtherSegment,
            Refusal::Cancelled => Reason::Cancelled,
        };
        Self::new(reason, refusal)
    }
}

impl From<Unavailable> for Refused {
    fn from(unavailable: Unavailable) -> Self {
        let reason = match unavailable {
            Unavailable::Store(_) => Reason::StoreUnavailable,
            Unavailable::Damaged(_) => Reason::DamagedLog,
            Unavailable::Stopped => Reason::Stopping,
        };
        Self::new(reason, unavailable)
    }
}

impl From<ArtifactError> for Refused {
    fn from(error: ArtifactError) -> Self {
        let reason = match error {
            ArtifactError::Missing { .. } => Reason::NoArtifact,
            ArtifactError::Damaged { .. } => Reason::DamagedArtifact,
            ArtifactError::Full { .. } | ArtifactError::Io { .. } => {
                if is_full(&error) {
                    Reason::DiskQuota
                } else {
                    Reason::DiskFault
                }
            }
        };
        Self::new(reason, error)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        let reason = match error {
            StoreError::Damaged { .. } => Reason::DamagedLog,
            _ => Reason::StoreUnavailable,
        };
        Self::new(reason, error)
    }
}

impl From<BadName> for Refused {
    fn from(bad: BadName) -> Self {
        Self::new(Reason::BadId, bad)
    }
}

impl From<BadKey> for Refused {
    fn from(bad: BadKey) -> Self {
        Self::new(Reason::BadKey, bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of `docs/errors.md`.
    fn table() -> String {
        let mut table =
            String::from("| number | status | class | again | when | remedy |\n|---|---|---|---|---|---|\n");
        for reason in Reason::ALL {
            let Row { code, class, is_retryable, when, remedy } = reason.row();
            let again = if is_retryable { "yes" } else { "no" };
            let (code, class) = (shout(&format!("{code:?}")), shout(&format!("{class:?}")));
            table +=
                &format!("| {} | `{code}` | `{class}` | {again} | {when} | {remedy} |\n", reason.number());
        }
        table
    }

    /// `NotFound` as `NOT_FOUND`.
    fn shout(name: &str) -> String {
        let mut shouted = String::new();
        for letter in name.chars() {
            if letter.is_ascii_uppercase() && !shouted.is_empty() {
                shouted.push('_');
            }
            shouted.push(letter.to_ascii_uppercase());
        }
        shouted
    }

    #[test]
    fn numbers_stay_and_each_reason_has_a_remedy() {
        let numbers: Vec<u32> = Reason::ALL.iter().map(|reason| reason.number()).collect();
        let expected: Vec<u32> =
            [101..=119, 201..=211, 301..=304, 401..=406, 501..=506].into_iter().flatten().collect();
        assert_eq!(numbers, expected);
        for reason in Reason::ALL {
            let row = reason.row();
            assert!(row.code != Code::Ok && row.when.len() >= 10 && row.remedy.len() >= 10, "{reason:?}");
        }
        // What clients were told: a change of these breaks them.
        assert_eq!(
            (Reason::Malformed as u32, Reason::OtherKeys as u32, Reason::KeyTaken as u32),
            (101, 107, 203)
        );
        assert_eq!((Reason::DiskQuota as u32, Reason::NoProof as u32, Reason::Fault as u32), (303, 401, 504));
    }

    #[test]
    fn the_document_shows_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
        let document = std::fs::read_to_string(path).expect("docs/errors.md is there");
        let table = table();
        assert!(document.contains(&table), "docs/errors.md must hold this table:\n{table}");
    }

    #[test]
    fn long_messages_are_cut() {
        let refused = Refused::new(Reason::Fault, "ü".repeat(2000));
        assert_eq!(refused.message.len(), Failure::MAX_SENTENCE);
    }
}
