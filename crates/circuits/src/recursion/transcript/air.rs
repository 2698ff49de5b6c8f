//! Constraints of `transcript`: Plonky3's `DuplexChallenger`. The rate is overwritten by what is absorbed, the length is added to the
//! first element of the capacity; a squeeze with nothing to absorb permutes the state as it is, which at the beginning is zero.
//!
//! Every element of the rate of a row that absorbs has a port: an element that is absorbed, or a zero of the memory.

use super::columns::{RATE, TranscriptColumns, TranscriptFixed};
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::recursion::machine::base_message;

pub(in crate::recursion) fn constrain<B: ChipBuilder>(b: &mut B) {
    let row: TranscriptColumns<B::Var> = b.local();
    let next: TranscriptColumns<B::Var> = b.next();
    let key: TranscriptFixed<B::Var> = b.fixed();
    let next_key: TranscriptFixed<B::Var> = b.fixed_next();
    let one = B::Expr::from(aludel_protocol::fe(1));

    row.permutation.assert(b, "the state is permuted", row.state.map(Into::into));
    let out = row.permutation.output();
    let goes_on = one - next_key.begin.into();
    for (i, before) in out.into_iter().enumerate() {
        let mut before = goes_on.clone() * before.into();
        if i < RATE {
            b.when_eq("a squeeze keeps the rate", next_key.squeezed, next.state[i], before);
            continue;
        }
        if i == RATE {
            before += next_key.absorbed.into();
        }
        b.assert_eq("the capacity goes on", next.state[i], before);
    }
    for (i, out) in out.into_iter().enumerate().take(RATE) {
        b.port(Bus::Value, base_message::<B>(key.in_address[i], row.state[i]), key.in_count[i]);
        b.port(Bus::Value, base_message::<B>(key.out_address[i], out), key.out_count[i]);
    }
}
