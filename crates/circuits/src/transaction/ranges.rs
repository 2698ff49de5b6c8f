//! Every 16-bit integer of a row, as constraints and trace generation both use them.

use aludel_protocol::{F, fe};
use p3_field::Algebra;

use super::columns::TransactionColumns;

/// Scales the upper part of an epoch gap: `2^12 x < 2^16` with `x < 2^16` says that `x < 2^4`.
const FOUR_BITS: F = fe(1 << 12);

impl<E: Algebra<F>> TransactionColumns<E> {
    /// What is looked up in `range16`, and whether.
    pub(super) fn ranges(&self) -> Vec<(E, E)> {
        let mut out: Vec<(E, E)> = self.touches().iter().map(|t| (t.gap(), t.active.clone())).collect();
        let mut check = |limbs: &[E], count: E| out.extend(limbs.iter().map(|x| (x.clone(), count.clone())));
        check(&self.amount, self.entry());
        check(&self.fee, self.transfer.clone());
        for (role, balance) in self.balances.iter().enumerate() {
            check(&balance.after, self.pays(role));
        }
        check(&self.increment, self.transfer.clone() + self.to_key.clone());
        check(&self.epoch_gap, self.transfer.clone());
        check(&[self.epoch_gap[1].clone() * FOUR_BITS], self.transfer.clone());
        check(&self.expiry, self.transfer.clone());
        check(&self.slack, self.transfer.clone());
        check(&self.number, self.real());
        check(&self.state.queue_index, self.real());
        check(&self.state.operator, self.seal.clone());
        out
    }
}
