//! Which cells of an honest trace nobody misses when they change: those of parts that the row's kind does not have.

use aludel_protocol::{F, Payload, fe};
use p3_field::Field;
use p3_matrix::Matrix;

use super::history::honest;
use super::judge::{refusals, row};
use crate::chip::Chip;
use crate::transaction::Transaction;
use crate::transaction::columns::TransactionColumns;

/// Beginnings of names, and the rows that read them.
type Part = (&'static [&'static str], fn(&TransactionColumns<F>) -> F);

/// What is not here is read on every row.
const PARTS: &[Part] = &[
    (&["accounts[0]", "from"], |r| r.reads_account(0)),
    (&["accounts[1]", "to["], |r| r.reads_account(1)),
    (&["accounts[2]", "third"], |r| r.reads_account(2)),
    (&["balances[0].before", "balances[0].after"], |r| r.reads_balance(0)),
    (&["balances[1].before", "balances[1].after"], |r| r.reads_balance(1)),
    (&["balances[2].before", "balances[2].after"], |r| r.reads_balance(2)),
    (&["balances[0].previous", "balances[0].exists"], |r| r.reads_balance(0) * (fe(1) - r.native)),
    (&["balances[1].previous", "balances[1].exists"], |r| r.reads_balance(1) * (fe(1) - r.native)),
    (&["balances[2].previous", "balances[2].exists"], |r| r.reads_balance(2) * (fe(1) - r.native)),
    (&["fee", "epoch", "expiry", "slack["], |r| r.signed()),
    (&["increment["], |r| r.signed() + r.to_key),
    (&["amount", "pubdata_after"], |r| r.entry()),
    (&["account[", "key["], |r| r.item()),
    (&["l1["], |r| r.item() + r.withdraw),
    // What is equal has no factor that would count.
    (&["difference[10]"], |r| r.not_owner * (fe(1) - r.accounts[2].old[Payload::EXISTS])),
    (&["difference["], |r| r.not_owner),
    (&["inverse"], |r| r.spends() + r.unknown_kind + r.has_withdrawals),
    // The native token is zero and has no inverse.
    (&["token_inverse"], |r| fe(1) - r.native),
    (&["inner", "digest"], |r| r.real()),
    (&["rolled"], |r| r.item() + r.seal),
    (&["leaf["], |r| r.leaves() + r.seal),
];

fn read(r: &TransactionColumns<F>, name: &str) -> bool {
    let part = PARTS.iter().find(|(names, _)| names.iter().any(|n| name.starts_with(n)));
    part.is_none_or(|(_, read)| read(r).is_one())
}

#[test]
fn no_cell_is_free_but_those_of_parts_that_the_row_does_not_have() {
    let (w, main) = honest();
    let names = Transaction { log_height: 5 }.column_names();
    for at in 0..main.height() {
        let r = row(&main, at);
        for (column, name) in names.iter().enumerate() {
            let mut bad = main.clone();
            bad.row_mut(at)[column] += fe(5);
            assert_eq!(refusals(&w, &bad).is_empty(), !read(&r, name), "{name} in row {at}");
        }
    }
}
