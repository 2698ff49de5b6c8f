//! Corruptions of `node` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::{self, Last, Where};
use crate::tamper::Change::{self, Add, Set};
use crate::tamper::{Case, Expect};

const STAGE_END: &str = "a stage ends at level 15";
const FLAG: &str = "stage flag is boolean";
const IS_HI: At = Where("lane[*].is_hi", 1);
const IS_LO: At = Where("lane[*].is_lo", 1);
const IS_ROOT: At = Where("lane[*].is_root", 1);
const IS_SLOT: At = Where("lane[*].is_slot", 1);
const LEFT_HI: &str = "left hi";
const LEFT_LO: &str = "left lo";
const LEFT_SLOT: &str = "left slot";
const LEFT_TOUCHED: At = Where("lane[*].left.touched", 1);
const LEVEL_3: At = Where("lane[*].level", 3);
const NEW: &str = "new digest = compress16(children)";
const NOT_LEFT_TOUCHED: At = Where("lane[*].left.touched", 0);
const NOT_RIGHT_TOUCHED: At = Where("lane[*].right.touched", 0);
const OLD: &str = "old digest = compress16(children)";
const ONE_STAGE: &str = "one stage where a child is touched, else none";
const RIGHT_TOUCHED: At = Where("lane[*].right.touched", 1);
const UNTOUCHED: &str = "an untouched child keeps its digest";

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    broken("lane[*].is_slot", IS_SLOT, Set(2), FLAG),
    broken("lane[*].is_slot", IS_SLOT, Set(0), ONE_STAGE),
    broken("lane[*].is_lo", IS_LO, Set(2), FLAG),
    broken("lane[*].is_lo", IS_LO, Set(0), ONE_STAGE),
    broken("lane[*].is_hi", IS_HI, Set(2), FLAG),
    broken("lane[*].is_hi", IS_HI, Set(0), ONE_STAGE),
    broken("lane[*].is_root", IS_ROOT, Set(2), FLAG),
    broken("lane[*].is_root", IS_ROOT, Set(0), ONE_STAGE),
    unbalanced("lane[0].is_root", Last, Set(1), Bus::Node),
    broken("lane[*].is_lo", IS_SLOT, Set(1), ONE_STAGE),
    broken("lane[*].is_root", IS_HI, Set(1), ONE_STAGE),
    broken("lane[0].is_hi", Last, Set(1), ONE_STAGE),
    broken("lane[0].left.touched", Last, Set(1), ONE_STAGE),
    broken("lane[0].right.touched", Last, Set(1), ONE_STAGE),
    broken("lane[*].left.touched", LEFT_TOUCHED, Set(2), "left touched is boolean"),
    unbalanced("lane[*].left.touched", IS_ROOT, Set(0), Bus::Node),
    broken("lane[*].left.touched", IS_ROOT, Set(0), UNTOUCHED),
    unbalanced("lane[*].left.touched", NOT_LEFT_TOUCHED, Set(1), Bus::Node),
    broken("lane[*].left.touched", NOT_RIGHT_TOUCHED, Set(0), ONE_STAGE),
    broken("lane[*].left.new[0]", NOT_LEFT_TOUCHED, Add(1), UNTOUCHED),
    broken("lane[*].left.old[7]", NOT_LEFT_TOUCHED, Add(1), UNTOUCHED),
    broken("lane[*].left.old[0]", LEFT_TOUCHED, Add(1), OLD),
    broken("lane[*].left.new[7]", LEFT_TOUCHED, Add(1), NEW),
    unbalanced("lane[*].left.old[0]", LEFT_TOUCHED, Add(1), Bus::Node),
    broken("lane[*].right.touched", RIGHT_TOUCHED, Set(2), "right touched is boolean"),
    unbalanced("lane[*].right.touched", IS_ROOT, Set(0), Bus::Node),
    broken("lane[*].right.touched", IS_ROOT, Set(0), UNTOUCHED),
    unbalanced("lane[*].right.touched", NOT_RIGHT_TOUCHED, Set(1), Bus::Node),
    broken("lane[*].right.touched", NOT_LEFT_TOUCHED, Set(0), ONE_STAGE),
    broken("lane[*].right.new[0]", NOT_RIGHT_TOUCHED, Add(1), UNTOUCHED),
    broken("lane[*].right.old[7]", NOT_RIGHT_TOUCHED, Add(1), UNTOUCHED),
    broken("lane[*].right.old[0]", RIGHT_TOUCHED, Add(1), OLD),
    broken("lane[*].right.new[7]", RIGHT_TOUCHED, Add(1), NEW),
    unbalanced("lane[*].right.old[0]", RIGHT_TOUCHED, Add(1), Bus::Node),
    broken("lane[*].end", Where("lane[*].end", 1), Set(2), "end is boolean"),
    unbalanced("lane[*].end", IS_SLOT, Set(1), Bus::Node),
    broken("lane[*].end", LEVEL_3, Set(1), STAGE_END),
    unbalanced("lane[*].end", Where("lane[*].level", 15), Set(0), Bus::Node),
    broken("lane[*].end", IS_ROOT, Set(0), "the root ends its stage"),
    unbalanced("lane[*].level", LEVEL_3, Add(1), Bus::Node),
    broken("lane[*].level", IS_ROOT, Set(14), STAGE_END),
    broken("lane[*].space", IS_SLOT, Set(0), "slots lie in space 1 or 2"),
    broken("lane[*].space", IS_SLOT, Set(3), "slots lie in space 1 or 2"),
    unbalanced("lane[*].space", IS_SLOT, Set(2), Bus::Node),
    unbalanced("lane[*].space", IS_LO, Add(1), Bus::Node),
    unbalanced("lane[*].space", IS_ROOT, Set(1), Bus::Node),
    broken("lane[*].slot", IS_SLOT, Add(1), LEFT_SLOT),
    broken("lane[*].left_slot", IS_SLOT, Add(1), LEFT_SLOT),
    broken("lane[*].slot", IS_ROOT, Add(1), LEFT_SLOT),
    unbalanced("lane[*].slot", IS_ROOT, Add(1), Bus::Node),
    unbalanced("lane[*].left_slot", IS_SLOT, Add(2), Bus::Node),
    broken("lane[*].lo", IS_LO, Add(1), LEFT_LO),
    broken("lane[*].left_lo", IS_LO, Add(1), LEFT_LO),
    broken("lane[*].lo", IS_ROOT, Add(1), LEFT_LO),
    unbalanced("lane[*].lo", IS_ROOT, Add(1), Bus::Node),
    unbalanced("lane[*].left_lo", IS_LO, Add(2), Bus::Node),
    broken("lane[*].hi", IS_HI, Add(1), LEFT_HI),
    broken("lane[*].left_hi", IS_HI, Add(1), LEFT_HI),
    broken("lane[*].hi", IS_ROOT, Add(1), LEFT_HI),
    unbalanced("lane[*].hi", IS_ROOT, Add(1), Bus::Node),
    unbalanced("lane[*].left_hi", IS_HI, Add(2), Bus::Node),
    broken("lane[*].old.beginning[0]", IS_LO, Add(1), OLD),
    broken("lane[*].old.partial[19]", IS_LO, Add(1), OLD),
    broken("lane[*].old.ending[48]", IS_ROOT, Add(1), OLD),
    unbalanced("lane[*].old.ending[48]", IS_ROOT, Add(1), Bus::Node),
    broken("lane[*].new.beginning[0]", IS_LO, Add(1), NEW),
    broken("lane[*].new.partial[19]", IS_LO, Add(1), NEW),
    broken("lane[*].new.ending[48]", IS_ROOT, Add(1), NEW),
    unbalanced("lane[*].new.ending[48]", IS_ROOT, Add(1), Bus::Node),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "node", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "node", column, at, change, expect: Expect::Bus(bus) }
}
