//! Constraints of `pack`: none but those of the memory.

use super::columns::{PackColumns, PackFixed};
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::recursion::machine::{base_message, message};

pub(in crate::recursion) fn constrain<B: ChipBuilder>(b: &mut B) {
    let row: PackColumns<B::Var> = b.local();
    let key: PackFixed<B::Var> = b.fixed();
    for ((x, address), count) in row.value.into_iter().zip(key.base_address).zip(key.base_count) {
        b.port(Bus::Value, base_message::<B>(address, x), count);
    }
    b.port(Bus::Value, message(key.address, row.value), key.count);
}
