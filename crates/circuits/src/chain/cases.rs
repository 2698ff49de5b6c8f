//! Corruptions of `chain` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, After, Row, Where};
use crate::tamper::Change::{self, Add, Set};
use crate::tamper::{Case, Expect};

const BEGUN: At = After("lanes[*].last", 1);
const BEGINS: &str = "chain: a walk begins after the last step";
const FIRST: &str = "chain: the first row begins a walk";
const LAST: At = Where("lanes[*].last", 1);
/// The longest walk lies at the top of the first lane, so that its first two steps are these.
const SECOND: At = Row(1);
const STEP: &str = "chain step";

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    broken("lanes[*].value[0]", SECOND, Add(5), "chain: the value goes on"),
    broken("lanes[*].value[7]", LAST, Add(5), STEP),
    broken("lanes[*].parameter[0]", SECOND, Add(5), "chain: the parameter continues"),
    unbalanced("lanes[*].parameter[4]", LAST, Add(5), Bus::Chain),
    broken("lanes[*].epoch", SECOND, Add(1), "chain: the epoch continues"),
    unbalanced("lanes[*].epoch", LAST, Add(1), Bus::Chain),
    broken("lanes[*].place", Row(0), Add(1), FIRST),
    broken("lanes[*].place", SECOND, Add(1), "chain: the place advances by one"),
    broken("lanes[*].place", BEGUN, Add(1), BEGINS),
    unbalanced("lanes[*].place", LAST, Add(8), Bus::Chain),
    broken("lanes[*].start", Row(0), Add(1), FIRST),
    broken("lanes[*].start", SECOND, Add(1), "chain: the start continues"),
    broken("lanes[*].start", BEGUN, Add(1), BEGINS),
    unbalanced("lanes[*].start", LAST, Add(1), Bus::Chain),
    broken("lanes[*].last", LAST, Set(2), "chain: last is boolean"),
    unbalanced("lanes[*].last", LAST, Set(0), Bus::Chain),
    unbalanced("lanes[*].last", SECOND, Set(1), Bus::Chain),
    broken("lanes[*].permutation.beginning[0]", SECOND, Add(1), STEP),
    broken("lanes[4].permutation.partial[19]", At::Last, Add(1), STEP),
    broken("lanes[*].permutation.ending[48]", LAST, Add(1), STEP),
    unbalanced("lanes[*].permutation.ending[55]", LAST, Add(1), Bus::Chain),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "chain", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "chain", column, at, change, expect: Expect::Bus(bus) }
}
