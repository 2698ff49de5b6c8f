//! Who may move what, and when: the key, its epoch, and the transaction's last batch.

use aludel_protocol::params::XMSS_LIFETIME;
use aludel_protocol::{Payload, fe};

use super::columns::TransactionColumns;
use super::flow::LIMB;
use crate::builder::ChipBuilder;
use crate::bus::Bus;

/// The key that the sender's account holds signs the digest of the row's transaction; a rotation is signed by the old
/// one.
pub(super) fn signature<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let key = &r.accounts[0].old[Payload::KEY..Payload::SEQUENCE];
    let message = [key, &r.digest, core::slice::from_ref(&r.epoch)].concat();
    b.send(Bus::Auth, message, r.signed());
}

/// `next_epoch <= epoch`, and the epoch is used up; the last, `2^20 - 1`, by a rotation only, after which epochs begin
/// again under the new key.
///
/// The signature's epoch is below `2^20` and what the account holds is 0 or a used epoch plus one, so a difference in
/// `[0, 2^20)` is the integers'. What a payment leaves is at most `2^20 - 1`: a rotation stays possible.
pub(super) fn epoch<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let (old, new) = (&r.accounts[0].old[Payload::NEXT_EPOCH], &r.accounts[0].new[Payload::NEXT_EPOCH]);
    let [lo, hi] = r.epoch_gap.clone();
    let gap = lo + hi * LIMB;
    b.when_eq("epoch is not used yet", r.signed(), r.epoch.clone(), old.clone() + gap);
    let before_last = r.epoch.clone() - fe(XMSS_LIFETIME - 1);
    b.when_eq("epoch is not the last", r.spends(), before_last * r.inverse.clone(), fe(1));
    b.when_eq("epoch is used up", r.spends(), new.clone(), r.epoch.clone() + fe(1));
    b.when("a new key has all its epochs", r.rotate.clone(), new.clone());
}

/// `number <= expiry`: the difference has limbs.
pub(super) fn expiry<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let borrow = &r.slack_borrow;
    b.assert_bool("slack borrow is boolean", borrow.clone());
    let low = r.expiry[0].clone() - r.number[0].clone() + borrow.clone() * LIMB;
    let high = r.expiry[1].clone() - r.number[1].clone() - borrow.clone();
    b.when_all_eq("not expired", r.signed(), r.slack.clone(), [low, high]);
}
