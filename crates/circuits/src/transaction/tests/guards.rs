//! Attacks that exactly one constraint stands against. The sums of limbs are the sharpest: with a free carry they
//! hold modulo `p` only, so a value may be off by `p`.

use aludel_protocol::field::{Limbs, MODULUS};
use aludel_protocol::params::PAYLOAD;
use aludel_protocol::{BatchNumber, ChainId, F, Payload, fe};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;

use super::attacks::sign_row;
use super::history::trace;
use super::judge::{edit, forge, refused_only, row};
use super::world::{World, to_account, to_key};

/// One transfer of a token other than the native one, or of that one.
fn payment(token: u16) -> (World, RowMajorMatrix<F>) {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, token, 5, 1);
    let main = trace(&w, &[(3, vec![entry])]);
    (w, main)
}

/// `n` batches without entries.
fn empty(n: usize) -> (World, RowMajorMatrix<F>) {
    let w = World::new(5);
    let batches: Vec<_> = (0..n).map(|_| (3, vec![])).collect();
    let main = trace(&w, &batches);
    (w, main)
}

/// The carry out of the low limb for which `low - 2^16 carry` is `wanted`.
fn carry(low: F, wanted: F) -> F {
    (low - wanted) * fe(1 << 16).inverse()
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

#[test]
fn a_sequence_goes_up_by_one() {
    for (i, both) in [(0, true), (1, true), (0, false), (1, false)] {
        let (w, mut main) = payment(0);
        edit(&mut main, 0, |r| {
            // Within the limb: the low one is full.
            let by = if i == 0 { -F::ONE } else { F::ONE };
            r.accounts[0].new[Payload::SEQUENCE + i] += by;
            r.increment[i] += by * F::from_bool(both);
        });
        refused_only(&w, &main, &["sequence advances"]);
    }
}

#[test]
fn a_sequence_does_not_jump_by_p() {
    let (w, mut main) = payment(0);
    let next = w.account(1).sequence.0 + MODULUS;
    edit(&mut main, 0, |r| {
        r.increment = next.limbs();
        r.increment_carry = carry(r.accounts[0].old[8] + F::ONE, r.increment[0]);
        r.accounts[0].new[8..10].copy_from_slice(&r.increment);
    });
    refused_only(&w, &main, &["increment carry is boolean"]);
}

#[test]
fn a_number_does_not_jump_by_p() {
    let (w, mut main) = empty(1);
    forge(&mut main, 0, |r| {
        r.number = (w.prev.number.0 + 1 + MODULUS).limbs();
        r.number_carry = carry(r.state.sealed[0] + F::ONE, r.number[0]);
    });
    refused_only(&w, &main, &["number carry is boolean"]);
}

/// Up by `p + 1` and down by `p - 1`.
#[test]
fn a_queue_index_does_not_jump_by_p() {
    let mut w = World::new(5);
    let entries = vec![w.deposit(to_account(1, 0, 1)), w.deposit(to_account(2, 0, 1))];
    let mut main = trace(&w, &[(3, entries)]);
    for (at, next) in [(0, w.prev.queue_index.0 + 1 + MODULUS), (1, w.prev.queue_index.0 + 2)] {
        let low = Limbs::<2>::limbs(next)[0];
        forge(&mut main, at, |r| r.queue_carry = carry(r.state.queue_index[0] + F::ONE, low));
    }
    refused_only(&w, &main, &["queue carry is boolean"]);
}

#[test]
fn a_slack_is_not_p_minus_one() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.expiry = BatchNumber(w.prev.number.0);
    w.sign(&t);
    let entry = w.transfer(t);
    let mut main = trace(&w, &[(3, vec![entry])]);
    edit(&mut main, 0, |r| {
        r.slack = (MODULUS - 1).limbs();
        r.slack_borrow = -carry(r.expiry[0] - r.number[0], r.slack[0]);
    });
    refused_only(&w, &main, &["slack borrow is boolean"]);
}

#[test]
fn a_row_is_for_one_chain() {
    let mut w = World::new(5);
    let mut t = w.draft(1, 2, 0, 5, 1);
    t.chain_id = ChainId(2);
    w.sign(&t);
    let entries = vec![w.deposit(to_account(3, 0, 1)), w.transfer(t)];
    let mut main = trace(&w, &[(3, entries)]);
    let ours = row(&main, 0).state.chain_id;
    forge(&mut main, 1, |r| r.state.chain_id = t.chain_id.0.limbs());
    forge(&mut main, 2, |r| r.state.chain_id = ours);
    refused_only(&w, &main, &["chain id is carried"]);
}

#[test]
fn the_clock_runs() {
    let mut w = World::new(5);
    let entries = vec![w.deposit(to_account(1, 0, 1)), w.deposit(to_account(2, 0, 1))];
    let honest = trace(&w, &[(3, entries)]);
    let mut main = honest.clone();
    forge(&mut main, 1, |r| r.state.clock = fe(8));
    refused_only(&w, &main, &["clock advances by 8"]);
    let mut main = honest;
    forge(&mut main, 0, |r| r.state.clock = fe(65_000));
    refused_only(&w, &main, &["clock starts at 8"]);
}

/// The signed digest over another amount: the first block is not what was signed.
#[test]
fn a_digest_covers_its_first_block() {
    let (w, mut main) = payment(7);
    edit(&mut main, 0, |r| {
        r.amount[0] += F::ONE;
        r.balances[0].after[0] -= F::ONE;
        r.balances[1].after[0] += F::ONE;
    });
    refused_only(&w, &main, &["hash24"]);
}

#[test]
fn an_epoch_is_used_up() {
    let (w, mut main) = payment(0);
    edit(&mut main, 0, |r| r.accounts[0].new[Payload::NEXT_EPOCH] -= F::ONE);
    refused_only(&w, &main, &["epoch is used up"]);
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

/// The account that a deposit would take over keeps its balance for the new owner.
#[test]
fn an_account_is_not_taken_over_with_its_balance() {
    let mut w = World::new(2);
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

/// A deposit that L1 never saw, in the place of one that it did.
#[test]
fn the_queue_is_what_was_consumed() {
    let mut w = World::new(5);
    w.enqueue(&to_account(1, 0, 1));
    let entry = w.consume(to_account(2, 0, 1 << 90));
    let mut main = trace(&w, &[(3, vec![entry])]);
    forge(&mut main, 1, |r| r.state.queue = w.l1[1].0);
    refused_only(&w, &main, &["queue is carried"]);
}

#[test]
fn a_number_is_sealed_once() {
    let (w, mut main) = empty(3);
    let first = row(&main, 0);
    forge(&mut main, 1, |r| {
        (r.state.sealed, r.number, r.number_carry) = (first.state.sealed, first.number, first.number_carry)
    });
    refused_only(&w, &main, &["last sealed is carried"]);
}

/// Sealed twice and padded minus once, a row skips a number.
#[test]
fn kinds_are_boolean() {
    let (w, mut main) = empty(2);
    forge(&mut main, 1, |r| (r.seal, r.padding) = (fe(2), -F::ONE));
    refused_only(&w, &main, &["kind is boolean"]);
}

#[test]
fn every_row_has_a_kind() {
    let (w, mut main) = empty(2);
    forge(&mut main, 1, |r| r.seal = F::ZERO);
    refused_only(&w, &main, &["one kind a row"]);
}
