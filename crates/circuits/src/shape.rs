//! The few fixed sizes of a shard. Each has one verifying key.

use std::fmt;
use std::str::FromStr;

/// Lanes of a row of `hash24`.
pub const HASH24_LANES: usize = 1;
/// Lanes of a row of `chain`.
pub const CHAIN_LANES: usize = 5;
/// Lanes of a row of `node`.
pub const NODE_LANES: usize = 1;

/// A size of shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// 22 transfers: tests and idle chains.
    Tiny,
    /// 182 transfers.
    Small,
    /// 728 transfers.
    Medium,
    /// 2,912 transfers.
    Large,
    /// 5,825 transfers.
    Huge,
}

/// Base-2 logarithms of the heights of a shape's chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHeights {
    /// `range16`: always 16.
    pub range16: usize,
    /// `hash24`, of [`HASH24_LANES`] lanes.
    pub hash24: usize,
    /// `chain`, of [`CHAIN_LANES`] lanes.
    pub chain: usize,
    /// `signature`, 45 rows a signature.
    pub signature: usize,
    /// `node`, of [`NODE_LANES`] lanes.
    pub node: usize,
    /// `cell`.
    pub cell: usize,
    /// `transaction`.
    pub transaction: usize,
    /// `statement`.
    pub statement: usize,
}

impl Shape {
    /// Every shape, smallest first.
    pub const ALL: [Self; 5] = [Self::Tiny, Self::Small, Self::Medium, Self::Large, Self::Huge];

    /// Its name on the command line, in keys and in proofs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
            Self::Huge => "huge",
        }
    }

    /// Its number in proofs.
    pub const fn number(self) -> u8 {
        match self {
            Self::Tiny => 0,
            Self::Small => 1,
            Self::Medium => 2,
            Self::Large => 3,
            Self::Huge => 4,
        }
    }

    /// The shape of a number.
    pub fn from_number(n: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.number() == n)
    }

    /// Signatures, hence transfers, that it holds.
    pub const fn transfers(self) -> usize {
        (1 << self.log_heights().signature) / crate::signature::BLOCK
    }

    /// Heights of its chips.
    pub const fn log_heights(self) -> LogHeights {
        let (hash24, chain, signature, node, cell, transaction) = match self {
            Self::Tiny => (9, 9, 10, 11, 7, 6),
            Self::Small => (11, 12, 13, 12, 9, 8),
            Self::Medium => (13, 14, 15, 14, 11, 10),
            Self::Large => (15, 16, 17, 15, 13, 12),
            Self::Huge => (16, 17, 18, 16, 14, 13),
        };
        LogHeights { range16: 16, hash24, chain, signature, node, cell, transaction, statement: 4 }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|shape| shape.name() == s)
            .ok_or_else(|| format!("no shape {s:?}: choose tiny, small, medium, large or huge"))
    }
}
