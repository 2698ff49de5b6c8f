//! What an item of the L1 queue makes, and why it makes nothing: for any item and state just one kind of row fits.
//!
//! Kind 1: the account exists or not (`recipient exists`, [`reasons`]); if it does, the sum has a carry or not, and the
//! carry is the kind (`amounts`). Kind 2: the counter's limbs are both `0xffff`, or its successor has limbs. Kind 3: the
//! account exists or not; if it does, the `l1_owner` is the item's address in every limb, or some difference has an
//! inverse. Existence is boolean by the chip `cell`.

use aludel_protocol::params::PAYLOAD;
use aludel_protocol::{F, Payload, fe};
use p3_field::Algebra;

use super::columns::TransactionColumns;
use super::flow::LIMB;
use crate::builder::ChipBuilder;

/// Limbs of an L1 address.
const L1_LIMBS: usize = 10;

impl<E: Algebra<F>> TransactionColumns<E> {
    /// What tells the item's address from the `l1_owner`: a difference a limb, and 1 where nobody owns the account.
    pub(super) fn owner_differences(&self) -> [E; L1_LIMBS + 1] {
        let owner = &self.accounts[2].old;
        core::array::from_fn(|i| match self.l1.get(i) {
            Some(limb) => limb.clone() - owner[i].clone(),
            None => E::ONE - owner[Payload::EXISTS].clone(),
        })
    }

    /// The item's key: each of its eight words modulo `p`, whatever bytes L1 has.
    pub(super) fn named_key(&self) -> [E; 8] {
        core::array::from_fn(|i| self.key[2 * i].clone() + self.key[2 * i + 1].clone() * LIMB)
    }
}

/// A new account: the counter is one, account and `l1_owner` were empty and become what the item says and nothing
/// else.
pub(super) fn creation<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let [counter, account, owner] = &r.accounts;
    let kind = &r.to_key;
    for i in 2..PAYLOAD {
        b.when_eq("counter cell", kind.clone(), counter.old[i].clone(), flag_only(i));
        b.when_eq("counter cell", kind.clone(), counter.new[i].clone(), flag_only(i));
    }
    for i in 0..PAYLOAD {
        b.when("new account was empty", kind.clone(), account.old[i].clone());
        b.when("new owner was empty", kind.clone(), owner.old[i].clone());
    }
    for (i, word) in r.named_key().into_iter().enumerate() {
        b.when_eq("a new account has the item's key", kind.clone(), account.new[i].clone(), word);
    }
    for i in Payload::SEQUENCE..Payload::BALANCE {
        b.when_eq("new account starts at zero", kind.clone(), account.new[i].clone(), flag_only(i));
    }
    for (i, limb) in r.l1.iter().enumerate() {
        b.when_eq("a new account's owner is the item's", kind.clone(), owner.new[i].clone(), limb.clone());
    }
    for i in L1_LIMBS..PAYLOAD {
        b.when_eq("owner cell", kind.clone(), owner.new[i].clone(), flag_only(i));
    }
}

/// Zero but for the existence flag.
fn flag_only(i: usize) -> F {
    fe(u32::from(i == Payload::EXISTS))
}

/// A forced withdrawal: the account's owner asks for it.
pub(super) fn force<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    for difference in r.owner_differences() {
        b.when("the owner asks", r.forced.clone(), difference);
    }
}

/// The reasons that the row's kind claims hold. An overflow is the sum's carry.
pub(super) fn reasons<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let [first, second, _] = &r.accounts;
    b.when("no account to credit", r.no_account.clone(), second.old[Payload::EXISTS].clone());
    b.when("no account to force", r.forced_no_account.clone(), first.old[Payload::EXISTS].clone());
    let counter = [first.old[0].clone(), first.old[1].clone()];
    b.when_all_eq("the counter is at its end", r.no_number.clone(), counter, [LIMB - fe(1); 2]);
    let differences = r.owner_differences().into_iter().zip(&r.difference);
    let sum = differences.fold(B::Expr::from(fe(0)), |sum, (x, w)| sum + x * w.clone());
    b.when_eq("another owner than who asks", r.not_owner.clone(), sum, fe(1));
}
