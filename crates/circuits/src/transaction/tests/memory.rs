//! Attacks on the order of accesses.

use aludel_protocol::{AccountId, F, Payload, fe};
use p3_field::PrimeCharacteristicRing;

use super::history::{NATIVE, SELF, TO_ACCOUNT, TOKEN, honest, trace};
use super::judge::{edit, forge, refused, refused_only, row};
use super::world::{World, to_account};

/// An account that nobody created holds what its own access leaves: a loop in no time.
#[test]
fn an_access_does_not_feed_itself() {
    let mut w = World::new(5);
    let entry = w.deposit(to_account(77, 0, 0));
    let mut main = trace(&w, &[(3, vec![entry])]);
    edit(&mut main, 0, |r| {
        let access = &mut r.accounts[1];
        access.previous = r.state.clock + F::ONE;
        access.old = access.new;
    });
    refused_only(&w, &main, &["range16"]);
}

#[test]
fn every_access_comes_after_the_one_before() {
    for j in 0..6 {
        let (w, mut main) = honest();
        edit(&mut main, if j < 3 { NATIVE } else { TOKEN }, |r| {
            let now = r.state.clock + fe(j as u32);
            match j {
                0..3 => r.accounts[j].previous = now,
                _ => r.balances[j - 3].previous = now,
            }
        });
        refused(&w, &main, "range16");
    }
}

/// Two accesses of one cell feed each other: the later one first.
#[test]
fn an_access_does_not_read_the_future() {
    let mut w = World::new(5);
    let entries = vec![w.deposit(to_account(77, 0, 0)), w.deposit(to_account(77, 0, 0))];
    let mut main = trace(&w, &[(3, entries)]);
    edit(&mut main, 0, |r| {
        r.accounts[1].previous = r.state.clock + fe(9);
        r.accounts[1].old = r.accounts[1].new;
    });
    refused_only(&w, &main, &["range16"]);
}

/// An account that was never written is read as if something had written it before.
#[test]
fn a_read_before_the_initial_access_finds_nothing() {
    let mut w = World::new(5);
    let entry = w.deposit(to_account(77, 0, 0));
    let mut main = trace(&w, &[(3, vec![entry])]);
    edit(&mut main, 0, |r| r.accounts[1].old = r.accounts[1].new);
    refused_only(&w, &main, &["cell"]);
    edit(&mut main, 0, |r| r.accounts[1].previous = fe(1));
    refused_only(&w, &main, &["cell"]);
}

/// The sender of the second batch pays from what the account held before the first.
#[test]
fn a_dropped_write_is_missed() {
    let (w, mut main) = honest();
    let stale = row(&main, NATIVE).accounts[0];
    edit(&mut main, SELF, |r| {
        r.accounts[0].previous = stale.previous;
        r.accounts[0].old = stale.old;
    });
    refused(&w, &main, "cell");
}

/// A row whose accesses are dropped is none.
#[test]
fn no_row_drops_its_accesses() {
    let (w, mut main) = honest();
    edit(&mut main, TOKEN, |r| r.native = F::ONE);
    refused(&w, &main, "the native token is zero");
    let (w, mut main) = honest();
    edit(&mut main, TO_ACCOUNT, |r| r.to_account = F::ZERO);
    refused(&w, &main, "one kind a row");
}

/// With one time for two rows, either could come first.
#[test]
fn times_are_not_reused() {
    let (w, mut main) = honest();
    let clock = row(&main, NATIVE).state.clock;
    edit(&mut main, TOKEN, |r| r.state.clock = clock);
    refused(&w, &main, "clock advances by 8");
}

/// A clock that begins below zero wraps into it.
#[test]
fn times_do_not_wrap() {
    let (w, mut main) = honest();
    forge(&mut main, NATIVE, |r| r.state.clock = -fe(24));
    refused(&w, &main, "clock starts at 8");
}

/// The recipient reads the balance from before it paid, so the payment never left.
#[test]
fn a_transfer_to_oneself_mints_nothing() {
    let (w, mut main) = honest();
    edit(&mut main, SELF, |r| {
        r.accounts[1].previous = r.accounts[0].previous;
        r.accounts[1].old = r.accounts[0].old;
        credited_again(r.accounts[1].old[Payload::BALANCE..].try_into().expect("eight limbs"), r);
    });
    refused_only(&w, &main, &["cell"]);
}

fn credited_again(before: [F; 8], r: &mut crate::transaction::columns::TransactionColumns<F>) {
    r.balances[1].before = before;
    r.balances[1].after = before;
    r.balances[1].after[0] += r.amount[0];
    r.balances[1].carry = [F::ZERO; 7];
    r.accounts[1].new = r.accounts[1].old;
    r.accounts[1].new[Payload::BALANCE..].copy_from_slice(&r.balances[1].after);
}

/// The same with another token, whose balance has a cell of its own.
#[test]
fn a_token_transfer_to_oneself_mints_nothing() {
    let mut w = World::new(5);
    let entry = w.pay(1, 1, 7, 5, 1);
    let mut main = trace(&w, &[(3, vec![entry])]);
    edit(&mut main, 0, |r| {
        let before = r.balances[0].before;
        r.balances[1].previous = r.balances[0].previous;
        r.balances[1].before = before;
        r.balances[1].after = before;
        r.balances[1].after[0] += fe(5);
        r.balances[1].carry = [F::ZERO; 7];
    });
    refused_only(&w, &main, &["cell"]);
}

/// Addresses whose limbs name no cell of the tree.
#[test]
fn accounts_beyond_the_tree_have_no_cell() {
    let mut w = World::new(5);
    let entry = w.deposit(to_account(1 << 16, 0, 0));
    w.genesis.insert(aludel_protocol::CellAddress::account(AccountId(1 << 16)), w.account(1).payload());
    let mut main = trace(&w, &[(3, vec![entry])]);
    forge(&mut main, 0, |r| {
        r.to = [fe(1 << 16), F::ZERO];
        r.accounts[1].old = w.account(1).payload().0;
        r.accounts[1].new = r.accounts[1].old;
    });
    refused(&w, &main, "cell");
}
