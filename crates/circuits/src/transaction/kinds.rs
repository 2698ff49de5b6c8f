//! The kinds of a row: exactly one, and what kinds have in common.

use aludel_protocol::{F, QueueItem, fe};
use p3_field::Algebra;

use super::columns::{Flags, TransactionColumns};
use crate::builder::ChipBuilder;

/// Sums of kinds. Each is boolean where exactly one kind is one and the others are zero.
impl<E: Algebra<F>> TransactionColumns<E> {
    /// Whether the row pays out what its sender signed for, and uses up an epoch.
    pub(super) fn spends(&self) -> E {
        self.transfer.clone() + self.withdraw.clone()
    }

    /// Whether an account signed the row.
    pub(super) fn signed(&self) -> E {
        self.spends() + self.rotate.clone()
    }

    /// Whether the row is a deposit to an account.
    pub(super) fn asks_account(&self) -> E {
        self.to_account.clone() + self.no_account.clone() + self.overflow.clone()
    }

    /// Whether the row is a deposit to a key.
    pub(super) fn asks_key(&self) -> E {
        self.to_key.clone() + self.no_number.clone()
    }

    /// Whether the row is a forced withdrawal.
    pub(super) fn asks_force(&self) -> E {
        self.forced.clone() + self.forced_no_account.clone() + self.not_owner.clone()
    }

    /// Whether the row is an item of the L1 queue of a kind that has a meaning.
    fn known(&self) -> E {
        self.asks_account() + self.asks_key() + self.asks_force()
    }

    /// Whether the row is an item of the L1 queue.
    pub(super) fn item(&self) -> E {
        self.known() + self.unknown_kind.clone()
    }

    /// Whether the row is an entry of a batch.
    pub(super) fn entry(&self) -> E {
        self.signed() + self.item()
    }

    /// Whether anything happens on the row.
    pub(super) fn real(&self) -> E {
        self.entry() + self.seal.clone()
    }

    /// Whether the row adds a leaf to the batch's withdrawals.
    pub(super) fn leaves(&self) -> E {
        let refunds = self.no_account.clone() + self.overflow.clone() + self.no_number.clone();
        self.withdraw.clone() + self.forced.clone() + refunds + self.unknown_kind.clone()
    }

    /// Whether the recipient's balance grows.
    pub(super) fn credits(&self) -> E {
        self.transfer.clone() + self.to_account.clone() + self.to_key.clone()
    }

    /// Whether the row reads a balance of this role: 0 `from`, 1 `to`, 2 the operator.
    pub(super) fn reads_balance(&self, role: usize) -> E {
        match role {
            0 => self.signed() + self.forced.clone(),
            1 => self.credits() + self.overflow.clone(),
            _ => self.signed(),
        }
    }

    /// Whether the row writes a balance of this role: all that it reads, but for one that has no room.
    pub(super) fn writes_balance(&self, role: usize) -> E {
        if role == 1 { self.credits() } else { self.reads_balance(role) }
    }

    /// Whether the row reads a cell of an account, or of the system, in this role.
    pub(super) fn reads_account(&self, role: usize) -> E {
        match role {
            0 => self.signed() + self.asks_force() + self.asks_key(),
            1 => self.transfer.clone() + self.asks_account() + self.to_key.clone(),
            _ => self.signed() + self.reads_owner(),
        }
    }

    /// Whether the cell of role 2 is an `l1_owner`.
    pub(super) fn reads_owner(&self) -> E {
        self.to_key.clone() + self.forced.clone() + self.not_owner.clone()
    }

    fn kinds(&self) -> [&E; 14] {
        [
            &self.transfer,
            &self.withdraw,
            &self.rotate,
            &self.to_account,
            &self.to_key,
            &self.forced,
            &self.no_account,
            &self.overflow,
            &self.no_number,
            &self.unknown_kind,
            &self.forced_no_account,
            &self.not_owner,
            &self.seal,
            &self.padding,
        ]
    }
}

/// Exactly one kind a row; the first row does something, the last does nothing, and nothing follows padding.
/// Padding follows a seal, so no entry is left outside a header.
pub(super) fn kinds<B: ChipBuilder>(
    b: &mut B,
    r: &TransactionColumns<B::Expr>,
    next: &TransactionColumns<B::Expr>,
) {
    let flags = b.fixed::<Flags<B::Var>>();
    for kind in r.kinds() {
        b.assert_bool("kind is boolean", kind.clone());
    }
    b.assert_eq("one kind a row", r.real() + r.padding.clone(), fe(1));
    b.when("first row is not padding", flags.first, r.padding.clone());
    b.when("last row is padding", flags.last, r.real());
    let inside = b.is_transition();
    b.when("padding to the end", inside.clone() * r.padding.clone(), next.real());
    b.when("an entry's batch is sealed", inside * r.entry(), next.padding.clone());
}

/// An item's kind is the row's: of a known kind the number, of an unknown one none of the known numbers.
pub(super) fn item_kind<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let known = [
        (r.asks_account(), QueueItem::TO_ACCOUNT),
        (r.asks_key(), QueueItem::TO_KEY),
        (r.asks_force(), QueueItem::FORCED),
    ];
    let mut number = B::Expr::from(fe(0));
    let mut product = B::Expr::from(fe(1));
    for (is, kind) in known {
        let kind = fe(u32::from(kind));
        number += is * kind;
        product *= r.item_kind.clone() - kind;
    }
    b.assert_eq("the row is of the item's kind", r.known() * r.item_kind.clone(), number);
    b.assert_eq("product of differences to known kinds", r.kind_product.clone(), product);
    let witness = r.kind_product.clone() * r.inverse.clone();
    b.when_eq("an unknown kind is none of the known", r.unknown_kind.clone(), witness, fe(1));
}
