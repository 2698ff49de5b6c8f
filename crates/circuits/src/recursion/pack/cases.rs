//! Corruptions of `pack` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, Key};
use crate::tamper::Change::{self, Add};
use crate::tamper::{Case, Expect, READ};

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    unbalanced("value[0]", Key(&[("base_count[0]", READ)], &[]), Add(1), Bus::Value),
    unbalanced("value[4]", Key(&[("base_count[4]", READ)], &[]), Add(1), Bus::Value),
    unbalanced("value[0]", Key(&[("base_count[0]", 1)], &[]), Add(1), Bus::Value),
    unbalanced("value[4]", Key(&[("base_count[4]", 1)], &[]), Add(1), Bus::Value),
    unbalanced("value[2]", Key(&[("count", 1)], &[]), Add(1), Bus::Value),
    unbalanced("value[2]", Key(&[("count", READ)], &[]), Add(1), Bus::Value),
];

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "pack", column, at, change, expect: Expect::Bus(bus) }
}
