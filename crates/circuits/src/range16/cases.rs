//! Corruptions of `range16` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::Where;
use crate::tamper::Case;
use crate::tamper::Change::Add;

/// Each column and bus.
pub const CASES: &[Case] = &[Case::bus("range16", "count", Where("count", 1), Add(1), Bus::Range16)];
