//! Constraints of `caps`.

use super::columns::{CapsColumns, CapsFixed};
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::recursion::machine::base_message;

pub(in crate::recursion) fn constrain<B: ChipBuilder>(b: &mut B) {
    let row: CapsColumns<B::Var> = b.local();
    let key: CapsFixed<B::Var> = b.fixed();
    for (i, x) in (0..).zip(row.digest) {
        let address = Into::<B::Expr>::into(key.address) + aludel_protocol::fe(i);
        b.read(Bus::Value, base_message::<B>(address, x), key.real);
    }
    // A row without an entry offers one of its own making, of a tree and a place that no path of a program has: trees count from 1.
    let place = [key.tree, key.index].into_iter().chain(row.digest).map(Into::into);
    b.provide(Bus::Cap, place.collect(), row.count);
}
