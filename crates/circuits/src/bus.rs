//! The buses. A message is a tuple of field elements of the bus's one width; what is sent must be received.

use aludel_protocol::hash::DIGEST;
use aludel_protocol::params::{PAYLOAD, XMSS_PARAMETER};

/// Base field elements of a challenge.
pub const CHALLENGE: usize = 5;

/// How a bus balances, which decides who may choose a multiplicity freely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// A table whose every row is true by constraint: its multiplicities are free, a lookup asks for one row.
    Table,
    /// A permutation: every multiplicity is boolean by constraint, or constant.
    Permutation,
    /// A write-once memory: addresses and counts are preprocessed. Who writes a value sends it as often as the key says that it is
    /// read, at most [`MOST_READS`] times; who reads it receives it once.
    Memory,
}

/// How often a value of a [`Discipline::Memory`] may be read. Times the messages of every row of a recursion machine this stays
/// below `p`: a value that is wanted more often is copied.
pub const MOST_READS: u32 = 1 << 10;

/// A named channel between chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bus {
    /// `(x)`: `x` is an integer below `2^16`.
    Range16,
    /// `(x[24], y[8])`: `y = compress24(x)`.
    Hash24,
    /// `(parameter[5], epoch, chain, digit, end[8])`: some value at position `digit` of this hash chain walks
    /// to `end` at the last position, in at least one step.
    Chain,
    /// `(key[8], message[8], epoch)`: the key signs the message with its one-time key `epoch`.
    Auth,
    /// `(space, stage, level, slot, lo, hi, old[8], new[8])`: a node of the state tree that the shard touches (spaces 0 and 1),
    /// or of a batch's tree of withdrawals (space 2, where the batch's number stands for the account).
    Node,
    /// `(space, hi, lo, slot, time, payload[20])`: the cell held this payload from `time` on.
    Cell,
    /// `(end, chain_id[4], number[2], headers[8], queue[8], queue_index[2])`: the chain at the shard's start (`end = 0`) and
    /// at its end (`end = 1`), with the chain id for which every transaction in it is signed.
    Boundary,
    /// `(address, value[5])`: a recursion program's memory holds this challenge there; a base field element has upper
    /// coefficients of 0.
    Value,
    /// `(address, digest[8])`: a recursion program's hash number `address` has this digest.
    Digest,
    /// `(tree, index, digest[8])`: an entry of the cap of a Merkle tree.
    Cap,
}

impl Bus {
    /// Every bus.
    pub const ALL: [Self; 10] = {
        let [a, b, c, d, e, f, g] = Self::SHARD;
        let [h, i, j] = Self::RECURSION;
        [a, b, c, d, e, f, g, h, i, j]
    };

    /// Those of a shard's machine.
    pub const SHARD: [Self; 7] =
        [Self::Range16, Self::Hash24, Self::Chain, Self::Auth, Self::Node, Self::Cell, Self::Boundary];

    /// Those of a recursion machine.
    pub const RECURSION: [Self; 3] = [Self::Value, Self::Digest, Self::Cap];

    /// Its name in lookups, proofs' keys and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Range16 => "range16",
            Self::Hash24 => "hash24",
            Self::Chain => "chain",
            Self::Auth => "auth",
            Self::Node => "node",
            Self::Cell => "cell",
            Self::Boundary => "boundary",
            Self::Value => "value",
            Self::Digest => "digest",
            Self::Cap => "cap",
        }
    }

    /// Elements of a message. `[x]` and `[0, x]` have one fingerprint, so every message has exactly this many.
    pub const fn width(self) -> usize {
        match self {
            Self::Range16 => 1,
            Self::Hash24 => 24 + DIGEST,
            Self::Chain => XMSS_PARAMETER + 3 + DIGEST,
            Self::Auth => 2 * DIGEST + 1,
            Self::Node => 6 + 2 * DIGEST,
            Self::Cell => 5 + PAYLOAD,
            Self::Boundary => 1 + 4 + 2 + 2 * DIGEST + 2,
            Self::Value => 1 + CHALLENGE,
            Self::Digest => 1 + DIGEST,
            Self::Cap => 2 + DIGEST,
        }
    }

    /// How it balances.
    pub const fn discipline(self) -> Discipline {
        match self {
            Self::Range16 | Self::Hash24 | Self::Cap => Discipline::Table,
            Self::Value => Discipline::Memory,
            _ => Discipline::Permutation,
        }
    }
}
