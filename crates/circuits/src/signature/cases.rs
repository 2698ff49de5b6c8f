//! Corruptions of `signature` and who refuses each.
//!
//! Rows are those of the first block, which is a signature: 0 to 22 leaf, 23 to 42 tree, 43 key, 44 message. Bit 1
//! of its epoch is 0, so that on row 24 the running node is the left child.

use crate::bus::Bus;
use crate::tamper::At::{self, Row, Where};
use crate::tamper::Change::{self, Add, Set};
use crate::tamper::{Case, Expect};

const CHILD: &str = "signature: running node is a child";
const DECODED: &str = "signature: message hash is decoded";
const DIGIT_OF_SIX: At = Where("threes[0]", 2);
const DIGIT_OF_SEVEN: At = Where("bit[1]", 1);
const EPOCH: &str = "signature: epoch continues";
const GOES_ON: &str = "signature: leaf goes on";
const HASH: &str = "signature hash";
const KEY: At = Row(43);
const KEY_PREFIX: &str = "signature: key prefix";
const LEAF_PREFIX: &str = "signature: leaf prefix";
const MESSAGE: At = Row(44);
const NODE_PREFIX: &str = "signature: node prefix";
const PARAMETER: &str = "signature: parameter continues";
const TAKES_DIGITS: &str = "signature: word takes the digits";
const TAKES_ROOT: &str = "signature: key takes the root";
const WALKED: At = Where("ones[0]", 1);
const WORDS: &str = "signature: words continue";
const WORDS_MOVE: &str = "signature: words move up";

/// Each column, constraint and bus.
pub const CASES: &[Case] = &[
    broken("x[0]", Row(0), Add(5), LEAF_PREFIX),
    broken("x[1]", Row(0), Add(5), LEAF_PREFIX),
    broken("x[7]", Row(0), Add(5), LEAF_PREFIX),
    broken("x[0]", Row(1), Add(5), GOES_ON),
    broken("x[7]", Row(22), Add(5), GOES_ON),
    unbalanced("x[8]", WALKED, Add(5), Bus::Chain),
    broken("x[16]", Row(22), Add(5), HASH),
    broken("x[0]", Row(23), Add(5), NODE_PREFIX),
    broken("x[2]", Row(42), Add(5), NODE_PREFIX),
    broken("x[3]", Row(30), Add(5), NODE_PREFIX),
    broken("x[1]", Row(23), Add(5), "signature: leaf index is the epoch"),
    broken("x[1]", Row(24), Add(5), "signature: node index halves"),
    broken("x[1]", Row(42), Add(5), "signature: root index is zero"),
    broken("x[8]", Row(24), Add(5), CHILD),
    broken("x[15]", Row(24), Add(5), CHILD),
    broken("x[0]", KEY, Add(5), KEY_PREFIX),
    broken("x[1]", KEY, Add(5), KEY_PREFIX),
    broken("x[8]", KEY, Add(5), TAKES_ROOT),
    broken("x[15]", KEY, Add(5), TAKES_ROOT),
    broken("x[16]", KEY, Add(5), "signature: key ends in zeros"),
    broken("x[23]", KEY, Add(5), "signature: key ends in zeros"),
    unbalanced("x[0]", KEY, Add(5), Bus::Auth),
    broken("x[1]", MESSAGE, Add(5), "signature: message prefix"),
    unbalanced("x[8]", MESSAGE, Add(5), Bus::Auth),
    broken("x[16]", MESSAGE, Add(5), HASH),
    broken("permutation.beginning[95]", Row(3), Add(5), HASH),
    broken("permutation.partial[22]", MESSAGE, Add(5), HASH),
    broken("permutation.ending[72]", At::Last, Add(5), HASH),
    broken("permutation.ending[72]", MESSAGE, Add(5), DECODED),
    broken("permutation.ending[72]", Row(3), Add(5), GOES_ON),
    unbalanced("permutation.ending[72]", KEY, Add(5), Bus::Auth),
    broken("parameter[0]", Row(1), Add(5), PARAMETER),
    broken("parameter[4]", MESSAGE, Add(5), PARAMETER),
    unbalanced("parameter[0]", WALKED, Add(5), Bus::Chain),
    broken("epoch", Row(0), Add(5), EPOCH),
    broken("epoch", MESSAGE, Add(5), EPOCH),
    unbalanced("epoch", KEY, Add(5), Bus::Auth),
    broken("bit[1]", KEY, Set(2), "signature: bit is boolean"),
    broken("bit[0]", MESSAGE, Set(0), "signature: padding is a whole block"),
    unbalanced("bit[0]", KEY, Set(0), Bus::Auth),
    unbalanced("bit[1]", DIGIT_OF_SEVEN, Set(0), Bus::Chain),
    broken("threes[0]", Row(0), Set(3), "signature: threes below 3"),
    broken("ones[1]", Row(30), Set(3), "signature: ones below 3"),
    broken("ones[0]", DIGIT_OF_SIX, Set(1), "signature: digit below 7 without its bit"),
    broken("ones[1]", DIGIT_OF_SEVEN, Set(1), "signature: digit is 7 with its bit"),
    unbalanced("ones[0]", WALKED, Set(0), Bus::Chain),
    broken("sum", Row(0), Add(5), "signature: sum begins at zero"),
    broken("sum", Row(23), Add(5), "signature: sum adds the digits"),
    broken("sum", KEY, Add(5), "signature: sum continues"),
    broken("sum", KEY, Add(5), "signature: sum is the target"),
    unbalanced("accumulator", Row(0), Set(1), Bus::Range16),
    unbalanced("accumulator", Row(20), Set(1), Bus::Range16),
    broken("accumulator", Row(22), Add(5), TAKES_DIGITS),
    broken("accumulator", MESSAGE, Add(5), "signature: last word continues"),
    broken("words[0]", MESSAGE, Add(5), WORDS),
    broken("words[0]", MESSAGE, Add(5), DECODED),
    broken("words[0]", Row(4), Add(5), WORDS_MOVE),
    broken("words[3]", Row(20), Add(5), WORDS_MOVE),
    broken("words[4]", Row(20), Add(5), "signature: word is kept"),
];

const fn broken(column: &'static str, at: At, change: Change, name: &'static str) -> Case {
    Case { chip: "signature", column, at, change, expect: Expect::Constraint(name) }
}

const fn unbalanced(column: &'static str, at: At, change: Change, bus: Bus) -> Case {
    Case { chip: "signature", column, at, change, expect: Expect::Bus(bus) }
}
