//! Forgeries: what each tries, how it is made, and the error with which the verifier refuses it.
//!
//! A crime is a function that makes its attempts in a [`Trial`], which proves, verifies and compares. *Shards* are whole
//! witnesses that break a rule of the ledger and are consistent in all else; *proofs* are lies about the proof itself,
//! made by [`crate::prover`]; *bytes* are damaged proofs. Controls use the same tools honestly, and are accepted: they
//! show that a refusal is due to the crime.
//!
//! To add one: write the function, put it into its file's `CRIMES` with a class and the endings that it must meet, all of
//! them and no others, and run `cargo nextest run -p aludel-adversary catalogue`.

mod bytes;
mod proofs;
mod shards;
mod trial;

pub use bytes::{SIZES, Size};
pub use proofs::altered;
pub use trial::Trial;

use aludel_verifier::VerifyError;

/// What a forger is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Another's money, or account.
    Theft,
    /// Money out of nothing.
    Inflation,
    /// What was executed, or is void, once more.
    Replay,
    /// A write that nobody sees.
    DroppedWrite,
    /// L1's queue, skipped or in another order.
    ReorderedQueue,
    /// A fee that was not signed.
    WrongFee,
    /// A key that is not the signer's, or not the verifier's.
    ForeignKey,
    /// A proof of another shape.
    WrongShape,
    /// Fewer rows than the key says.
    ShortTrace,
    /// More rows than the key says.
    ExtraRows,
    /// Sums of chips that are false, and cancel.
    CancellingTerminals,
    /// Polynomials of another degree than the key says.
    DegreeTrick,
    /// A statement that the traces are not about.
    UnboundPublicValue,
    /// An exit or a deposit that is turned away.
    Censorship,
    /// Leaves of withdrawals elsewhere than they belong.
    Withdrawals,
    /// Published data that are not what was done.
    PublishedData,
    /// A state, a number or a header that the batches do not lead to.
    StateRoot,
    /// A false quotient.
    Quotient,
    /// Openings of other polynomials than the committed ones.
    Openings,
    /// A low-degree test that tests nothing.
    LowDegree,
    /// Work that was not done.
    Grinding,
    /// A damaged, or oddly sized, proof.
    Damage,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 22] = [
        Self::Theft,
        Self::Inflation,
        Self::Replay,
        Self::DroppedWrite,
        Self::ReorderedQueue,
        Self::WrongFee,
        Self::ForeignKey,
        Self::WrongShape,
        Self::ShortTrace,
        Self::ExtraRows,
        Self::CancellingTerminals,
        Self::DegreeTrick,
        Self::UnboundPublicValue,
        Self::Censorship,
        Self::Withdrawals,
        Self::PublishedData,
        Self::StateRoot,
        Self::Quotient,
        Self::Openings,
        Self::LowDegree,
        Self::Grinding,
        Self::Damage,
    ];
}

/// The error with which an attempt must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// [`VerifyError::Refused`], whose reason has this part.
    Refused(&'static str),
    /// [`VerifyError::Layout`] of this part.
    Layout(&'static str),
    /// [`VerifyError::Decode`].
    Decode,
    /// [`VerifyError::TooLong`].
    TooLong,
    /// [`VerifyError::NotCanonical`].
    NotCanonical,
    /// [`VerifyError::OtherRole`].
    OtherRole,
    /// [`VerifyError::ProtocolVersion`].
    ProtocolVersion,
    /// [`VerifyError::Configuration`].
    Configuration,
    /// [`VerifyError::Order`].
    Order,
    /// [`VerifyError::Chain`].
    Chain,
    /// [`VerifyError::Statement`].
    Statement,
}

impl Ending {
    /// Whether it is this error.
    pub fn is(&self, error: &VerifyError) -> bool {
        match (self, error) {
            (Self::Refused(part), VerifyError::Refused { reason }) => reason.contains(part),
            (Self::Layout(expected), VerifyError::Layout { part, .. }) => expected == part,
            (Self::Decode, VerifyError::Decode(_))
            | (Self::TooLong, VerifyError::TooLong { .. })
            | (Self::NotCanonical, VerifyError::NotCanonical)
            | (Self::OtherRole, VerifyError::OtherRole { .. })
            | (Self::ProtocolVersion, VerifyError::ProtocolVersion { .. })
            | (Self::Configuration, VerifyError::Configuration { .. })
            | (Self::Order, VerifyError::Order { .. })
            | (Self::Chain, VerifyError::Chain { .. })
            | (Self::Statement, VerifyError::Statement { .. }) => true,
            _ => false,
        }
    }
}

/// A forgery.
#[derive(Clone, Copy)]
pub struct Crime {
    /// Its name, unique within its chapter.
    pub name: &'static str,
    /// What it is after.
    pub class: Class,
    /// What it does.
    pub tries: &'static str,
    /// The errors that its attempts end in: each at least once, and no other.
    pub ends: &'static [Ending],
    /// Makes the attempts.
    pub commit: fn(&mut Trial),
}

/// A use of the same tools that must be accepted.
#[derive(Clone, Copy)]
pub struct Control {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub does: &'static str,
    /// Makes the attempts.
    pub commit: fn(&mut Trial),
}

/// Crimes of one kind, and their controls.
#[derive(Clone, Copy)]
pub struct Chapter {
    /// Its name: the file's.
    pub name: &'static str,
    /// The crimes.
    pub crimes: &'static [Crime],
    /// The controls.
    pub controls: &'static [Control],
}

/// The whole catalogue.
pub fn chapters() -> Vec<Chapter> {
    [shards::CHAPTERS, proofs::CHAPTERS, &[bytes::CHAPTER]].concat()
}
