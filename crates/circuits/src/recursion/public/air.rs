//! Constraints of `public`.

use super::columns::{PublicColumns, PublicFixed, VALUES};
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::recursion::machine::base_message;

pub(in crate::recursion) fn constrain<B: ChipBuilder>(b: &mut B) {
    let row: PublicColumns<B::Var> = b.local();
    let next: PublicColumns<B::Var> = b.next();
    let key: PublicFixed<B::Var> = b.fixed();
    for i in 0..VALUES {
        let public = b.public(i);
        let first = b.is_first();
        b.when_eq("the first row is the public values", first, row.value[i], public);
        // The height is a multiple of the number of values, so the last row turns into the first.
        b.assert_eq("values turn", next.value[i], row.value[(i + 1) % VALUES]);
    }
    b.read(Bus::Value, base_message::<B>(key.address, row.value[0]), key.real);
}
