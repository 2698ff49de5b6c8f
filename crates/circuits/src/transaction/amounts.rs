//! Balances: what moves, by 16-bit limbs, and where the balance lies.

use aludel_protocol::{Payload, fe};

use super::columns::TransactionColumns;
use super::flow::LIMB;
use crate::builder::ChipBuilder;

/// The native token is token 0. Another token's number is a slot, which the tree decomposes into 16 bits.
pub(super) fn token<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let inverse = r.token.clone() * r.token_inverse.clone();
    b.assert_eq("a zero token is native", B::Expr::from(fe(1)) - inverse, r.native.clone());
    b.when("the native token is zero", r.native.clone(), r.token.clone());
}

/// The account cell holds the native balance, and keeps it where another token moves.
///
/// No old balance is range-checked: whatever wrote it was (or it is the genesis state's, which is trusted).
pub(super) fn native<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    for role in 0..3 {
        let (access, balance) = (&r.accounts[role], &r.balances[role]);
        let (read, written) = (r.reads_balance(role), r.writes_balance(role));
        let here = written.clone() * r.native.clone();
        for i in 0..8 {
            let (old, new) = (&access.old[Payload::BALANCE + i], &access.new[Payload::BALANCE + i]);
            let (before, after) = (balance.before[i].clone(), balance.after[i].clone());
            b.when_eq("native balance before", read.clone() * r.native.clone(), old.clone(), before);
            b.when_eq("native balance after", here.clone(), new.clone(), after);
            b.when_eq("native balance stays", written.clone() - here.clone(), new.clone(), old.clone());
        }
    }
}

/// A rotation moves nothing but its fee; a forced withdrawal leaves nothing.
pub(super) fn fixed<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    for (amount, after) in r.amount.iter().zip(&r.balances[0].after) {
        b.when("a rotation has no amount", r.rotate.clone(), amount.clone());
        b.when("who is forced keeps nothing", r.forced.clone(), after.clone());
    }
}

/// `after = before - amount - fee` over the integers: a limb borrows 0, 1 or 2, the last one nothing.
pub(super) fn debit<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let sender = &r.balances[0];
    for i in 0..8 {
        let mut after = sender.before[i].clone() - r.amount[i].clone();
        if let Some(fee) = r.fee.get(i) {
            after -= fee.clone();
        }
        if i > 0 {
            after -= sender.carry[i - 1].clone();
        }
        if let Some(borrow) = sender.carry.get(i) {
            let up_to_one = borrow.clone() * (borrow.clone() - fe(1));
            b.assert_zero("borrow is 0, 1 or 2", up_to_one * (borrow.clone() - fe(2)));
            after += borrow.clone() * LIMB;
        }
        b.when_eq("sender pays amount and fee", r.signed(), sender.after[i].clone(), after);
    }
}

/// `after = before + amount` for the recipient and `before + fee` for the operator. The last limb carries nothing, so a
/// sum of `2^128` is refused, but where the row says that the recipient's overflows: then it carries one.
pub(super) fn credits<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    credit(b, "recipient gains the amount", r, (1, &r.amount, &r.overflow));
    credit(b, "operator gains the fee", r, (2, &r.fee, &fe(0).into()));
}

/// A balance by role, what it gains, and the carry of its last limb.
fn credit<B: ChipBuilder>(
    b: &mut B,
    name: &'static str,
    r: &TransactionColumns<B::Expr>,
    (role, gain, last): (usize, &[B::Expr], &B::Expr),
) {
    let balance = &r.balances[role];
    for carry in &balance.carry {
        b.assert_bool("carry is boolean", carry.clone());
    }
    for i in 0..8 {
        let mut after = balance.before[i].clone() - balance.carry.get(i).unwrap_or(last).clone() * LIMB;
        if let Some(gain) = gain.get(i) {
            after += gain.clone();
        }
        if i > 0 {
            after += balance.carry[i - 1].clone();
        }
        b.when_eq(name, r.reads_balance(role), balance.after[i].clone(), after);
    }
}
