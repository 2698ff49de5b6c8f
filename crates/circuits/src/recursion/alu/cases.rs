//! Corruptions of `alu` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, Key};
use crate::tamper::Change::{self, Add};
use crate::tamper::{Case, Expect, READ};

const LAW: &str = "an operation has its result";
const READS_A: At = Key(&[("lane[*].count[0]", READ)], &[]);
const READS_B: At = Key(&[("lane[*].count[1]", READ)], &[]);
const WRITES_C: At = Key(&[("lane[*].count[2]", 1)], &[]);
const PRODUCT: At = Key(&[("lane[*].q_ab", 1), ("lane[*].s", 1)], &[]);
/// A lane of an inverse: `a b - 1 = 0`.
const INVERSE: At = Key(&[("lane[*].q_ab", 1), ("lane[*].s", 0)], &[]);
const SUM: At = Key(&[("lane[*].q_a", 1), ("lane[*].q_b", 1)], &[]);
/// A lane of an assertion: `a - x = 0`.
const ASSERTION: At = Key(&[("lane[*].q_a", 1), ("lane[*].s", 0)], &[]);
/// A lane whose result only the next one takes.
const PASSED_ON: At = Key(&[("lane[*].s", 1), ("lane[*].count[2]", 0)], &[]);
/// A lane that takes the one before.
const CARRIES: At = Key(&[("lane[*].q_c", 1)], &[]);
/// A number of the program.
const CONSTANT: At = Key(&[("lane[*].q_a", 0), ("lane[*].q_ab", 0), ("lane[*].s", 1)], &[]);

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    broken("lane[*].a[0]", PRODUCT, Add(1), LAW),
    broken("lane[*].b[4]", PRODUCT, Add(1), LAW),
    broken("lane[*].c[0]", PRODUCT, Add(1), LAW),
    broken("lane[*].c[4]", PRODUCT, Add(1), LAW),
    broken("lane[*].a[3]", INVERSE, Add(1), LAW),
    broken("lane[*].b[0]", INVERSE, Add(1), LAW),
    broken("lane[*].a[4]", SUM, Add(1), LAW),
    broken("lane[*].b[1]", SUM, Add(1), LAW),
    broken("lane[*].c[2]", SUM, Add(1), LAW),
    broken("lane[*].a[0]", ASSERTION, Add(1), LAW),
    broken("lane[*].a[4]", ASSERTION, Add(1), LAW),
    broken("lane[*].c[0]", PASSED_ON, Add(1), LAW),
    broken("lane[*].c[4]", PASSED_ON, Add(1), LAW),
    broken("lane[*].c[0]", CARRIES, Add(1), LAW),
    broken("lane[*].c[0]", CONSTANT, Add(1), LAW),
    broken("lane[*].c[4]", CONSTANT, Add(1), LAW),
    unbalanced("lane[*].a[0]", READS_A, Add(1), Bus::Value),
    unbalanced("lane[*].a[4]", READS_A, Add(1), Bus::Value),
    unbalanced("lane[*].b[0]", READS_B, Add(1), Bus::Value),
    unbalanced("lane[*].b[4]", INVERSE, Add(1), Bus::Value),
    unbalanced("lane[*].c[0]", WRITES_C, Add(1), Bus::Value),
    unbalanced("lane[*].c[4]", WRITES_C, Add(1), Bus::Value),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "alu", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "alu", column, at, change, expect: Expect::Bus(bus) }
}
