//! Attacks on accounts: those that do not exist, those that are created, and what must not change.

use super::history::{batch, payment, sign_row, trace};
use super::judge::{edit, forge, refusals, refused, refused_only, row};
use super::world::{World, to_account, to_key};
use crate::transaction::columns::{CellAccess, TransactionColumns};
use aludel_protocol::cell::CounterCell;
use aludel_protocol::params::PAYLOAD;
use aludel_protocol::{AccountId, CellAddress, F, KeyBytes, Payload, QueueItem, fe};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

/// A transfer of nothing among these, with whatever signature it takes.
fn among(from: u32, to: u32, operator: u32) -> (World, RowMajorMatrix<F>) {
    let mut w = World::new(5);
    let mut t = w.draft(1, to, 0, 0, 0);
    (t.from, w.operator) = (AccountId(from), AccountId(operator));
    let entry = w.transaction(t);
    let main = trace(&w, &[(operator, vec![entry])]);
    sign_row(&mut w, &main, 0);
    (w, main)
}

#[test]
fn parties_exist() {
    for nobody in [0, 77] {
        for (who, name) in [
            ([nobody, 2, 3], "sender exists"),
            ([1, nobody, 3], "recipient exists"),
            ([1, 2, nobody], "operator exists"),
        ] {
            let (w, mut main) = among(who[0], who[1], who[2]);
            edit(&mut main, 0, |r| r.accounts.iter_mut().for_each(unwritten));
            refused_only(&w, &main, &[name]);
        }
    }
}

/// What never existed goes on not to exist.
fn unwritten(access: &mut CellAccess<F>) {
    access.new[Payload::EXISTS] = access.old[Payload::EXISTS];
}

#[test]
fn a_transfer_changes_only_its_columns() {
    let unchanged = |token: u16, role: usize, i: usize, name: &'static str| {
        let (w, mut main) = payment(token);
        edit(&mut main, 0, |r| r.accounts[role].new[i] += F::ONE);
        refused_only(&w, &main, &[name]);
    };
    for i in (0..Payload::SEQUENCE).chain([Payload::EXISTS]) {
        unchanged(0, 0, i, "sender keeps its key");
    }
    for i in 0..Payload::BALANCE {
        unchanged(0, 1, i, "recipient only gains");
        unchanged(0, 2, i, "operator only gains");
    }
    for i in Payload::BALANCE..PAYLOAD {
        (0..3).for_each(|role| unchanged(7, role, i, "native balance stays"));
    }
}

#[test]
fn a_deposit_to_nobody_is_refused() {
    for nobody in [0, 77] {
        let mut w = World::new(5);
        let entry = w.deposit(to_account(nobody, 7, 1));
        refused(&w, &batch(&w, vec![entry]), "recipient exists");
    }
}

const KEY: &str = "a new account has the item's key";
const OWNER: &str = "a new account's owner is the item's";

/// Owner and key of a new account are the item's.
#[test]
fn a_new_account_is_what_the_item_says() {
    let mut w = World::new(5);
    let entry = w.deposit(to_key(9, 0, 1));
    let honest = batch(&w, vec![entry]);
    for (change, name) in [
        ((|r| r.accounts[1].new[Payload::KEY + 3] += F::ONE) as fn(&mut TransactionColumns<F>), KEY),
        (|r| r.key[7] += F::ONE, KEY),
        (|r| r.accounts[2].new[9] += F::ONE, OWNER),
        (|r| r.l1[9] += F::ONE, OWNER),
    ] {
        let mut main = honest.clone();
        forge(&mut main, 0, change);
        refused(&w, &main, name);
    }
    // Both in accordance, but not with what L1 has.
    for change in [
        (|r| (r.accounts[1].new[3], r.key[6]) = (r.accounts[1].new[3] + F::ONE, r.key[6] + F::ONE))
            as fn(&mut TransactionColumns<F>),
        |r| (r.accounts[2].new[9], r.l1[9]) = (r.accounts[2].new[9] + F::ONE, r.l1[9] + F::ONE),
    ] {
        let mut main = honest.clone();
        forge(&mut main, 0, change);
        refused_only(&w, &main, &["boundary"]);
    }
    let mut main = honest;
    forge(&mut main, 0, |r| r.accounts[1].new[Payload::BALANCE] += F::ONE);
    refused_only(&w, &main, &["native balance after"]);
}

/// The counter stands at an account that exists, which a deposit would take over.
#[test]
fn an_account_is_not_taken_over() {
    let mut w = World::new(2);
    let entry = w.deposit(to_key(9, 0, 1));
    refused(&w, &batch(&w, vec![entry]), "new account was empty");
    let mut w = World::new(5);
    w.genesis.insert(CellAddress::slot(AccountId(5), 0), w.account(1).payload());
    w.state = w.genesis.clone();
    let entry = w.deposit(to_key(9, 0, 1));
    refused_only(&w, &batch(&w, vec![entry]), &["new owner was empty"]);
}

/// The account that a deposit would take over keeps its balance for the new owner.
#[test]
fn an_account_is_not_taken_over_with_its_balance() {
    let mut w = World::new(4);
    let entry = w.deposit(to_key(9, 0, 1));
    let mut main = trace(&w, &[(3, vec![entry])]);
    edit(&mut main, 0, |r| {
        let mut balance: [F; 8] = core::array::from_fn(|i| r.accounts[1].old[Payload::BALANCE + i]);
        r.balances[1].before = balance;
        balance[0] += F::ONE;
        r.balances[1].after = balance;
        r.accounts[1].new[Payload::BALANCE..].copy_from_slice(&balance);
    });
    refused_only(&w, &main, &["new account was empty"]);
}

/// One element of a cell was something else before the account was created.
fn taken(token: u16, j: usize, i: usize) -> (World, RowMajorMatrix<F>) {
    let mut w = World::new(5);
    let entry = w.deposit(to_key(9, token, 1));
    let at = entry.accesses[j].map(|a| a.at).expect("a new account has three cells");
    let mut main = trace(&w, &[(3, vec![entry])]);
    edit(&mut main, 0, |r| r.accounts[j].old[i] += F::ONE);
    w.genesis.insert(at, Payload(row(&main, 0).accounts[j].old));
    (w, main)
}

#[test]
fn a_new_account_is_new() {
    for i in 0..PAYLOAD {
        let (w, main) = taken(0, 2, i);
        refused_only(&w, &main, &["new owner was empty"]);
        let (w, mut main) = taken(7, 1, i);
        if i >= Payload::BALANCE {
            edit(&mut main, 0, |r| r.accounts[1].new[i] += F::ONE);
        }
        refused_only(&w, &main, &["new account was empty"]);
    }
    for i in 2..PAYLOAD {
        let (w, main) = taken(0, 0, i);
        refused_only(&w, &main, &["counter cell"]);
    }
}

#[test]
fn new_cells_hold_nothing_else() {
    let written = |j: usize, i: usize, name: &'static str| {
        let mut w = World::new(5);
        let entry = w.deposit(to_key(9, 0, 1));
        let mut main = trace(&w, &[(3, vec![entry])]);
        edit(&mut main, 0, |r| r.accounts[j].new[i] += F::ONE);
        refused_only(&w, &main, &[name]);
    };
    (2..PAYLOAD).for_each(|i| written(0, i, "counter cell"));
    (Payload::SEQUENCE..Payload::BALANCE).for_each(|i| written(1, i, "new account starts at zero"));
    (10..PAYLOAD).for_each(|i| written(2, i, "owner cell"));
}

#[test]
fn a_new_account_takes_the_counters_number() {
    let mut w = World::new(5);
    let entry = w.deposit(to_key(9, 0, 1));
    let mut main = batch(&w, vec![entry]);
    edit(&mut main, 0, |r| (r.to, r.third) = ([fe(6), F::ZERO], [fe(6), F::ZERO]));
    refused_only(&w, &main, &["a new account has the counter's number"]);
    let mut main = creation(&w);
    edit(&mut main, 0, |r| {
        r.increment = [r.accounts[0].old[0], r.accounts[0].old[1]];
        r.accounts[0].new = r.accounts[0].old;
    });
    refused_only(&w, &main, &["counter advances"]);
    let mut main = creation(&w);
    edit(&mut main, 0, |r| r.third = [fe(4), F::ZERO]);
    refused_only(&w, &main, &["the owner is the new account's"]);
    // A cell of account 4 that looks like a counter.
    w.genesis.insert(CellAddress::slot(AccountId(4), 0), CounterCell(AccountId(5)).payload());
    let mut main = creation(&w);
    edit(&mut main, 0, |r| r.from = [fe(4), F::ZERO]);
    refused_only(&w, &main, &["the counter is the system's"]);
}

fn creation(w: &World) -> RowMajorMatrix<F> {
    let mut fresh = World::new(5);
    let entry = fresh.deposit(to_key(9, 0, 1));
    batch(w, vec![entry])
}

#[test]
fn the_counter_goes_up_by_one() {
    for (i, both) in [(0, true), (1, true), (0, false), (1, false)] {
        let mut w = World::new(5);
        let entry = w.deposit(to_key(9, 0, 1));
        let mut main = trace(&w, &[(3, vec![entry])]);
        edit(&mut main, 0, |r| {
            r.accounts[0].new[i] += F::ONE;
            r.increment[i] += F::from_bool(both);
        });
        refused_only(&w, &main, &["counter advances"]);
    }
}

#[test]
fn the_counter_does_not_wrap() {
    let mut w = World::new(u32::MAX);
    let entry = w.deposit(to_key(9, 0, 1));
    let mut main = batch(&w, vec![entry]);
    refused(&w, &main, "counter advances");
    edit(&mut main, 0, |r| r.accounts[0].new[1] = fe(1 << 16));
    refused_only(&w, &main, &["range16"]);
}

/// Words of a key count modulo `p`, so that every 32 bytes are a key.
#[test]
fn any_bytes_are_a_key() {
    for bytes in [[0xff; 32], [0; 32]] {
        let mut w = World::new(5);
        let entry = w.queue(QueueItem { key: KeyBytes(bytes), ..to_key(9, 0, 1) });
        let mut main = batch(&w, vec![entry]);
        assert_eq!(refusals(&w, &main), Default::default());
        edit(&mut main, 0, |r| r.accounts[1].new[7] += F::ONE);
        refused_only(&w, &main, &[KEY]);
    }
}
