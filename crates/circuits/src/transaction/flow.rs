//! What passes from row to row, and the ends of the trace.

use aludel_protocol::{F, fe};
use p3_field::Algebra;

use super::calls::pubdata_start;
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
        let (item, entry, seal) = (self.item(), self.entry(), self.seal.clone());
        let unsealed = E::ONE - seal.clone();
        let start = pubdata_start::<E>();
        State {
            chain_id: s.chain_id.clone(),
            sealed: choose(&seal, &self.number, &s.sealed),
            operator: s.operator.clone(),
            transactions: unsealed.clone() * s.transactions.clone() + self.signed(),
            queue_items: unsealed.clone() * s.queue_items.clone() + item.clone(),
            withdrawals: unsealed * s.withdrawals.clone() + self.leaves(),
            pubdata: core::array::from_fn(|i| {
                entry.clone() * self.pubdata_after[i].clone()
                    + seal.clone() * start[i].clone()
                    + self.padding.clone() * s.pubdata[i].clone()
            }),
            headers: choose(&seal, &self.rolled, &s.headers),
            queue: choose(&item, &self.rolled, &s.queue),
            queue_index: [
                s.queue_index[0].clone() + item - self.queue_carry.clone() * LIMB,
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

/// The number of the batch, and the carries of both counters.
///
/// `sealed` and `queue_index` begin as the statement's limbs, and every row but padding range-checks `number`
/// and `queue_index`. After an item comes such a row, so each sum is checked where it is taken up: between
/// limbs in range only the right carry fits, and `2^32` has no limbs.
pub(super) fn counters<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    b.assert_bool("number carry is boolean", r.number_carry.clone());
    let low = r.state.sealed[0].clone() + fe(1) - r.number_carry.clone() * LIMB;
    b.assert_eq("number follows the last sealed", r.number[0].clone(), low);
    let high = r.state.sealed[1].clone() + r.number_carry.clone();
    b.assert_eq("number follows the last sealed", r.number[1].clone(), high);
    b.assert_bool("queue carry is boolean", r.queue_carry.clone());
    b.when("queue index moves with items only", r.queue_carry.clone(), B::Expr::from(fe(1)) - r.item());
}

/// The first row begins a batch, at time 8.
pub(super) fn first_row<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let first = b.fixed::<Flags<B::Var>>().first;
    b.when_eq("clock starts at 8", first, r.state.clock.clone(), fe(CLOCK_STEP));
    for count in [&r.state.transactions, &r.state.queue_items, &r.state.withdrawals] {
        b.when("counts start at zero", first, count.clone());
    }
    b.when_all_eq("pubdata starts", first, r.state.pubdata.clone(), pubdata_start::<B::Expr>());
}

/// The next row goes on from this one's result.
pub(super) fn carried<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>, next: &State<B::Expr>) {
    let after = r.after();
    let inside = b.is_transition();
    b.when_all_eq("chain id is carried", inside.clone(), next.chain_id.clone(), after.chain_id);
    b.when_all_eq("last sealed is carried", inside.clone(), next.sealed.clone(), after.sealed);
    let unsealed = inside.clone() * (B::Expr::from(fe(1)) - r.seal.clone());
    b.when_all_eq("operator is the batch's", unsealed, next.operator.clone(), after.operator);
    b.when_eq("transactions are counted", inside.clone(), next.transactions.clone(), after.transactions);
    b.when_eq("queue items are counted", inside.clone(), next.queue_items.clone(), after.queue_items);
    b.when_eq("withdrawals are counted", inside.clone(), next.withdrawals.clone(), after.withdrawals);
    b.when_all_eq("pubdata is carried", inside.clone(), next.pubdata.clone(), after.pubdata);
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
