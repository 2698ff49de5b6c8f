//! Why bytes are no published data.

use core::fmt;

use crate::codec::DecodeError;

/// A part of the published data of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The batch's number.
    Number,
    /// The batch's operator.
    Operator,
    /// How many entries follow.
    Entries,
    /// An entry's head byte.
    Head,
    /// How many queue items a run has.
    Items,
    /// Who pays.
    From,
    /// The token.
    Token,
    /// The fee.
    Fee,
    /// The epoch jump.
    Jump,
    /// Who is paid.
    To,
    /// The amount.
    Amount,
    /// The L1 address of a withdrawal.
    L1,
    /// The key of a rotation.
    Key,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "batch number",
            Self::Operator => "operator",
            Self::Entries => "count of entries",
            Self::Head => "head byte",
            Self::Items => "count of queue items",
            Self::From => "paying account",
            Self::Token => "token",
            Self::Fee => "fee",
            Self::Jump => "epoch jump",
            Self::To => "recipient",
            Self::Amount => "amount",
            Self::L1 => "L1 address",
            Self::Key => "key",
        })
    }
}

/// What is wrong at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Bytes are missing.
    #[error("the data end within the {field}")]
    Ends {
        /// What was being read.
        field: Field,
    },
    /// A longer form than need be.
    #[error("the {field} is not in its shortest form")]
    Overlong {
        /// What was being read.
        field: Field,
    },
    /// More than the field holds.
    #[error("the {field} is more than {max}")]
    TooLarge {
        /// What was being read.
        field: Field,
        /// The largest that there is.
        max: u128,
    },
    /// A value is announced, and is zero.
    #[error("the {field} is 0 where the head byte says that it is not")]
    Zero {
        /// What was being read.
        field: Field,
    },
    /// The value has a larger unit than the head says.
    #[error("the {field} is not in its largest unit: the head says unit {found}, it has {expected}")]
    Unit {
        /// What was being read.
        field: Field,
        /// The position of its largest unit.
        expected: u8,
        /// What the head says.
        found: u8,
    },
    /// The head of a run or of a rotation announces what it does not have.
    #[error("head byte {found:#04x} announces what an entry of its kind does not have")]
    Head {
        /// The byte.
        found: u8,
    },
    /// Two runs of queue items that should be one.
    #[error("a run of queue items follows another: they are one")]
    Run,
    /// The key is no digest.
    #[error("an element of the key is not below the field order")]
    Key,
    /// More than the entries that were announced.
    #[error("{bytes} bytes follow the last entry")]
    Trailing {
        /// How many.
        bytes: usize,
    },
}

/// Why bytes are no published data of a batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PubdataError {
    /// The file is something else.
    #[error(transparent)]
    File(#[from] DecodeError),
    /// The body is damaged.
    #[error("damaged published data at byte {position}, entry {entry}: {problem}; fetch them again")]
    Body {
        /// Where in the file the field begins that is wrong.
        position: usize,
        /// The entry, from 0; 0 as well for what precedes the first.
        entry: usize,
        /// What is wrong.
        problem: Problem,
    },
}

/// The largest integer of 32 bits, as a bound.
pub(super) const WORD: u128 = u32::MAX as u128;
