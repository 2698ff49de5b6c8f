//! What the process tells its caller: one exit code a kind of failure, one sentence that says what to do.

use std::convert::Infallible;
use std::fmt;
use std::process::ExitCode;

use aludel_ledger::StoreError;

/// A failure that ends a command.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    message: String,
}

/// Kinds of failure, by exit code. The numbers are part of the command line's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A proof or signature is not accepted, another chain's included.
    NotAccepted = 1,
    /// The command line or the environment is wrong: flags, missing files, no permission.
    Usage = 2,
    /// Input that does not decode.
    Undecodable = 3,
    /// The ledger's rules refuse what was asked.
    Refused = 4,
    /// Our own bug.
    Bug = 5,
}

impl Failure {
    /// A failure of a kind, with its sentence.
    pub fn new(kind: Kind, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string() }
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(self.kind as u8)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let kind = match error {
            StoreError::Damaged { .. } | StoreError::Version { .. } => Kind::Undecodable,
            StoreError::Root { .. } => Kind::Bug,
            _ => Kind::Usage,
        };
        Self::new(kind, error)
    }
}

impl From<Infallible> for Failure {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Gives any error a kind, and the place where it happened.
pub trait OrFail<T> {
    /// Fails with `kind` and `place: error`.
    fn or_fail(self, kind: Kind, place: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: fmt::Display> OrFail<T> for Result<T, E> {
    fn or_fail(self, kind: Kind, place: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|e| Failure::new(kind, format!("{place}: {e}")))
    }
}
