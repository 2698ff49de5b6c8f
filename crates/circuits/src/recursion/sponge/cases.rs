//! Corruptions of `sponge` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, Key};
use crate::tamper::Change::{self, Add};
use crate::tamper::{Case, Expect, READ};

const BEGIN: At = Key(&[("begin", 1), ("absorbed[0]", 1)], &[]);
const ON: At = Key(&[("begin", 0), ("fields", 0)], &[]);
const SHORT: At = Key(&[("absorbed[0]", 1), ("absorbed[15]", 0)], &[]);
const UNUSED: At = Key(&[("begin", 1), ("absorbed[0]", 0), ("fields", 0)], &[]);
const CHAIN: At = Key(&[("begin", 1), ("fields", 1)], &[]);
const CHAIN_ON: At = Key(&[("begin", 0), ("fields", 1)], &[]);
const BETA: At = Key(&[("beta", 1)], &[]);
const CUT: At = Key(&[("cut_count", 1)], &[]);
const CUT_ON: At = Key(&[("cut_on[2]", 1)], &[]);
const SUM: At = Key(&[("sum_count", 1)], &[]);
const END: At = Key(&[("end", 1), ("fields", 0)], &[]);
const CHAIN_END: At = Key(&[("end", 1), ("fields", 1)], &[]);
const HINTED: At = Key(&[("port_count[0]", 1), ("after_four", 0), ("fields", 0)], &[]);
const AFTER_FOUR: At = Key(&[("after_four", 1), ("port_count[0]", 1)], &[]);
const AFTER_THREE: At = Key(&[("after_three", 1), ("port_count[0]", 1)], &[]);
const PORT_3: At = Key(&[("port_count[3]", 1)], &[]);
const FIELDS: At = Key(&[("fields", 1), ("port_count[0]", READ)], &[]);
const PERMUTED: &str = "the state is permuted";
const STAYS: &str = "an element that is not absorbed stays";
const CAPACITY: &str = "the capacity goes on";
const CHAINED: &str = "a chain goes on from its digest";
const POWERS: &str = "powers of beta";
const BETA_STAYS: &str = "beta stays";
const SUMS: &str = "the sum goes on";
const CUTS: &str = "the cut sum";

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    broken("state[0]", BEGIN, Add(1), PERMUTED),
    broken("state[23]", CHAIN_END, Add(1), PERMUTED),
    broken("state[0]", BEGIN, Add(1), SUMS),
    broken("state[15]", BEGIN, Add(1), SUMS),
    broken("state[0]", BEGIN, Add(1), CUTS),
    broken("state[2]", CUT_ON, Add(1), CUTS),
    broken("state[15]", SHORT, Add(1), STAYS),
    broken("state[0]", UNUSED, Add(1), STAYS),
    broken("state[16]", BEGIN, Add(1), CAPACITY),
    broken("state[23]", ON, Add(1), CAPACITY),
    broken("state[16]", UNUSED, Add(1), CAPACITY),
    broken("state[0]", CHAIN, Add(1), CHAINED),
    broken("state[1]", CHAIN, Add(1), CHAINED),
    broken("state[7]", CHAIN, Add(1), CHAINED),
    broken("state[0]", CHAIN_ON, Add(1), CHAINED),
    unbalanced("state[0]", HINTED, Add(1), Bus::Value),
    unbalanced("state[4]", AFTER_FOUR, Add(1), Bus::Value),
    unbalanced("state[3]", AFTER_THREE, Add(1), Bus::Value),
    unbalanced("state[15]", PORT_3, Add(1), Bus::Value),
    unbalanced("state[8]", FIELDS, Add(1), Bus::Value),
    unbalanced("state[22]", FIELDS, Add(1), Bus::Value),
    unbalanced("state[23]", FIELDS, Add(1), Bus::Value),
    unbalanced("state[7]", CHAIN_END, Add(1), Bus::Digest),
    broken("permutation.beginning[0]", BEGIN, Add(1), PERMUTED),
    broken("permutation.partial[22]", ON, Add(1), PERMUTED),
    broken("permutation.ending[95]", UNUSED, Add(1), PERMUTED),
    broken("permutation.ending[95]", BEGIN, Add(1), CAPACITY),
    broken("permutation.ending[72]", CHAIN, Add(1), CHAINED),
    unbalanced("permutation.ending[72]", END, Add(1), Bus::Digest),
    unbalanced("permutation.ending[79]", CHAIN_END, Add(1), Bus::Digest),
    unbalanced("power[0].value[0]", BETA, Add(1), Bus::Value),
    unbalanced("power[0].value[4]", BETA, Add(1), Bus::Value),
    broken("power[0].value[0]", BETA, Add(1), POWERS),
    broken("power[1].value[4]", ON, Add(1), POWERS),
    broken("power[2].value[0]", ON, Add(1), POWERS),
    broken("power[3].value[4]", UNUSED, Add(1), POWERS),
    broken("power[0].value[0]", ON, Add(1), BETA_STAYS),
    broken("power[0].value[4]", UNUSED, Add(1), BETA_STAYS),
    broken("power[3].value[0]", ON, Add(1), SUMS),
    broken("sum[0].value[0]", BEGIN, Add(1), SUMS),
    broken("sum[1].value[4]", ON, Add(1), SUMS),
    broken("sum[2].value[0]", SHORT, Add(1), SUMS),
    broken("sum[3].value[4]", BEGIN, Add(1), SUMS),
    broken("sum[3].value[0]", UNUSED, Add(1), SUMS),
    unbalanced("sum[3].value[0]", SUM, Add(1), Bus::Value),
    unbalanced("sum[3].value[4]", SUM, Add(1), Bus::Value),
    broken("cut.value[0]", CUT, Add(1), CUTS),
    broken("cut.value[4]", CUT_ON, Add(1), CUTS),
    broken("cut.value[0]", UNUSED, Add(1), CUTS),
    unbalanced("cut.value[0]", CUT, Add(1), Bus::Value),
    unbalanced("cut.value[4]", CUT, Add(1), Bus::Value),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "sponge", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "sponge", column, at, change, expect: Expect::Bus(bus) }
}
