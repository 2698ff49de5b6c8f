//! Names of jobs, leases, workers and artifacts, and the time.

use core::fmt;
use core::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use sha2::{Digest as _, Sha256};

use crate::plan::Task;

/// Names that are bytes, and read and written as hexadecimal digits.
macro_rules! bytes {
    ($(#[$doc:meta])* $name:ident[$bytes:literal]) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
        pub struct $name(pub [u8; $bytes]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadName;

            fn from_str(text: &str) -> Result<Self, BadName> {
                let mut bytes = [0; $bytes];
                // One name has one spelling.
                let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
                match hex::decode_to_slice(text, &mut bytes) {
                    Ok(()) if is_lower => Ok(Self(bytes)),
                    _ => Err(BadName { digits: 2 * $bytes, found: text.chars().take(100).collect() }),
                }
            }
        }
    };
}

bytes!(
    /// A job: made from the chain and the client's key, see [`IdempotencyKey`](crate::request::IdempotencyKey).
    JobId[16]
);
bytes!(
    /// Bytes that lie under their SHA-256.
    ArtifactId[32]
);

impl ArtifactId {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// A text that is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name is {digits} lower-case hexadecimal digits, not {found:?}")]
pub struct BadName {
    /// Digits of a name.
    pub digits: usize,
    /// What was given, at most a hundred characters of it.
    pub found: String,
}

/// A worker process. A new process has a new number, on whatever device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct WorkerId(pub u64);

/// How many leases of a task there were before a lease, plus one.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Epoch(pub u32);

/// The right of one worker to one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId {
    /// The job.
    pub job: JobId,
    /// The task of it.
    pub task: Task,
    /// Which lease of the task.
    pub epoch: Epoch,
}

/// Milliseconds since 1970, by a clock that never jumps while a process runs.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Millis(pub u64);

impl Millis {
    /// So many milliseconds later.
    #[must_use]
    pub const fn after(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling() {
        let name = ArtifactId::of(b"abc");
        // FIPS 180-2, appendix B.1.
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(name.to_string(), text);
        assert_eq!(text.parse(), Ok(name));
        for bad in ["", "ba", &text[1..], &text.to_uppercase(), &format!("{text}00"), &text.replace('b', "g")]
        {
            let error = bad.parse::<ArtifactId>().expect_err("is no name");
            assert_eq!((error.digits, error.found.as_str()), (64, bad));
        }
    }
}
