//! Corruptions of `range16` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, Where};
use crate::tamper::Change::{self, Add};
use crate::tamper::{Case, Expect};

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[unbalanced("count", Where("count", 1), Add(1), Bus::Range16)];

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "range16", column, at, change, expect: Expect::Bus(bus) }
}
