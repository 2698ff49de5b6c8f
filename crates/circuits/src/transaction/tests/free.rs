//! Which cells of an honest trace nobody misses when they change: those of parts that the row's kind does not have.

use aludel_protocol::{F, fe};
use p3_field::Field;
use p3_matrix::Matrix;

use super::history::honest;
use super::judge::{refusals, row};
use crate::chip::Chip;
use crate::transaction::Transaction;
use crate::transaction::columns::TransactionColumns;

/// A part of the row that some kinds of it do not read: beginnings of names.
type Part = &'static [&'static str];

const SENDER: Part =
    &["accounts[0]", "from", "increment[", "balances[0].before", "balances[0].after", "balances[0].exists"];
const SENDERS_TOKEN: Part = &["balances[0].previous", "balances[0].exists"];
const TRANSFER: Part = &["fee", "epoch", "expiry", "slack["];
const RECIPIENT: Part = &["accounts[1]", "to[", "amount", "balances[1].before", "balances[1].after"];
const RECIPIENTS_TOKEN: Part = &["balances[1].previous", "balances[1].exists"];
const OPERATOR: Part = &["balances[2].before", "balances[2].after"];
const OPERATORS_TOKEN: Part = &["balances[2].previous", "balances[2].exists"];
const THIRD: Part = &["accounts[2]", "third"];
/// The native token is zero and has no inverse.
const INVERSE: Part = &["token_inverse"];
const HEADER: Part = &["inner", "digest"];
const BODY: Part = &["body_after"];
const QUEUE: Part = &["queue_after"];

/// What a row of this kind does not read.
fn unread(r: &TransactionColumns<F>) -> Vec<Part> {
    let mut parts = Vec::new();
    let deposit = r.to_account + r.to_key;
    let entry = r.transfer + deposit;
    let mut missing = |there: bool, what: &[Part]| {
        if !there {
            parts.extend_from_slice(what)
        }
    };
    missing(!r.native.is_one(), &[SENDERS_TOKEN, RECIPIENTS_TOKEN, OPERATORS_TOKEN, INVERSE]);
    missing(r.transfer.is_one(), &[TRANSFER, OPERATOR, OPERATORS_TOKEN, SENDERS_TOKEN, &SENDER[3..]]);
    missing((r.transfer + r.to_key).is_one(), &[&SENDER[..3], THIRD]);
    missing(entry.is_one(), &[RECIPIENT, RECIPIENTS_TOKEN, BODY]);
    missing(deposit.is_one(), &[QUEUE]);
    missing(r.padding.is_zero(), &[HEADER]);
    parts
}

#[test]
fn no_cell_is_free_but_those_of_parts_that_the_row_does_not_have() {
    let (w, main) = honest();
    let names = Transaction { log_height: 4 }.column_names();
    for at in 0..main.height() {
        let unread = unread(&row(&main, at)).concat();
        for (column, name) in names.iter().enumerate() {
            let mut bad = main.clone();
            bad.row_mut(at)[column] += fe(5);
            let free = unread.iter().any(|part| name.starts_with(part));
            assert_eq!(refusals(&w, &bad).is_empty(), free, "{name} in row {at}");
        }
    }
}
