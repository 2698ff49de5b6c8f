//! Corruptions of `statement` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, Row};
use crate::tamper::Change::{self, Add, Set};
use crate::tamper::{Case, Expect};

const CONFIG: &str = "config";

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    unbalanced("chain_id[0]", Row(0), Add(1), Bus::Boundary),
    unbalanced("chain_id[3]", Row(0), Set(65536), Bus::Range16),
    broken("protocol_version", Row(0), Add(1), "version"),
    broken("config[0]", Row(0), Add(1), CONFIG),
    broken("config[7]", Row(0), Add(1), CONFIG),
    unbalanced("prev.number[0]", Row(0), Add(1), Bus::Boundary),
    unbalanced("prev.number[1]", Row(0), Set(65536), Bus::Range16),
    unbalanced("prev.number[1]", Row(0), Add(1), Bus::Hash24),
    unbalanced("prev.state_root[0]", Row(0), Add(1), Bus::Node),
    unbalanced("prev.state_root[7]", Row(0), Add(1), Bus::Hash24),
    unbalanced("prev.headers[7]", Row(0), Add(1), Bus::Boundary),
    unbalanced("prev.headers[0]", Row(0), Add(1), Bus::Hash24),
    unbalanced("prev.queue[0]", Row(0), Add(1), Bus::Boundary),
    unbalanced("prev.queue[7]", Row(0), Add(1), Bus::Hash24),
    unbalanced("prev.queue_index[0]", Row(0), Add(1), Bus::Boundary),
    unbalanced("prev.queue_index[1]", Row(0), Set(65536), Bus::Range16),
    unbalanced("prev.queue_index[0]", Row(0), Set(65536), Bus::Range16),
    unbalanced("next.number[0]", Row(0), Add(1), Bus::Boundary),
    unbalanced("next.number[1]", Row(0), Set(65536), Bus::Range16),
    unbalanced("next.number[1]", Row(0), Add(1), Bus::Hash24),
    unbalanced("next.state_root[0]", Row(0), Add(1), Bus::Node),
    unbalanced("next.state_root[7]", Row(0), Add(1), Bus::Hash24),
    unbalanced("next.headers[7]", Row(0), Add(1), Bus::Boundary),
    unbalanced("next.headers[0]", Row(0), Add(1), Bus::Hash24),
    unbalanced("next.queue[0]", Row(0), Add(1), Bus::Boundary),
    unbalanced("next.queue[7]", Row(0), Add(1), Bus::Hash24),
    unbalanced("next.queue_index[0]", Row(0), Add(1), Bus::Boundary),
    unbalanced("next.queue_index[1]", Row(0), Set(65536), Bus::Range16),
    unbalanced("next.queue_index[0]", Row(0), Set(65536), Bus::Range16),
    unbalanced("call[0].digest[0]", Row(0), Add(1), Bus::Hash24),
    unbalanced("call[1].digest[1]", Row(0), Add(1), Bus::Hash24),
    unbalanced("call[2].digest[2]", Row(0), Add(1), Bus::Hash24),
    unbalanced("call[3].digest[3]", Row(0), Add(1), Bus::Hash24),
    unbalanced("call[4].digest[4]", Row(0), Add(1), Bus::Hash24),
    broken("call[4].digest[0]", Row(0), Add(1), "the public values are the digest"),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "statement", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "statement", column, at, change, expect: Expect::Bus(bus) }
}
