//! Corruptions of `statement` and who refuses each.

use crate::bus::Bus;
use crate::tamper::At::Row;
use crate::tamper::Case;
use crate::tamper::Change::{Add, Set};

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    Case::bus("statement", "chain_id[0]", Row(0), Add(1), Bus::Boundary),
    Case::bus("statement", "chain_id[3]", Row(0), Set(65536), Bus::Range16),
    Case::constraint("statement", "protocol_version", Row(0), Add(1), "version"),
    Case::constraint("statement", "config[0]", Row(0), Add(1), "config"),
    Case::constraint("statement", "config[7]", Row(0), Add(1), "config"),
    Case::bus("statement", "prev.number[0]", Row(0), Add(1), Bus::Boundary),
    Case::bus("statement", "prev.number[1]", Row(0), Set(65536), Bus::Range16),
    Case::bus("statement", "prev.number[1]", Row(0), Add(1), Bus::Hash24),
    Case::bus("statement", "prev.state_root[0]", Row(0), Add(1), Bus::Node),
    Case::bus("statement", "prev.state_root[7]", Row(0), Add(1), Bus::Hash24),
    Case::bus("statement", "prev.headers[7]", Row(0), Add(1), Bus::Boundary),
    Case::bus("statement", "prev.headers[0]", Row(0), Add(1), Bus::Hash24),
    Case::bus("statement", "prev.queue[0]", Row(0), Add(1), Bus::Boundary),
    Case::bus("statement", "prev.queue[7]", Row(0), Add(1), Bus::Hash24),
    Case::bus("statement", "prev.queue_index[0]", Row(0), Add(1), Bus::Boundary),
    Case::bus("statement", "prev.queue_index[1]", Row(0), Set(65536), Bus::Range16),
    Case::bus("statement", "prev.queue_index[0]", Row(0), Set(65536), Bus::Range16),
    Case::bus("statement", "next.number[0]", Row(0), Add(1), Bus::Boundary),
    Case::bus("statement", "next.number[1]", Row(0), Set(65536), Bus::Range16),
    Case::bus("statement", "next.number[1]", Row(0), Add(1), Bus::Hash24),
    Case::bus("statement", "next.state_root[0]", Row(0), Add(1), Bus::Node),
    Case::bus("statement", "next.state_root[7]", Row(0), Add(1), Bus::Hash24),
    Case::bus("statement", "next.headers[7]", Row(0), Add(1), Bus::Boundary),
    Case::bus("statement", "next.headers[0]", Row(0), Add(1), Bus::Hash24),
    Case::bus("statement", "next.queue[0]", Row(0), Add(1), Bus::Boundary),
    Case::bus("statement", "next.queue[7]", Row(0), Add(1), Bus::Hash24),
    Case::bus("statement", "next.queue_index[0]", Row(0), Add(1), Bus::Boundary),
    Case::bus("statement", "next.queue_index[1]", Row(0), Set(65536), Bus::Range16),
    Case::bus("statement", "next.queue_index[0]", Row(0), Set(65536), Bus::Range16),
    Case::bus("statement", "call[0].digest[0]", Row(0), Add(1), Bus::Hash24),
    Case::bus("statement", "call[1].digest[1]", Row(0), Add(1), Bus::Hash24),
    Case::bus("statement", "call[2].digest[2]", Row(0), Add(1), Bus::Hash24),
    Case::bus("statement", "call[3].digest[3]", Row(0), Add(1), Bus::Hash24),
    Case::bus("statement", "call[4].digest[4]", Row(0), Add(1), Bus::Hash24),
    Case::constraint("statement", "call[4].digest[0]", Row(0), Add(1), "the public values are the digest"),
];
