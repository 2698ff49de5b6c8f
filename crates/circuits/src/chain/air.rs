//! Constraints of `chain`.

use aludel_protocol::F;
use aludel_protocol::hash::Tag;
use aludel_protocol::params::XMSS_BASE;
use p3_field::{Field, PrimeCharacteristicRing};

use super::columns::{ChainColumns, ChainLane};
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::chip::Chip;
use crate::columns::{Columns, names};

/// The chip.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// Base-2 logarithm of its height.
    pub log_height: usize,
}

impl Chip for Chain {
    fn name(&self) -> &'static str {
        "chain"
    }

    fn width(&self) -> usize {
        <ChainColumns<u8> as Columns<u8>>::WIDTH
    }

    fn column_names(&self) -> Vec<String> {
        names::<ChainColumns<u8>>()
    }

    fn log_height(&self) -> usize {
        self.log_height
    }

    fn reads_next(&self) -> bool {
        true
    }

    fn constrain<B: ChipBuilder>(&self, b: &mut B) {
        let local: ChainColumns<B::Var> = b.local();
        let next: ChainColumns<B::Var> = b.next();
        for (local, next) in local.lanes.iter().zip(&next.lanes) {
            step(b, local, next);
        }
    }
}

fn step<B: ChipBuilder>(b: &mut B, local: &ChainLane<B::Var>, next: &ChainLane<B::Var>) {
    let end = local.permutation.compress(b, "chain step", input::<B>(local));
    b.assert_bool("chain: last is boolean", local.last);
    begin(b, local, next);
    go_on(b, local, next, &end);
    b.send(Bus::Chain, walked::<B>(local, end), local.last);
}

/// A walk begins in the first row and after each last step.
fn begin<B: ChipBuilder>(b: &mut B, local: &ChainLane<B::Var>, next: &ChainLane<B::Var>) {
    let first = b.is_first();
    b.when_eq("chain: the first row begins a walk", first, local.start, local.place);
    let ended = b.is_transition() * local.last;
    b.when_eq("chain: a walk begins after the last step", ended, next.start, next.place);
}

/// Any other step is followed by the next one; only the trace's end may cut a walk.
fn go_on<B: ChipBuilder>(b: &mut B, local: &ChainLane<B::Var>, next: &ChainLane<B::Var>, end: &[B::Expr; 8]) {
    let on = b.is_transition() * (B::Expr::ONE - local.last);
    b.when_all_eq("chain: the value goes on", on.clone(), next.value, end.clone());
    b.when_all_eq("chain: the parameter continues", on.clone(), next.parameter, local.parameter);
    b.when_eq("chain: the epoch continues", on.clone(), next.epoch, local.epoch);
    b.when_eq("chain: the start continues", on.clone(), next.start, local.start);
    b.when_eq("chain: the place advances by one", on, next.place, local.place.into() + F::ONE);
}

fn input<B: ChipBuilder>(local: &ChainLane<B::Var>) -> [B::Expr; 16] {
    core::array::from_fn(|i| match i {
        0..8 => local.value[i].into(),
        8..13 => local.parameter[i - 8].into(),
        13 => local.epoch.into(),
        14 => local.place.into() + Tag::XmssChain.with(0),
        _ => B::Expr::ZERO,
    })
}

/// The message of a walk whose last step this is, every field linear in the columns.
fn walked<B: ChipBuilder>(local: &ChainLane<B::Var>, end: [B::Expr; 8]) -> Vec<B::Expr> {
    let chain_start = local.place.into() - F::from_usize(XMSS_BASE - 2);
    let chain = chain_start.clone() * F::from_usize(XMSS_BASE).inverse();
    let digit = local.start.into() - chain_start;
    let key = local.parameter.into_iter().map(Into::into).chain([local.epoch.into(), chain, digit]);
    key.chain(end).collect()
}
