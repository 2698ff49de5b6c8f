//! Corruptions of `cell` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::Where;
use crate::tamper::Case;
use crate::tamper::Change::{Add, Set};

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    Case::constraint("cell", "real", Where("real", 1), Set(2), "real is boolean"),
    Case::bus("cell", "real", Where("real", 0), Set(1), Bus::Node),
    Case::bus("cell", "real", Where("real", 1), Set(0), Bus::Node),
    Case::constraint("cell", "space", Where("space", 1), Set(2), "space is boolean"),
    Case::bus("cell", "space", Where("space", 1), Set(0), Bus::Node),
    Case::bus("cell", "space", Where("space", 0), Set(1), Bus::Hash24),
    Case::constraint("cell", "slot", Where("space", 0), Set(1), "an account cell has slot 0"),
    Case::bus("cell", "slot", Where("space", 1), Add(1), Bus::Node),
    Case::bus("cell", "hi", Where("real", 1), Add(1), Bus::Node),
    Case::bus("cell", "lo", Where("real", 1), Add(1), Bus::Hash24),
    Case::bus("cell", "lo", Where("real", 1), Add(1), Bus::Cell),
    Case::bus("cell", "time", Where("real", 1), Add(1), Bus::Cell),
    Case::bus("cell", "time", Where("real", 1), Set(0), Bus::Cell),
    Case::bus("cell", "initial[0]", Where("initial[11]", 1), Add(1), Bus::Hash24),
    Case::bus("cell", "initial[19]", Where("initial[11]", 1), Add(1), Bus::Cell),
    Case::constraint("cell", "initial[11]", Where("initial[11]", 1), Set(2), "existence is boolean"),
    Case::constraint("cell", "initial[11]", Where("real", 0), Set(1), "padding has no cell"),
    Case::constraint("cell", "initial[11]", Where("initial[11]", 1), Set(0), "an absent cell is empty"),
    Case::constraint("cell", "initial[11]", Where("initial[11]", 1), Set(0), "an absent cell has digest 0"),
    Case::bus("cell", "initial[11]", Where("initial[11]", 0), Set(1), Bus::Hash24),
    Case::constraint("cell", "initial[0]", Where("initial[11]", 0), Add(1), "an absent cell is empty"),
    Case::constraint("cell", "initial[19]", Where("initial[11]", 0), Add(1), "an absent cell is empty"),
    Case::constraint("cell", "old[7]", Where("initial[11]", 0), Add(1), "an absent cell has digest 0"),
    Case::bus("cell", "old[0]", Where("initial[11]", 1), Add(1), Bus::Hash24),
    Case::bus("cell", "old[7]", Where("initial[11]", 1), Add(1), Bus::Node),
    Case::bus("cell", "last[0]", Where("last[11]", 1), Add(1), Bus::Hash24),
    Case::bus("cell", "last[19]", Where("last[11]", 1), Add(1), Bus::Cell),
    Case::constraint("cell", "last[11]", Where("last[11]", 1), Set(2), "existence is boolean"),
    Case::constraint("cell", "last[11]", Where("real", 0), Set(1), "padding has no cell"),
    Case::constraint("cell", "last[11]", Where("last[11]", 1), Set(0), "an absent cell is empty"),
    Case::constraint("cell", "last[11]", Where("last[11]", 1), Set(0), "an absent cell has digest 0"),
    Case::bus("cell", "last[11]", Where("last[11]", 0), Set(1), Bus::Hash24),
    Case::constraint("cell", "last[0]", Where("last[11]", 0), Add(1), "an absent cell is empty"),
    Case::constraint("cell", "last[19]", Where("last[11]", 0), Add(1), "an absent cell is empty"),
    Case::constraint("cell", "new[7]", Where("last[11]", 0), Add(1), "an absent cell has digest 0"),
    Case::bus("cell", "new[0]", Where("last[11]", 1), Add(1), Bus::Hash24),
    Case::bus("cell", "new[7]", Where("last[11]", 1), Add(1), Bus::Node),
];
