//! Every 16-bit integer of a row, as constraints and trace generation both use them.

use aludel_protocol::{F, fe};
use p3_field::Algebra;

use super::columns::TransactionColumns;

/// Scales the upper part of an epoch gap: `2^12 x < 2^16` with `x < 2^16` says that `x < 2^4`.
const FOUR_BITS: F = fe(1 << 12);

impl<E: Algebra<F>> TransactionColumns<E> {
    /// What is looked up in `range16`, and whether.
    ///
    /// Of what is published or leaves: accounts and tokens are limbs because the tree decomposes the addresses of their
    /// cells (no kind publishes one whose cell it does not read), epochs because the signature does; amounts, fees and
    /// a withdrawal's L1 address are checked here; what an item says is L1's (see `item_fields`), and a balance that is
    /// forced out was checked when it was written.
    pub(super) fn ranges(&self) -> Vec<(E, E)> {
        let mut out: Vec<(E, E)> = self.touches().iter().map(|t| (t.gap(), t.active.clone())).collect();
        let mut check = |limbs: &[E], count: E| out.extend(limbs.iter().map(|x| (x.clone(), count.clone())));
        check(&self.amount, self.entry());
        check(&self.fee, self.signed());
        check(&self.l1, self.withdraw.clone());
        for (role, balance) in self.balances.iter().enumerate() {
            check(&balance.after, self.reads_balance(role));
        }
        check(&self.increment, self.signed() + self.to_key.clone());
        check(&self.epoch_gap, self.signed());
        check(&[self.epoch_gap[1].clone() * FOUR_BITS], self.signed());
        check(&self.expiry, self.signed());
        check(&self.slack, self.signed());
        check(&self.number, self.real());
        check(&self.state.queue_index, self.real());
        check(&self.state.operator, self.seal.clone());
        out
    }
}
