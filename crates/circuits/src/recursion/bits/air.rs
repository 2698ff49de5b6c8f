//! Constraints of `bits`.
//!
//! 31 bits are a number below `2^31`, which may be the element or the element and `p`. As `p = 127 2^24 + 1`, the number is below `p`
//! just where the lower 24 bits are zero or one of the upper seven is. So `ones` is the product of the upper seven, and no lower
//! bit is one beside it. Element, index, point and bits come from the same rows: they cannot differ.

use super::columns::{BitsColumns, BitsFixed};
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::recursion::machine::base_message;

pub(in crate::recursion) fn constrain<B: ChipBuilder>(b: &mut B) {
    let row: BitsColumns<B::Var> = b.local();
    let next: BitsColumns<B::Var> = b.next();
    let key: BitsFixed<B::Var> = b.fixed();
    let next_key: BitsFixed<B::Var> = b.fixed_next();
    let e = Into::<B::Expr>::into;
    let one = || B::Expr::from(aludel_protocol::fe(1));

    b.assert_bool("bit is boolean", row.bit);
    let goes_on = one() - e(next_key.first);
    let prefix = e(row.prefix);
    b.assert_eq(
        "prefix doubles and takes the bit",
        next.prefix,
        goes_on.clone() * (prefix.clone() + prefix) + e(next.bit),
    );
    let ones = e(row.ones);
    b.assert_eq(
        "ones is the product of the upper seven bits",
        next.ones,
        (e(next_key.first) + e(next_key.top) * ones.clone()) * e(next.bit) + e(next_key.low) * ones.clone(),
    );
    b.when("an element is canonical", key.low, ones * e(row.bit));
    let index = e(row.index);
    b.assert_eq(
        "index doubles and takes the bit",
        next.index,
        goes_on.clone() * (one() + e(next_key.indexed)) * index + e(next_key.indexed) * e(next.bit),
    );
    // A root is not 0 only where an element goes on.
    let point = e(row.point);
    b.assert_eq(
        "point takes the root where the bit is one",
        next.point,
        e(next_key.first) + goes_on * point.clone() + e(next_key.root) * e(next.bit) * point,
    );

    b.read(Bus::Value, base_message::<B>(key.element, row.prefix), key.last);
    b.port(Bus::Value, base_message::<B>(key.bit_address, row.bit), key.bit_count);
    b.port(Bus::Value, base_message::<B>(key.index_address, row.index), key.index_count);
    b.port(Bus::Value, base_message::<B>(key.point_address, row.point), key.point_count);
}
