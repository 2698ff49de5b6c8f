//! Corruptions of `cell` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, Where};
use crate::tamper::Change::{self, Add, Set};
use crate::tamper::{Case, Expect};

const ACCOUNT: At = Where("space", 0);
const EMPTY: &str = "an absent cell is empty";
const EXISTENCE_IS_BOOLEAN: &str = "existence is boolean";
const IS_THERE: At = Where("last[11]", 1);
const NEVER_IS_THERE: At = Where("last[11]", 0);
const NEVER_WAS_THERE: At = Where("initial[11]", 0);
const NO_DIGEST: &str = "an absent cell has digest 0";
const OTHER: At = Where("space", 1);
const PADDING: At = Where("real", 0);
const PADDING_HAS_NO_CELL: &str = "padding has no cell";
const REAL: At = Where("real", 1);
const WAS_THERE: At = Where("initial[11]", 1);

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    broken("real", REAL, Set(2), "real is boolean"),
    unbalanced("real", PADDING, Set(1), Bus::Node),
    unbalanced("real", REAL, Set(0), Bus::Node),
    broken("space", OTHER, Set(2), "space is boolean"),
    unbalanced("space", OTHER, Set(0), Bus::Node),
    unbalanced("space", ACCOUNT, Set(1), Bus::Hash24),
    broken("slot", ACCOUNT, Set(1), "an account cell has slot 0"),
    unbalanced("slot", OTHER, Add(1), Bus::Node),
    unbalanced("hi", REAL, Add(1), Bus::Node),
    unbalanced("lo", REAL, Add(1), Bus::Hash24),
    unbalanced("lo", REAL, Add(1), Bus::Cell),
    unbalanced("time", REAL, Add(1), Bus::Cell),
    unbalanced("time", REAL, Set(0), Bus::Cell),
    unbalanced("initial[0]", WAS_THERE, Add(1), Bus::Hash24),
    unbalanced("initial[19]", WAS_THERE, Add(1), Bus::Cell),
    broken("initial[11]", WAS_THERE, Set(2), EXISTENCE_IS_BOOLEAN),
    broken("initial[11]", PADDING, Set(1), PADDING_HAS_NO_CELL),
    broken("initial[11]", WAS_THERE, Set(0), EMPTY),
    broken("initial[11]", WAS_THERE, Set(0), NO_DIGEST),
    unbalanced("initial[11]", NEVER_WAS_THERE, Set(1), Bus::Hash24),
    broken("initial[0]", NEVER_WAS_THERE, Add(1), EMPTY),
    broken("initial[19]", NEVER_WAS_THERE, Add(1), EMPTY),
    broken("old[7]", NEVER_WAS_THERE, Add(1), NO_DIGEST),
    unbalanced("old[0]", WAS_THERE, Add(1), Bus::Hash24),
    unbalanced("old[7]", WAS_THERE, Add(1), Bus::Node),
    unbalanced("last[0]", IS_THERE, Add(1), Bus::Hash24),
    unbalanced("last[19]", IS_THERE, Add(1), Bus::Cell),
    broken("last[11]", IS_THERE, Set(2), EXISTENCE_IS_BOOLEAN),
    broken("last[11]", PADDING, Set(1), PADDING_HAS_NO_CELL),
    broken("last[11]", IS_THERE, Set(0), EMPTY),
    broken("last[11]", IS_THERE, Set(0), NO_DIGEST),
    unbalanced("last[11]", NEVER_IS_THERE, Set(1), Bus::Hash24),
    broken("last[0]", NEVER_IS_THERE, Add(1), EMPTY),
    broken("last[19]", NEVER_IS_THERE, Add(1), EMPTY),
    broken("new[7]", NEVER_IS_THERE, Add(1), NO_DIGEST),
    unbalanced("new[0]", IS_THERE, Add(1), Bus::Hash24),
    unbalanced("new[7]", IS_THERE, Add(1), Bus::Node),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "cell", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "cell", column, at, change, expect: Expect::Bus(bus) }
}
