//! Corruptions of `caps` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, Key};
use crate::tamper::Change::{self, Add, Set};
use crate::tamper::{Case, Expect};

const ENTRY: At = Key(&[("real", 1)], &[]);
const ENDED: At = Key(&[("real", 1)], &[("count", 1)]);
const NO_ENTRY: At = Key(&[("real", 0)], &[]);

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    unbalanced("count", ENTRY, Add(1), Bus::Cap),
    unbalanced("count", ENDED, Set(0), Bus::Cap),
    unbalanced("count", NO_ENTRY, Set(1), Bus::Cap),
    unbalanced("digest[0]", ENDED, Add(1), Bus::Cap),
    unbalanced("digest[7]", ENDED, Add(1), Bus::Cap),
    unbalanced("digest[0]", ENTRY, Add(1), Bus::Value),
    unbalanced("digest[7]", ENTRY, Add(1), Bus::Value),
];

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "caps", column, at, change, expect: Expect::Bus(bus) }
}
