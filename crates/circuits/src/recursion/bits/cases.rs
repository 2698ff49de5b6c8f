//! Corruptions of `bits` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, Key};
use crate::tamper::Change::{self, Add, Set};
use crate::tamper::{Case, Expect};

const FIRST: At = Key(&[("first", 1), ("top", 0)], &[]);
const TOP: At = Key(&[("top", 1)], &[]);
const LOW: At = Key(&[("low", 1)], &[]);
const LOW_ONE: At = Key(&[("low", 1)], &[("bit", 1)]);
const NOT_INDEXED: At = Key(&[("low", 1), ("indexed", 0)], &[]);
const INDEXED: At = Key(&[("indexed", 1)], &[]);
const END: At = Key(&[("last", 1)], &[]);
const PREFIX: &str = "prefix doubles and takes the bit";
const ONES: &str = "ones is the product of the upper seven bits";
const INDEX: &str = "index doubles and takes the bit";
const POINT: &str = "point takes the root where the bit is one";

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    broken("bit", FIRST, Set(2), "bit is boolean"),
    broken("bit", LOW, Set(2), "bit is boolean"),
    broken("bit", END, Set(2), "bit is boolean"),
    broken("bit", LOW, Add(1), PREFIX),
    broken("bit", FIRST, Add(1), ONES),
    broken("bit", INDEXED, Add(1), INDEX),
    broken("bit", INDEXED, Add(1), POINT),
    unbalanced("bit", Key(&[("bit_count", 1)], &[]), Add(1), Bus::Value),
    broken("prefix", FIRST, Add(1), PREFIX),
    broken("prefix", TOP, Add(1), PREFIX),
    broken("prefix", END, Add(1), PREFIX),
    unbalanced("prefix", END, Add(1), Bus::Value),
    broken("ones", FIRST, Add(1), ONES),
    broken("ones", TOP, Add(1), ONES),
    broken("ones", LOW, Add(1), ONES),
    broken("ones", END, Add(1), ONES),
    broken("ones", LOW_ONE, Set(1), "an element is canonical"),
    broken("index", FIRST, Add(1), INDEX),
    broken("index", NOT_INDEXED, Add(1), INDEX),
    broken("index", INDEXED, Add(1), INDEX),
    broken("index", END, Add(1), INDEX),
    unbalanced("index", Key(&[("index_count", 1)], &[]), Add(1), Bus::Value),
    unbalanced("index", END, Add(1), Bus::Value),
    broken("point", FIRST, Add(1), POINT),
    broken("point", NOT_INDEXED, Add(1), POINT),
    broken("point", INDEXED, Set(0), POINT),
    unbalanced("point", END, Add(1), Bus::Value),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "bits", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "bits", column, at, change, expect: Expect::Bus(bus) }
}
