//! What leaves: leaves of the batch's tree, and its root in the header. The tree itself is the chip `node`'s, in space 2.

use aludel_protocol::records::no_withdrawals;
use aludel_protocol::{F, fe};
use p3_field::Algebra;

use super::columns::TransactionColumns;
use crate::builder::ChipBuilder;
use crate::bus::Bus;

impl<E: Algebra<F>> TransactionColumns<E> {
    /// A place in space 2: the batch stands where the state's tree has an account.
    fn place(&self, stage: u32, slot: E) -> [E; 6] {
        let [lo, hi] = self.number.clone();
        [fe(2).into(), fe(stage).into(), E::ZERO, slot, lo, hi]
    }

    /// The row's leaf, where nothing was: at the index that is the count so far.
    fn leaf_message(&self) -> Vec<E> {
        let empty = core::array::from_fn::<E, 8, _>(|_| E::ZERO);
        [&self.place(0, self.state.withdrawals.clone())[..], &empty, &self.leaf].concat()
    }

    /// The tree of the batch's withdrawals, which was empty.
    fn root_message(&self) -> Vec<E> {
        let empty = no_withdrawals().0.map(E::from);
        [&self.place(1, E::ZERO)[..], &empty, &self.leaf].concat()
    }
}

/// Each leaf enters the tree of its batch, and the seal takes that tree's root; a batch without withdrawals has no
/// tree, and the empty one's root.
///
/// Both messages are linear and share an auxiliary column. The count is that of the rows since the last seal, hence an
/// integer below `2^13`, and two leaves of a batch have two indices.
pub(super) fn withdrawals<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let (has, count) = (&r.has_withdrawals, &r.state.withdrawals);
    let without = r.seal.clone() - has.clone();
    b.assert_bool("has withdrawals is boolean", has.clone());
    b.when("only a seal takes withdrawals", has.clone(), B::Expr::from(fe(1)) - r.seal.clone());
    b.when("no withdrawal is left out", without.clone(), count.clone());
    b.when_eq("a tree has a withdrawal", has.clone(), count.clone() * r.inverse.clone(), fe(1));
    let empty = no_withdrawals().0.map(B::Expr::from);
    b.when_all_eq("the root without withdrawals", without, r.leaf.clone(), empty);
    b.send(Bus::Node, r.leaf_message(), r.leaves());
    b.receive(Bus::Node, r.root_message(), has.clone());
}
