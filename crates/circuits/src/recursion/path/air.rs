//! Constraints of `path`: a leaf, its siblings, an entry of the cap.
//!
//! The index ends as the place of an entry of a cap; each step has `index = 2 next + bit`. A program's trees have at most 24 levels
//! ([`LEVELS`](crate::recursion::circuit::LEVELS)). So bits and place together are a number below `2^24` that equals the index modulo `p`: its
//! own bits, and an index that is larger has no path.
//!
//! So that one expression serves the start and injections, both take their digest as the child that `bit` does *not* choose, and
//! the first step's bit is the other one.

use aludel_protocol::fe;

use super::columns::{PathColumns, PathFixed};
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::recursion::machine::base_message;

pub(in crate::recursion) fn constrain<B: ChipBuilder>(b: &mut B) {
    let row: PathColumns<B::Var> = b.local();
    let next: PathColumns<B::Var> = b.next();
    let key: PathFixed<B::Var> = b.fixed();
    let next_key: PathFixed<B::Var> = b.fixed_next();
    let e = Into::<B::Expr>::into;
    let one = || B::Expr::from(fe(1));
    let two = || B::Expr::from(fe(2));

    let children = core::array::from_fn(|i| e(if i < 8 { row.left[i] } else { row.right[i - 8] }));
    let out = row.permutation.truncate(b, "the children are compressed", children);
    b.assert_bool("bit is boolean", row.bit);
    b.when("an injection and a bare leaf take no bit", e(key.inject) + e(key.bare), row.bit);
    // The one that `bit` chooses, `bit right + (1 - bit) left`, goes on from the row before.
    for ((left, right), out) in next.left.into_iter().zip(next.right).zip(&out) {
        let chosen = e(left) + e(next.bit) * (e(right) - e(left));
        b.when_eq("the digest goes on", key.linked, chosen, out.clone());
    }
    let before = (two() - e(next_key.inject)) * e(next.index) + e(next.bit);
    b.when_eq("the index goes on", key.linked, before, row.index);

    let other = (0..8).map(|i| e(row.right[i]) + e(row.bit) * (e(row.left[i]) - e(row.right[i])));
    let digest = core::iter::once(e(key.digest)).chain(other);
    b.receive(Bus::Digest, digest.collect(), e(key.start) + e(key.inject));
    let step = one() - e(key.bare);
    let index = (one() + step.clone()) * e(row.index) + step * (one() - e(row.bit));
    b.read(Bus::Value, base_message::<B>(key.index, index), key.start);
    let entry = out.into_iter().zip(row.right).map(|(out, leaf)| out.clone() + e(key.bare) * (e(leaf) - out));
    let entry = [e(key.tree), e(row.index)].into_iter().chain(entry);
    b.lookup(Bus::Cap, entry.collect(), key.end);
}
