//! A short run of batches with every kind of row, and traces of runs that no ledger would execute.

use aludel_protocol::{AccountId, Digest, Epoch, F, fe};
use p3_field::{Field, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;

use super::judge::row;
use super::world::{World, to_account, to_key};
use crate::chip::Tables;
use crate::transaction::trace::Writer;
use crate::transaction::{ExecutedBatch, ExecutedEntry};

pub const LOG_HEIGHT: usize = 4;

/// Rows of [`history`] by what they are.
pub const NATIVE: usize = 0;
pub const TOKEN: usize = 1;
pub const TO_ACCOUNT: usize = 2;
pub const TO_KEY_TOKEN: usize = 3;
pub const SEAL: usize = 4;
pub const SELF: usize = 5;
pub const TO_KEY: usize = 6;
pub const TO_ACCOUNT_TOKEN: usize = 8;
pub const PADDING: usize = 11;

/// Ten entries and seals in three batches of two operators, the last one empty; then padding.
pub fn history() -> (World, Vec<ExecutedBatch>) {
    let mut w = World::new(0xffff);
    let first = vec![
        w.pay(1, 2, 0, 1 << 80, 9),
        w.pay(2, 1, 7, 1 << 63, 1 << 40),
        w.deposit(to_account(2, 0, u128::from(u64::MAX))),
        w.deposit(to_key(9, 7, 70_000)),
    ];
    let first = w.seal(1, first);
    w.operator = AccountId(4);
    let second = vec![w.pay(1, 1, 0, 5, 1), w.deposit(to_key(10, 0, 5))];
    let second = w.seal(2, second);
    let third = vec![w.deposit(to_account(0xffff, 7, 1))];
    let third = w.seal(3, third);
    let empty = w.seal(4, Vec::new());
    (w, vec![first, second, third, empty])
}

/// The trace of an adversary who seals these batches, one operator each.
pub fn trace(w: &World, batches: &[(u32, Vec<ExecutedEntry>)]) -> RowMajorMatrix<F> {
    let mut tables = Tables::default();
    let mut writer = Writer::new(w.chain_id, &w.prev, &mut tables);
    for (operator, entries) in batches {
        writer.begin(AccountId(*operator));
        for entry in entries {
            writer.entry(entry).expect("the accesses fit the entry");
        }
        writer.seal();
    }
    writer.finish(1 << LOG_HEIGHT).main
}

/// The honest trace of [`history`].
pub fn honest() -> (World, RowMajorMatrix<F>) {
    let (w, batches) = history();
    let batches: Vec<_> = batches.into_iter().map(|b| (b.header.operator.0, b.entries)).collect();
    let main = trace(&w, &batches);
    (w, main)
}

/// The trace of one batch of operator 3.
pub fn batch(w: &World, entries: Vec<ExecutedEntry>) -> RowMajorMatrix<F> {
    trace(w, &[(3, entries)])
}

/// Makes the wallet sign whatever the row says.
pub fn sign_row(w: &mut World, main: &RowMajorMatrix<F>, at: usize) {
    let r = row(main, at);
    let key = core::array::from_fn(|i| r.accounts[0].old[i]);
    let epoch = Epoch(r.epoch.as_canonical_u32());
    w.signed.insert((Digest(key), Digest(r.digest), epoch));
}

/// One transfer of a token other than the native one, or of that one.
pub fn payment(token: u16) -> (World, RowMajorMatrix<F>) {
    let mut w = World::new(5);
    let entry = w.pay(1, 2, token, 5, 1);
    let main = trace(&w, &[(3, vec![entry])]);
    (w, main)
}

/// `n` batches without entries.
pub fn empty(n: usize) -> (World, RowMajorMatrix<F>) {
    let w = World::new(5);
    let batches: Vec<_> = (0..n).map(|_| (3, vec![])).collect();
    let main = trace(&w, &batches);
    (w, main)
}

/// The carry out of the low limb for which `low - 2^16 carry` is `wanted`.
pub fn carry(low: F, wanted: F) -> F {
    (low - wanted) * fe(1 << 16).inverse()
}
