//! What passes from row to row, and the ends of the trace.

use aludel_protocol::{F, fe};
use p3_field::Algebra;

use super::calls::body_start;
use super::columns::{Flags, State, TransactionColumns};
use crate::builder::ChipBuilder;
use crate::bus::Bus;

/// Time that a row takes: six accesses, rounded up.
pub(super) const CLOCK_STEP: u32 = 8;

/// Values of one limb.
pub(super) const LIMB: F = fe(1 << 16);

impl<E: Algebra<F>> TransactionColumns<E> {
    /// The state after the row, of degree 2. After a seal the operator is free instead.
    pub(super) fn after(&self) -> State<E> {
        let s = &self.state;
        let (deposit, entry, seal) = (self.deposit(), self.entry(), self.seal.clone());
        let unsealed = E::ONE - seal.clone();
        let start = body_start::<E>();
        State {
            chain_id: s.chain_id.clone(),
            sealed: choose(&seal, &self.number, &s.sealed),
            operator: s.operator.clone(),
            transfers: unsealed.clone() * s.transfers.clone() + self.transfer.clone(),
            queue_items: unsealed * s.queue_items.clone() + deposit.clone(),
            body: core::array::from_fn(|i| {
                entry.clone() * self.body_after[i].clone()
                    + seal.clone() * start[i].clone()
                    + self.padding.clone() * s.body[i].clone()
            }),
            headers: choose(&seal, &self.digest, &s.headers),
            queue: choose(&deposit, &self.queue_after, &s.queue),
            queue_index: [
                s.queue_index[0].clone() + deposit - self.queue_carry.clone() * LIMB,
                s.queue_index[1].clone() + self.queue_carry.clone(),
            ],
            clock: s.clock.clone() + fe(CLOCK_STEP),
        }
    }
}

/// `yes` where `condition` is one, `no` where it is zero.
fn choose<E: Algebra<F>, const N: usize>(condition: &E, yes: &[E; N], no: &[E; N]) -> [E; N] {
    core::array::from_fn(|i| no[i].clone() + condition.clone() * (yes[i].clone() - no[i].clone()))
}

/// Exactly one kind a row; the first row does something, the last does nothing, and nothing follows padding.
/// Padding follows a seal, so no entry is left outside a header.
pub(super) fn kinds<B: ChipBuilder>(
    b: &mut B,
    r: &TransactionColumns<B::Expr>,
    next: &TransactionColumns<B::Expr>,
) {
    let flags = b.fixed::<Flags<B::Var>>();
    for kind in [&r.transfer, &r.to_account, &r.to_key, &r.seal, &r.padding] {
        b.assert_bool("kind is boolean", kind.clone());
    }
    b.assert_eq("one kind a row", r.real() + r.padding.clone(), fe(1));
    b.when("first row is not padding", flags.first, r.padding.clone());
    b.when("last row is padding", flags.last, r.real());
    let inside = b.is_transition();
    b.when("padding to the end", inside.clone() * r.padding.clone(), next.real());
    b.when("an entry's batch is sealed", inside * r.entry(), next.padding.clone());
}

/// The number of the batch, and the carries of both counters.
///
/// `sealed` and `queue_index` begin as the statement's limbs, and every row but padding range-checks `number`
/// and `queue_index`. After a deposit comes such a row, so each sum is checked where it is taken up: between
/// limbs in range only the right carry fits, and `2^32` has no limbs.
pub(super) fn counters<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    b.assert_bool("number carry is boolean", r.number_carry.clone());
    let low = r.state.sealed[0].clone() + fe(1) - r.number_carry.clone() * LIMB;
    b.assert_eq("number follows the last sealed", r.number[0].clone(), low);
    let high = r.state.sealed[1].clone() + r.number_carry.clone();
    b.assert_eq("number follows the last sealed", r.number[1].clone(), high);
    b.assert_bool("queue carry is boolean", r.queue_carry.clone());
    b.when("queue index moves with items only", r.queue_carry.clone(), B::Expr::from(fe(1)) - r.deposit());
}

/// The first row begins a batch, at time 8.
pub(super) fn first_row<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let first = b.fixed::<Flags<B::Var>>().first;
    b.when_eq("clock starts at 8", first, r.state.clock.clone(), fe(CLOCK_STEP));
    b.when("counts start at zero", first, r.state.transfers.clone());
    b.when("counts start at zero", first, r.state.queue_items.clone());
    b.when_all_eq("body starts", first, r.state.body.clone(), body_start::<B::Expr>());
}

/// The next row goes on from this one's result.
pub(super) fn carried<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>, next: &State<B::Expr>) {
    let after = r.after();
    let inside = b.is_transition();
    b.when_all_eq("chain id is carried", inside.clone(), next.chain_id.clone(), after.chain_id);
    b.when_all_eq("last sealed is carried", inside.clone(), next.sealed.clone(), after.sealed);
    let unsealed = inside.clone() * (B::Expr::from(fe(1)) - r.seal.clone());
    b.when_all_eq("operator is the batch's", unsealed, next.operator.clone(), after.operator);
    b.when_eq("transfers are counted", inside.clone(), next.transfers.clone(), after.transfers);
    b.when_eq("queue items are counted", inside.clone(), next.queue_items.clone(), after.queue_items);
    b.when_all_eq("body is carried", inside.clone(), next.body.clone(), after.body);
    b.when_all_eq("headers are carried", inside.clone(), next.headers.clone(), after.headers);
    b.when_all_eq("queue is carried", inside.clone(), next.queue.clone(), after.queue);
    b.when_all_eq("queue index is carried", inside.clone(), next.queue_index.clone(), after.queue_index);
    b.when_eq("clock advances by 8", inside, next.clock.clone(), after.clock);
}

/// Takes the chain from the statement before the first row, and gives it back on the last, which is padding:
/// the state before it is the state after all.
pub(super) fn boundaries<B: ChipBuilder>(b: &mut B, s: &State<B::Expr>) {
    let flags = b.fixed::<Flags<B::Var>>();
    let message = |end: u32| {
        [&[B::Expr::from(fe(end))], &s.chain_id[..], &s.sealed, &s.headers, &s.queue, &s.queue_index].concat()
    };
    b.receive(Bus::Boundary, message(0), flags.first);
    b.send(Bus::Boundary, message(1), flags.last);
}
