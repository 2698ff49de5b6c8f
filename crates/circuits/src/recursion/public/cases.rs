//! Corruptions of `public` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, Last, Row};
use crate::tamper::Change::{self, Add};
use crate::tamper::{Case, Expect};

const PUBLIC: &str = "the first row is the public values";
const TURN: &str = "values turn";

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    broken("value[0]", Row(0), Add(1), PUBLIC),
    broken("value[15]", Row(0), Add(1), PUBLIC),
    broken("value[0]", Row(1), Add(1), TURN),
    broken("value[15]", Row(7), Add(1), TURN),
    broken("value[3]", Last, Add(1), TURN),
    unbalanced("value[0]", Row(0), Add(1), Bus::Value),
    unbalanced("value[0]", Row(15), Add(1), Bus::Value),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "public", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "public", column, at, change, expect: Expect::Bus(bus) }
}
