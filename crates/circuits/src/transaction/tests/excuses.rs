//! A prover who would rather not: each reason for which an item takes no effect, claimed with a witness made for it.

use aludel_protocol::cell::{AccountCell, OwnerCell};
use aludel_protocol::field::Limbs;
use aludel_protocol::{AccountId, Amount, CellAddress, F, L1Address, NoOp, QueueItem, fe};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;

use super::history::batch;
use super::judge::{edit, forge, refused_only};
use super::world::{World, forced, l1, of_kind, to_account, to_key};
use crate::transaction::ExecutedEntry;

/// The trace of an item with this outcome, whatever is due.
fn claimed(next: u32, item: QueueItem, reason: NoOp) -> (World, RowMajorMatrix<F>) {
    let mut w = World::new(next);
    let entry = w.claim(item, Some(reason));
    let main = batch(&w, vec![entry]);
    (w, main)
}

/// L1 has one item, and the row does what another one asks for.
fn instead(mut w: World, l1_has: QueueItem, entry: ExecutedEntry) -> (World, RowMajorMatrix<F>) {
    w.enqueue(&l1_has);
    let mut main = batch(&w, vec![entry]);
    forge(&mut main, 0, |r| {
        (r.account, r.l1) = (l1_has.account.0.limbs(), l1_has.l1.limbs());
        r.amount = l1_has.amount.0.limbs();
    });
    (w, main)
}

/// The last limb of a sum that does not overflow, as if it did.
#[test]
fn an_overflow_is_one_to_the_last_limb() {
    for token in [0, 7] {
        let (w, mut main) = claimed(5, to_account(2, token, 5), NoOp::Overflow);
        edit(&mut main, 0, |r| r.balances[1].after[7] = F::ZERO);
        refused_only(&w, &main, &["recipient gains the amount"]);
    }
}

/// A limb of the counter is at its end, and the other is not.
#[test]
fn the_counter_is_at_its_end_in_both_limbs() {
    for next in [0xffff, 0xffff_0000, 0xffff_fffe, 0x7fff_ffff] {
        let (w, main) = claimed(next, to_key(9, 0, 1), NoOp::NoNumber);
        refused_only(&w, &main, &["the counter is at its end"]);
    }
}

/// An account whose owner's address begins with four bytes `0xff`: its cell in slot 0 looks like a counter at its end.
#[test]
fn an_owner_is_no_counter() {
    let mut w = World::new(5);
    let full = OwnerCell(L1Address(core::array::from_fn(|i| if i < 4 { 0xff } else { 0 })));
    w.found(CellAddress::slot(AccountId(2), 0), full.payload());
    let mut entry = w.claim(to_key(9, 0, 1), Some(NoOp::NoNumber));
    entry.accesses[0] = w.touch(CellAddress::COUNTER, |_| ());
    let mut main = batch(&w, vec![entry]);
    edit(&mut main, 0, |r| {
        r.from = [fe(2), F::ZERO];
        r.accounts[0].old = full.payload().0;
        r.accounts[0].new = full.payload().0;
    });
    refused_only(&w, &main, &["the counter is the system's"]);
}

/// A product of differences that is not the kind's.
#[test]
fn a_known_kind_is_not_unknown() {
    for item in [to_account(2, 0, 5), to_key(9, 0, 5), forced(1, 0, 1)] {
        let (w, mut main) = claimed(5, item, NoOp::UnknownKind);
        refused_only(&w, &main, &["an unknown kind is none of the known"]);
        edit(&mut main, 0, |r| (r.kind_product, r.inverse) = (fe(3), fe(3).inverse()));
        refused_only(&w, &main, &["product of differences to known kinds"]);
    }
}

/// The owner of account 2 asks for account 2, and the row reads the owner of account 1.
#[test]
fn an_owner_is_the_accounts_own() {
    let (w, mut main) = claimed(5, forced(2, 0, 2), NoOp::NotOwner);
    edit(&mut main, 0, |r| {
        r.third = [F::ONE, F::ZERO];
        r.accounts[2].old = OwnerCell(l1(1)).payload().0;
        r.accounts[2].new = r.accounts[2].old;
        r.difference[0] = (r.l1[0] - r.accounts[2].old[0]).inverse();
    });
    refused_only(&w, &main, &["the owner is the forced account's"]);
}

/// Account 2 exists and has room, account 77 does not exist, account 1 is full.
#[test]
fn another_accounts_reason_is_no_reason() {
    let credited = "the item names who is credited";
    let mut w = World::new(5);
    let entry = w.consume(to_account(77, 0, 5), Some(NoOp::NoAccount));
    let (w, main) = instead(w, to_account(2, 0, 5), entry);
    refused_only(&w, &main, &[credited]);
    let mut w = World::new(5);
    let full = AccountCell { balance: Amount(u128::MAX), ..w.account(1) };
    w.found(CellAddress::account(AccountId(1)), full.payload());
    let entry = w.consume(to_account(1, 0, 5), Some(NoOp::Overflow));
    let (w, main) = instead(w, to_account(2, 0, 5), entry);
    refused_only(&w, &main, &[credited]);
    // Forced: nobody, or somebody else's account.
    for (other, reason) in [(77, NoOp::ForcedNoAccount), (1, NoOp::NotOwner)] {
        let mut w = World::new(5);
        let entry = w.consume(forced(other, 0, 2), Some(reason));
        let (w, main) = instead(w, forced(2, 0, 2), entry);
        refused_only(&w, &main, &["the item names who is forced"]);
    }
}

/// What is read for a reason stays: counter, account, owner, in any element.
#[test]
fn a_reason_changes_nothing() {
    let (asked, named, owner) = (
        "no effect on the account that is asked",
        "no effect on the account that is named",
        "no effect on the owner",
    );
    let full = to_account(2, 0, u128::MAX);
    for (next, item, role, name) in [
        (u32::MAX, to_key(9, 0, 1), 0, asked),
        (5, forced(77, 0, 1), 0, asked),
        (5, forced(1, 0, 2), 0, asked),
        (5, forced(1, 0, 2), 2, owner),
        (5, forced(1, 0, 1), 2, owner),
        (5, to_account(77, 0, 1), 1, named),
        (5, full, 1, named),
    ] {
        for i in 0..20 {
            let mut w = World::new(next);
            let entry = w.queue(item);
            let mut main = batch(&w, vec![entry]);
            refused_only(&w, &main, &[]);
            edit(&mut main, 0, |r| r.accounts[role].new[i] += F::ONE);
            refused_only(&w, &main, &[name]);
        }
    }
}

/// A kind that no version knows is refunded to whom the item names: all of it, and no more.
#[test]
fn an_unknown_item_is_refunded_as_it_is() {
    let item = of_kind(0xffff, u128::MAX);
    let (w, main) = claimed(5, item, NoOp::UnknownKind);
    refused_only(&w, &main, &[]);
    let mut w = World::new(5);
    let less = QueueItem { amount: Amount(1), ..item };
    let entry = w.consume(less, Some(NoOp::UnknownKind));
    w.enqueue(&item);
    refused_only(&w, &batch(&w, vec![entry]), &["boundary"]);
}
