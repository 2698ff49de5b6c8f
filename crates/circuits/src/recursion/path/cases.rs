//! Corruptions of `path` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, Key};
use crate::tamper::Change::{self, Add, Set};
use crate::tamper::{Case, Expect};

const START: At = Key(&[("start", 1), ("bare", 0)], &[]);
const INJECTION: At = Key(&[("inject", 1)], &[]);
const BARE: At = Key(&[("bare", 1)], &[]);
const END: At = Key(&[("end", 1), ("bare", 0)], &[]);
const UNUSED: At = Key(&[("start", 0), ("inject", 0), ("end", 0), ("linked", 0)], &[]);
const COMPRESSED: &str = "the children are compressed";
const DIGEST: &str = "the digest goes on";
const INDEX: &str = "the index goes on";
const NO_BIT: &str = "an injection and a bare leaf take no bit";

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    broken("left[0]", START, Add(1), COMPRESSED),
    broken("left[7]", UNUSED, Add(1), COMPRESSED),
    broken("left[0]", INJECTION, Add(1), DIGEST),
    broken("left[7]", INJECTION, Add(1), DIGEST),
    broken("right[0]", START, Add(1), COMPRESSED),
    broken("right[7]", UNUSED, Add(1), COMPRESSED),
    unbalanced("right[0]", INJECTION, Add(1), Bus::Digest),
    unbalanced("right[7]", INJECTION, Add(1), Bus::Digest),
    unbalanced("right[0]", BARE, Add(1), Bus::Digest),
    unbalanced("right[7]", BARE, Add(1), Bus::Cap),
    broken("bit", START, Set(2), "bit is boolean"),
    broken("bit", UNUSED, Set(2), "bit is boolean"),
    unbalanced("bit", START, Add(1), Bus::Digest),
    unbalanced("bit", START, Add(1), Bus::Value),
    broken("bit", END, Add(1), DIGEST),
    broken("bit", END, Add(1), INDEX),
    broken("bit", INJECTION, Set(1), NO_BIT),
    broken("bit", BARE, Set(1), NO_BIT),
    broken("index", START, Add(1), INDEX),
    broken("index", INJECTION, Add(1), INDEX),
    broken("index", END, Add(1), INDEX),
    unbalanced("index", START, Add(1), Bus::Value),
    unbalanced("index", BARE, Add(1), Bus::Value),
    unbalanced("index", END, Add(1), Bus::Cap),
    broken("permutation.beginning[0]", START, Add(1), COMPRESSED),
    broken("permutation.partial[19]", BARE, Add(1), COMPRESSED),
    broken("permutation.ending[48]", UNUSED, Add(1), COMPRESSED),
    broken("permutation.ending[48]", START, Add(1), DIGEST),
    broken("permutation.ending[55]", INJECTION, Add(1), DIGEST),
    unbalanced("permutation.ending[48]", END, Add(1), Bus::Cap),
    unbalanced("permutation.ending[55]", END, Add(1), Bus::Cap),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "path", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "path", column, at, change, expect: Expect::Bus(bus) }
}
