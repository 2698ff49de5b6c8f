//! Attacks on balances. The sums of limbs are the sharpest: with a free carry they hold modulo `p` only, so a
//! value may be off by `p`.

use super::history::{NATIVE, TOKEN, batch, honest, payment, sign_row, trace};
use super::judge::{edit, forge, refused, refused_only};
use super::world::World;
use aludel_protocol::cell::AccountCell;
use aludel_protocol::field::MODULUS;
use aludel_protocol::{AccountId, Amount, CellAddress, F, Payload, fe};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;

#[test]
fn nobody_pays_what_it_lacks() {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 7, 1 << 65, 1);
    let mut main = batch(&w, vec![entry]);
    refused_only(&w, &main, &["sender pays amount and fee"]);
    // The last limb takes the loss instead of a borrow that it does not have.
    edit(&mut main, 0, |r| r.balances[0].after[7] -= fe(1 << 16));
    refused_only(&w, &main, &["range16"]);
}

#[test]
fn the_fee_counts_against_the_balance() {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 7, (1 << 64) + 3, 1);
    refused_only(&w, &batch(&w, vec![entry]), &["sender pays amount and fee"]);
}

#[test]
fn a_balance_does_not_overflow() {
    for (to, operator, name) in [(2, 3, "recipient gains the amount"), (4, 2, "operator gains the fee")] {
        let mut w = World::new(5);
        let at = CellAddress::account(AccountId(2));
        let rich = AccountCell { balance: Amount(u128::MAX), ..w.account(2) }.payload();
        w.found(at, rich);
        w.operator = AccountId(operator);
        let entry = w.pay(1, to, 0, 1, 1);
        refused_only(&w, &trace(&w, &[(operator, vec![entry])]), &[name]);
    }
}

#[test]
fn the_operator_gets_the_signed_fee() {
    let (w, mut main) = honest();
    forge(&mut main, NATIVE, |r| {
        r.balances[2].after[0] += F::ONE;
        r.accounts[2].new[Payload::BALANCE] += F::ONE;
    });
    refused(&w, &main, "operator gains the fee");
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 0, 5, 1);
    let mut main = batch(&w, vec![entry]);
    forge(&mut main, 0, |r| {
        r.fee[0] += F::ONE;
        for (role, by) in [(0, -F::ONE), (2, F::ONE)] {
            r.balances[role].after[0] += by;
            r.accounts[role].new[Payload::BALANCE] += by;
        }
    });
    refused_only(&w, &main, &["auth"]);
}

#[test]
fn the_fee_goes_to_the_batchs_operator() {
    let mut w = World::new(5);
    w.operator = AccountId(4);
    let entry = w.pay(1, 2, 0, 5, 1);
    let mut main = trace(&w, &[(4, vec![entry])]);
    for at in [0, 1] {
        forge(&mut main, at, |r| r.state.operator[0] = fe(3));
    }
    refused_only(&w, &main, &["fees go to the operator"]);
}

/// An amount of `-5`: the sender gains what the recipient loses. Its wallet would sign that.
#[test]
fn amounts_have_limbs() {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 7, 0, 0);
    let mut main = batch(&w, vec![entry]);
    forge(&mut main, 0, |r| {
        r.amount[0] = -fe(5);
        r.balances[0].after[0] += fe(5);
        r.balances[1].after[0] -= fe(5);
        r.balances[1].after[0] += fe(1 << 16);
        r.balances[1].carry[0] = -F::ONE;
    });
    sign_row(&mut w, &main, 0);
    refused(&w, &main, "range16");
    refused(&w, &main, "carry is boolean");
}

/// A fee limb of `2^16`, as another spelling of a carry.
#[test]
fn fees_have_limbs() {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 7, 0, 1 << 16);
    let mut main = batch(&w, vec![entry]);
    forge(&mut main, 0, |r| {
        r.fee = [fe(1 << 16), F::ZERO, F::ZERO, F::ZERO];
        r.balances[0].carry[0] += F::ONE;
        r.balances[2].carry[0] += F::ONE;
    });
    sign_row(&mut w, &main, 0);
    refused_only(&w, &main, &["range16"]);
}

/// Adds `2^(16 i) p` to a balance: `p = 0x7f00 2^16 + 1`, so a carry that is off by `0x7f00` does it.
fn off_by_p(role: usize, i: usize) -> (World, RowMajorMatrix<F>) {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, 7, 0, 0);
    let mut main = trace(&w, &[(3, vec![entry])]);
    edit(&mut main, 0, |r| {
        let b = &mut r.balances[role];
        let more = fe(MODULUS >> 16);
        b.carry[i] += if role == 0 { -more } else { more };
        b.after[i] += F::ONE;
        b.after[i + 1] += more;
    });
    (w, main)
}

#[test]
fn borrows_and_carries_are_small() {
    for i in 0..7 {
        for (role, name) in [(0, "borrow is 0, 1 or 2"), (1, "carry is boolean"), (2, "carry is boolean")] {
            let (w, main) = off_by_p(role, i);
            refused_only(&w, &main, &[name]);
        }
    }
}

/// The recipient's sum starts from one more than it has.
#[test]
fn a_native_balance_is_the_accounts() {
    let (w, mut main) = payment(0);
    edit(&mut main, 0, |r| {
        r.balances[1].before[0] += F::ONE;
        r.balances[1].after[0] += F::ONE;
        r.accounts[1].new[Payload::BALANCE] += F::ONE;
    });
    refused_only(&w, &main, &["native balance before"]);
}

/// Token 7 is paid with the native one.
#[test]
fn no_other_token_is_native() {
    let (mut w, mut main) = payment(0);
    forge(&mut main, 0, |r| r.token = fe(7));
    sign_row(&mut w, &main, 0);
    refused_only(&w, &main, &["the native token is zero"]);
}

/// The account's `l1_owner` is no balance, and a token's balance is not the native one.
#[test]
fn the_token_says_where_its_balance_lies() {
    let (w, main) = honest();
    let mut bad = main.clone();
    edit(&mut bad, NATIVE, |r| r.native = F::ZERO);
    refused(&w, &bad, "a zero token is native");
    let mut bad = main.clone();
    edit(&mut bad, TOKEN, |r| {
        r.native = F::ONE;
        r.token_inverse = F::ZERO;
    });
    refused(&w, &bad, "the native token is zero");
    let mut bad = main;
    edit(&mut bad, TOKEN, |r| {
        r.token += fe(1 << 16);
        r.token_inverse = r.token.inverse();
    });
    refused(&w, &bad, "cell");
}
