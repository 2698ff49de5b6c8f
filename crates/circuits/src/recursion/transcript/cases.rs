//! Corruptions of `transcript` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, Key};
use crate::tamper::Change::{self, Add};
use crate::tamper::{Case, Expect, READ};

const BEGIN: At = Key(&[("begin", 1), ("absorbed", 8)], &[]);
const ON: At = Key(&[("begin", 0)], &[]);
const SQUEEZE: At = Key(&[("squeezed", 1)], &[]);
const UNUSED: At = Key(&[("begin", 1), ("absorbed", 0)], &[]);
const ABSORBS: At = Key(&[("in_count[0]", 1)], &[]);
const PADDED: At = Key(&[("in_count[7]", READ)], &[]);
const GIVES: At = Key(&[("out_count[7]", 1)], &[]);
const PERMUTED: &str = "the state is permuted";
const CAPACITY: &str = "the capacity goes on";
const RATE: &str = "a squeeze keeps the rate";

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    broken("state[0]", BEGIN, Add(1), PERMUTED),
    broken("state[0]", UNUSED, Add(1), PERMUTED),
    broken("state[8]", BEGIN, Add(1), CAPACITY),
    broken("state[15]", BEGIN, Add(1), CAPACITY),
    broken("state[8]", ON, Add(1), CAPACITY),
    broken("state[15]", SQUEEZE, Add(1), CAPACITY),
    broken("state[8]", UNUSED, Add(1), CAPACITY),
    broken("state[0]", SQUEEZE, Add(1), RATE),
    broken("state[7]", SQUEEZE, Add(1), RATE),
    unbalanced("state[0]", ABSORBS, Add(1), Bus::Value),
    unbalanced("state[7]", PADDED, Add(1), Bus::Value),
    broken("permutation.beginning[63]", BEGIN, Add(1), PERMUTED),
    broken("permutation.partial[0]", ON, Add(1), PERMUTED),
    broken("permutation.ending[63]", UNUSED, Add(1), PERMUTED),
    broken("permutation.ending[63]", BEGIN, Add(1), CAPACITY),
    unbalanced("permutation.ending[55]", GIVES, Add(1), Bus::Value),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "transcript", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "transcript", column, at, change, expect: Expect::Bus(bus) }
}
