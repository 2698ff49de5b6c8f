//! Corruptions of `hash24` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::Where;
use crate::tamper::Case;
use crate::tamper::Change::{Add, Set};

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    Case::constraint(
        "hash24",
        "lane[*].input[0]",
        Where("lane[*].count", 1),
        Add(1),
        "digest = compress24(input)",
    ),
    Case::constraint(
        "hash24",
        "lane[*].input[23]",
        Where("lane[*].count", 1),
        Add(1),
        "digest = compress24(input)",
    ),
    Case::constraint(
        "hash24",
        "lane[*].permutation.beginning[95]",
        Where("lane[*].count", 1),
        Add(1),
        "digest = compress24(input)",
    ),
    Case::constraint(
        "hash24",
        "lane[*].permutation.partial[0]",
        Where("lane[*].count", 1),
        Add(1),
        "digest = compress24(input)",
    ),
    Case::constraint(
        "hash24",
        "lane[*].permutation.ending[95]",
        Where("lane[*].count", 1),
        Add(1),
        "digest = compress24(input)",
    ),
    Case::bus("hash24", "lane[*].count", Where("lane[*].count", 1), Set(0), Bus::Hash24),
];
