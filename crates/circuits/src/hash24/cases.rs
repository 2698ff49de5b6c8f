//! Corruptions of `hash24` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, Where};
use crate::tamper::Change::{self, Add, Set};
use crate::tamper::{Case, Expect};

const COUNT: At = Where("lane[*].count", 1);
const DIGEST: &str = "digest = compress24(input)";

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    broken("lane[*].input[0]", COUNT, Add(1), DIGEST),
    broken("lane[*].input[23]", COUNT, Add(1), DIGEST),
    broken("lane[*].permutation.beginning[95]", COUNT, Add(1), DIGEST),
    broken("lane[*].permutation.partial[0]", COUNT, Add(1), DIGEST),
    broken("lane[*].permutation.ending[79]", COUNT, Add(1), DIGEST),
    unbalanced("lane[*].count", COUNT, Set(0), Bus::Hash24),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "hash24", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "hash24", column, at, change, expect: Expect::Bus(bus) }
}
