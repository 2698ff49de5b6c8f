//! A short run of batches with every kind of row, and traces of runs that no ledger would execute.

use aludel_protocol::{AccountId, Digest, Epoch, F, fe};
use p3_field::{Field, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;

use super::judge::row;
use super::world::{World, forced, of_kind, to_account, to_key};
use crate::chip::Tables;
use crate::transaction::trace::Writer;
use crate::transaction::{ExecutedBatch, ExecutedEntry};

pub const LOG_HEIGHT: usize = 5;

/// Rows of [`history`] by what they are.
pub const NATIVE: usize = 0;
pub const TOKEN: usize = 1;
pub const TO_ACCOUNT: usize = 2;
pub const TO_KEY_TOKEN: usize = 3;
pub const SEAL: usize = 4;
pub const SELF: usize = 5;
pub const TO_KEY: usize = 6;
pub const WITHDRAW: usize = 7;
pub const FORCED: usize = 8;
pub const NO_ACCOUNT: usize = 9;
pub const OVERFLOW: usize = 10;
pub const UNKNOWN_KIND: usize = 11;
pub const FORCED_NO_ACCOUNT: usize = 12;
pub const NOT_OWNER: usize = 13;
pub const ROTATE: usize = 14;
pub const NO_NUMBER: usize = 15;
pub const LEAVES: usize = 16;
pub const TO_ACCOUNT_TOKEN: usize = 17;
pub const WITHDRAW_TOKEN: usize = 18;
pub const FORCED_TOKEN: usize = 19;
pub const OVERFLOW_TOKEN: usize = 20;
pub const ROTATE_TOKEN: usize = 21;
pub const NOT_OWNER_NOBODY: usize = 22;
pub const LEAVES_TOKEN: usize = 23;
pub const EMPTY: usize = 24;
pub const PADDING: usize = 25;

/// The number of the first account that [`history`] creates; there are two left.
pub const LAST: u32 = u32::MAX - 2;

/// Every kind of row, in four batches of two operators: one without withdrawals, two with, one empty; then padding.
pub fn history() -> (World, Vec<ExecutedBatch>) {
    let mut w = World::new(LAST);
    let first = vec![
        w.pay(1, 2, 0, 1 << 80, 9),
        w.pay(2, 1, 7, 1 << 63, 1 << 40),
        w.queue(to_account(2, 0, u128::from(u64::MAX))),
        w.queue(to_key(9, 7, 70_000)),
    ];
    let first = w.seal(1, first);
    w.operator = AccountId(4);
    let second = vec![
        w.pay(1, 1, 0, 5, 1),
        w.queue(to_key(10, 0, 5)),
        w.withdraw(1, 0, 1 << 90, 3),
        w.queue(forced(2, 0, 2)),
        w.queue(to_account(77, 0, 6)),
        w.queue(to_account(3, 0, u128::MAX)),
        w.queue(of_kind(4, 8)),
        w.queue(forced(78, 0, 1)),
        w.queue(forced(3, 0, 1)),
        w.rotate(3, 0, 2, 33),
        w.queue(to_key(11, 7, 12)),
    ];
    let second = w.seal(2, second);
    let third = vec![
        w.queue(to_account(LAST, 7, 1)),
        w.withdraw(1, 7, 1 << 60, 1),
        w.queue(forced(LAST, 7, 9)),
        w.queue(to_account(1, 7, u128::MAX)),
        w.rotate(1, 7, 1, 31),
        w.queue(forced(4, 7, 4)),
    ];
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
