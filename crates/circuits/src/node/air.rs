//! Constraints of `node`.
//!
//! Why every real row lies in one of the trees below the statement's root and below the seals of batches, at the place
//! that it names. *Up:* a row's own message must be received one level above: by a row, by the statement, or by a seal,
//! which receives in space 2 at the end of the slot's walk. Levels do not come back within fewer than `p` rows, so every
//! row hangs below one of these. *Down:* from there, coordinates begin at 0, or at the batch's number where the seal has
//! it, and those that are walked double, so each is an integer of as many bits as were walked, and names one parent.
//! *Bottom:* a row other than the root has a touched child, so every branch goes down to where a cell or a withdrawal
//! enters.
//!
//! Why the trees do not meet: a row's space is its children's, but for the root's right child, which is in the next one.
//! The statement's root row has space 0, and only the statement receives root rows, so what hangs below it is in
//! spaces 0 and 1, and what is in space 2 hangs below seals. Cells enter in spaces 0 and 1, withdrawals in space 2. No two
//! seals have one number, so of any place in space 2, too, there is at most one row.
//!
//! The root row alone may have no touched child: a run that touches no cell.

use aludel_protocol::hash::DIGEST;
use p3_field::PrimeCharacteristicRing;

use super::columns::{NodeChild, NodeColumns, NodeLane};
use crate::builder::ChipBuilder;
use crate::bus::Bus;
use crate::chip::Chip;
use crate::columns::{Columns, names};

/// The chip.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Base-2 logarithm of its height.
    pub log_height: usize,
}

impl Chip for Node {
    fn name(&self) -> &'static str {
        "node"
    }

    fn width(&self) -> usize {
        <NodeColumns<u8> as Columns<u8>>::WIDTH
    }

    fn column_names(&self) -> Vec<String> {
        names::<NodeColumns<u8>>()
    }

    fn log_height(&self) -> usize {
        self.log_height
    }

    fn reads_next(&self) -> bool {
        false
    }

    fn constrain<B: ChipBuilder>(&self, b: &mut B) {
        let row: NodeColumns<B::Var> = b.local();
        for lane in &row.lane {
            stage(b, lane);
            coordinates(b, lane);
            untouched(b, &lane.left);
            untouched(b, &lane.right);
            receive_children(b, lane);
            send_node(b, lane);
        }
    }
}

fn real<B: ChipBuilder>(lane: &NodeLane<B::Var>) -> B::Expr {
    lane.is_slot.into() + lane.is_lo.into() + lane.is_hi.into() + lane.is_root.into()
}

/// The stage of the children.
fn stage_number<B: ChipBuilder>(lane: &NodeLane<B::Var>) -> B::Expr {
    lane.is_lo.into() + lane.is_hi.into().double() + lane.is_root.into() * B::Expr::from_u8(3)
}

fn stage<B: ChipBuilder>(b: &mut B, lane: &NodeLane<B::Var>) {
    for flag in [lane.is_slot, lane.is_lo, lane.is_hi, lane.is_root] {
        b.assert_bool("stage flag is boolean", flag);
    }
    let [left, right] = [lane.left.touched, lane.right.touched];
    b.assert_bool("left touched is boolean", left);
    b.assert_bool("right touched is boolean", right);
    let any_touched = left.into() + right.into() - left.into() * right.into();
    let below_root = lane.is_slot.into() + lane.is_lo.into() + lane.is_hi.into();
    let not_root = B::Expr::ONE - lane.is_root.into();
    b.assert_eq("one stage where a child is touched, else none", below_root, any_touched * not_root);
    b.assert_bool("end is boolean", lane.end);
    b.when_eq("a stage ends at level 15", lane.end, lane.level, B::Expr::from_u8(15));
    b.when_eq("the root ends its stage", lane.is_root, lane.end, B::Expr::ONE);
    let [state, withdrawals] = [1, 2].map(|space| lane.space.into() - B::Expr::from_u8(space));
    b.when("slots lie in space 1 or 2", lane.is_slot, state * withdrawals);
}

/// The left child's walked coordinate is twice the node's; the others carry over.
fn coordinates<B: ChipBuilder>(b: &mut B, lane: &NodeLane<B::Var>) {
    let left = |own: B::Var, walked: B::Var| own.into() + walked.into() * own.into();
    b.assert_eq("left slot", lane.left_slot, left(lane.slot, lane.is_slot));
    b.assert_eq("left lo", lane.left_lo, left(lane.lo, lane.is_lo));
    b.assert_eq("left hi", lane.left_hi, left(lane.hi, lane.is_hi));
}

fn untouched<B: ChipBuilder>(b: &mut B, child: &NodeChild<B::Var>) {
    let untouched = B::Expr::ONE - child.touched.into();
    b.when_all_eq("an untouched child keeps its digest", untouched, child.new, child.old);
}

fn receive_children<B: ChipBuilder>(b: &mut B, lane: &NodeLane<B::Var>) {
    let level = lane.level.into() - lane.is_root.into() * B::Expr::from_u8(15);
    for (child, right) in [(&lane.left, B::Expr::ZERO), (&lane.right, B::Expr::ONE)] {
        let bit = |flag: B::Var| flag.into() * right.clone();
        let place = [
            lane.space.into() + bit(lane.is_root),
            stage_number::<B>(lane),
            level.clone(),
            lane.left_slot.into() + bit(lane.is_slot),
            lane.left_lo.into() + bit(lane.is_lo),
            lane.left_hi.into() + bit(lane.is_hi),
        ];
        let digests = child.old.into_iter().chain(child.new).map(Into::into);
        b.receive(Bus::Node, place.into_iter().chain(digests).collect(), child.touched);
    }
}

fn send_node<B: ChipBuilder>(b: &mut B, lane: &NodeLane<B::Var>) {
    let old = lane.old.compress(b, "old digest = compress16(children)", inputs::<B>(lane, |c| c.old));
    let new = lane.new.compress(b, "new digest = compress16(children)", inputs::<B>(lane, |c| c.new));
    let end = lane.end.into();
    let place = [
        lane.space.into(),
        stage_number::<B>(lane) + end.clone(),
        lane.level.into() + B::Expr::ONE - end * B::Expr::from_u8(16),
        lane.slot.into(),
        lane.lo.into(),
        lane.hi.into(),
    ];
    b.send(Bus::Node, place.into_iter().chain(old).chain(new).collect(), real::<B>(lane));
}

fn inputs<B: ChipBuilder>(
    lane: &NodeLane<B::Var>,
    side: impl Fn(&NodeChild<B::Var>) -> [B::Var; DIGEST],
) -> [B::Expr; 2 * DIGEST] {
    let (left, right) = (side(&lane.left), side(&lane.right));
    core::array::from_fn(|i| if i < DIGEST { left[i] } else { right[i - DIGEST] }.into())
}
