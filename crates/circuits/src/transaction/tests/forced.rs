//! Attacks on forced withdrawals.

use aludel_protocol::{F, Payload, fe};
use p3_field::PrimeCharacteristicRing;

use super::history::{FORCED, FORCED_TOKEN, NOT_OWNER, batch, honest, trace};
use super::judge::{edit, forge, refusals, refused, refused_only};
use super::world::{World, forced, l1};

/// The owner forces; another address would have the money.
#[test]
fn the_money_goes_to_the_owner() {
    let (w, mut main) = honest();
    forge(&mut main, FORCED, |r| r.l1 = l1(9).limbs());
    refused_only(&w, &main, &["boundary", "the owner asks"]);
}

/// An account whose owner is who asks, in the place of the one that the item names.
#[test]
fn the_item_says_who_is_forced() {
    let mut w = World::new(5);
    let truth = w.claim(forced(1, 0, 2), None);
    // Account 2 is its own.
    let other = w.consume(forced(2, 0, 2), None);
    let mut main = trace(&w, &[(3, vec![other])]);
    forge(&mut main, 0, |r| r.account = [F::ONE, F::ZERO]);
    refused_only(&w, &main, &["the item names who is forced"]);
    // Its owner's cell, beside the balance of account 1.
    let mut main = trace(&w, &[(3, vec![truth])]);
    edit(&mut main, 0, |r| {
        r.third = [fe(2), F::ZERO];
        r.accounts[2].old[..10].copy_from_slice(&r.l1);
        r.accounts[2].new = r.accounts[2].old;
    });
    refused_only(&w, &main, &["the owner is the forced account's"]);
}

/// All of it leaves.
#[test]
fn nothing_stays() {
    for (at, token) in [(FORCED, 0), (FORCED_TOKEN, 7)] {
        let (w, mut main) = honest();
        edit(&mut main, at, |r| {
            r.balances[0].after[0] = F::ONE;
            if token == 0 {
                r.accounts[0].new[Payload::BALANCE] = F::ONE;
            }
        });
        refused(&w, &main, "who is forced keeps nothing");
    }
}

/// More leaves than the balance of another token's cell.
#[test]
fn what_leaves_was_there() {
    let mut w = World::new(5);
    let entry = w.queue(forced(1, 7, 1));
    let mut main = batch(&w, vec![entry]);
    forge(&mut main, 0, |r| r.balances[0].before[7] += F::ONE);
    refused_only(&w, &main, &["cell"]);
}

/// It takes neither key nor sequence nor epoch, and changes none.
#[test]
fn the_account_stays_what_it_is() {
    for i in 0..Payload::BALANCE {
        let mut w = World::new(5);
        let entry = w.queue(forced(1, 7, 1));
        let mut main = batch(&w, vec![entry]);
        edit(&mut main, 0, |r| r.accounts[0].new[i] += F::ONE);
        refused_only(&w, &main, &["who is forced only pays"]);
    }
}

/// The same item again finds nothing: a leaf of 0.
#[test]
fn a_second_one_pays_nothing() {
    let mut w = World::new(5);
    let entries = vec![w.queue(forced(1, 7, 1)), w.queue(forced(1, 7, 1)), w.queue(forced(3, 7, 3))];
    let before: Vec<_> =
        entries.iter().map(|e| e.accesses[3].map(|a| a.old.0[Payload::BALANCE + 4])).collect();
    assert_eq!(before, [Some(F::ONE), Some(F::ZERO), Some(F::ZERO)]);
    assert_eq!(refusals(&w, &batch(&w, entries)), Default::default());
}

/// No factor makes a sum of nothing 1.
#[test]
fn an_owner_is_not_refused() {
    let mut w = World::new(5);
    let entry = w.claim(forced(1, 0, 1), Some(aludel_protocol::NoOp::NotOwner));
    let mut main = batch(&w, vec![entry]);
    for i in 0..11 {
        edit(&mut main, 0, |r| r.difference[i] = F::ONE);
        refused_only(&w, &main, &["another owner than who asks"]);
    }
    let (w, mut main) = honest();
    edit(&mut main, NOT_OWNER, |r| r.difference = [F::ZERO; 11]);
    refused_only(&w, &main, &["another owner than who asks"]);
}
