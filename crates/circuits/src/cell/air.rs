//! Constraints of `cell`.

use aludel_protocol::Payload;
use aludel_protocol::hash::{DIGEST, Tag};
use aludel_protocol::params::PAYLOAD;
use p3_field::PrimeCharacteristicRing;

use super::columns::CellColumns;
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::chip::Chip;
use crate::columns::{Columns, names};

/// The chip.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Base-2 logarithm of its height.
    pub log_height: usize,
}

impl Chip for Cell {
    fn name(&self) -> &'static str {
        "cell"
    }

    fn width(&self) -> usize {
        <CellColumns<u8> as Columns<u8>>::WIDTH
    }

    fn column_names(&self) -> Vec<String> {
        names::<CellColumns<u8>>()
    }

    fn log_height(&self) -> usize {
        self.log_height
    }

    fn reads_next(&self) -> bool {
        false
    }

    fn constrain<B: ChipBuilder>(&self, b: &mut B) {
        let row: CellColumns<B::Var> = b.local();
        b.assert_bool("real is boolean", row.real);
        b.assert_bool("space is boolean", row.space);
        b.when("an account cell has slot 0", B::Expr::ONE - row.space.into(), row.slot);
        leaf(b, &row, row.initial, row.old);
        leaf(b, &row, row.last, row.new);
        access(b, &row);
        enter_tree(b, &row);
    }
}

/// The digest of what the cell holds.
fn leaf<B: ChipBuilder>(
    b: &mut B,
    row: &CellColumns<B::Var>,
    payload: [B::Var; PAYLOAD],
    digest: [B::Var; DIGEST],
) {
    let exists = payload[Payload::EXISTS];
    let absent = B::Expr::ONE - exists.into();
    b.assert_bool("existence is boolean", exists);
    b.when("padding has no cell", B::Expr::ONE - row.real.into(), exists);
    for x in payload {
        b.when("an absent cell is empty", absent.clone(), x);
    }
    for x in digest {
        b.when("an absent cell has digest 0", absent.clone(), x);
    }
    let tag = B::Expr::from(Tag::AccountCell.fe()) + row.space.into();
    let address = [row.hi, row.lo, row.slot];
    let input = address.into_iter().chain(payload).chain(digest).map(Into::into);
    b.lookup(Bus::Hash24, [tag].into_iter().chain(input).collect(), exists);
}

/// The first write of the shard and the last read: every access between has its place in one chain.
fn access<B: ChipBuilder>(b: &mut B, row: &CellColumns<B::Var>) {
    let address = [row.space, row.hi, row.lo, row.slot].map(Into::<B::Expr>::into);
    let message = |time: B::Expr, payload: [B::Var; PAYLOAD]| -> Vec<B::Expr> {
        address.iter().cloned().chain([time]).chain(payload.map(Into::into)).collect()
    };
    b.send(Bus::Cell, message(B::Expr::ZERO, row.initial), row.real);
    b.receive(Bus::Cell, message(row.time.into(), row.last), row.real);
}

/// An account's cell enters the tree where its number's bits begin, any other where its slot's do.
fn enter_tree<B: ChipBuilder>(b: &mut B, row: &CellColumns<B::Var>) {
    let stage = B::Expr::ONE - row.space.into();
    let place = [row.space.into(), stage, B::Expr::ZERO, row.slot.into(), row.lo.into(), row.hi.into()];
    let digests = row.old.into_iter().chain(row.new).map(Into::into);
    b.send(Bus::Node, place.into_iter().chain(digests).collect(), row.real);
}
