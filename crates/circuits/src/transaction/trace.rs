//! Rows of `transaction` from executed batches.

use std::collections::BTreeMap;

use aludel_protocol::cell::{Access, Accesses};
use aludel_protocol::field::Limbs;
use aludel_protocol::records::WithdrawalTree;
use aludel_protocol::{
    AccountId, BatchNumber, CellAddress, ChainId, Checkpoint, Digest, Epoch, F, Header, KeyDigest, NoOp,
    Payload, QueueIndex, QueueItem, Transaction, fe,
};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;

use super::air::MAX_LOG_HEIGHT;
use super::calls::pubdata_start;
use super::columns::{State, TransactionColumns};
use super::flow::CLOCK_STEP;
use super::rows;
use crate::cell::trace::CellRow;
use crate::chip::{Tables, TraceError};
use crate::columns::Columns;

/// What an entry of a batch is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A transaction; its signature is another chip's.
    Transaction(Transaction),
    /// The next item of the L1 queue.
    Queue(QueueItem),
}

/// An entry with the cells it touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutedEntry {
    /// What it is.
    pub event: Event,
    /// What it read and wrote, by role.
    pub accesses: Accesses,
    /// Why an item did not take effect; `None` where it did, and for transactions.
    pub no_op: Option<NoOp>,
}

/// A sealed batch with the cells it touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutedBatch {
    /// Its header.
    pub header: Header,
    /// Its entries, in order.
    pub entries: Vec<ExecutedEntry>,
}

/// A checkpoint without its state root, which this chip does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The last sealed batch.
    pub number: BatchNumber,
    /// Rolling digest of the headers.
    pub headers: Digest,
    /// Rolling digest of the consumed queue items.
    pub queue: Digest,
    /// How many those are.
    pub queue_index: QueueIndex,
}

/// The trace, and what the other chips' traces are made from.
#[derive(Clone, Debug)]
pub struct TransactionTrace {
    /// The trace of height `2^log_height`.
    pub main: RowMajorMatrix<F>,
    /// Every touched cell, sorted by address.
    pub cells: Vec<CellRow>,
    /// Where the chain stands after the last batch.
    pub next: Progress,
    /// The transactions' signatures to verify, in order: whose key, of what, with which one-time key.
    pub auth: Vec<(KeyDigest, Digest, Epoch)>,
    /// The leaves of each batch that has withdrawals. [`WithdrawalTree::updates`] makes their nodes.
    pub withdrawals: Vec<(BatchNumber, Vec<Digest>)>,
}

/// The trace of a run of batches after `prev`, of height `2^log_height`. One row stays padding.
pub fn generate(
    log_height: usize,
    chain_id: ChainId,
    prev: &Checkpoint,
    batches: &[ExecutedBatch],
    tables: &mut Tables,
) -> Result<TransactionTrace, TraceError> {
    let needed = 1 + batches.iter().map(|b| b.entries.len() + 1).sum::<usize>();
    if log_height > MAX_LOG_HEIGHT {
        return Err(inconsistent(format!("gaps in 2^{log_height} rows have no limb")));
    }
    let available = 1 << log_height;
    if needed > available {
        return Err(TraceError::Full { chip: "transaction", needed, available });
    }
    if batches.is_empty() {
        return Err(inconsistent("a shard proves at least one batch".into()));
    }
    let mut writer = Writer::new(chain_id, prev, tables);
    for batch in batches {
        writer.batch(batch)?;
    }
    Ok(writer.finish(available))
}

/// Appends rows and keeps what the next one starts from.
pub(super) struct Writer<'a> {
    pub(super) state: State<F>,
    pub(super) memory: BTreeMap<CellAddress, CellRow>,
    rows: Vec<F>,
    auth: Vec<(KeyDigest, Digest, Epoch)>,
    withdrawals: Vec<(BatchNumber, Vec<Digest>)>,
    /// Of the batch that is being built.
    leaves: Vec<Digest>,
    tables: &'a mut Tables,
}

impl<'a> Writer<'a> {
    pub(super) fn new(chain_id: ChainId, prev: &Checkpoint, tables: &'a mut Tables) -> Self {
        let state = State {
            chain_id: chain_id.0.limbs(),
            sealed: prev.number.0.limbs(),
            operator: [F::ZERO; 2],
            transactions: F::ZERO,
            queue_items: F::ZERO,
            withdrawals: F::ZERO,
            pubdata: pubdata_start(),
            headers: prev.headers.0,
            queue: prev.queue.0,
            queue_index: prev.queue_index.0.limbs(),
            clock: fe(CLOCK_STEP),
        };
        let (memory, rows, auth, leaves) = (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
        Self { state, memory, rows, auth, withdrawals: Vec::new(), leaves, tables }
    }

    fn batch(&mut self, batch: &ExecutedBatch) -> Result<(), TraceError> {
        self.begin(batch.header.operator);
        for entry in &batch.entries {
            self.entry(entry)?;
        }
        let header = self.seal();
        if header != batch.header.fields()[..] {
            let number = batch.header.number;
            return Err(inconsistent(format!("batch {number} has a header that its entries do not make")));
        }
        Ok(())
    }

    pub(super) fn begin(&mut self, operator: AccountId) {
        self.state.operator = operator.0.limbs();
    }

    pub(super) fn entry(&mut self, entry: &ExecutedEntry) -> Result<(), TraceError> {
        let mut r = rows::blank(self.state);
        let mut previous: rows::Previous = [F::ZERO; 6];
        let clock = self.state.clock.as_canonical_u32();
        for (j, access) in entry.accesses.iter().enumerate() {
            if let Some(access) = access {
                previous[j] = fe(self.access(access, clock + j as u32)?);
            }
        }
        match &entry.event {
            Event::Transaction(t) => rows::transaction(&mut r, t, &entry.accesses, &previous),
            Event::Queue(item) => rows::item(&mut r, item, entry.no_op, &entry.accesses, &previous)
                .ok_or_else(|| inconsistent(format!("an item of kind {} takes effect", item.kind)))?,
        }
        if rows::addresses(&r) != entry.accesses.map(|a| a.map(|a| a.at)) {
            return Err(inconsistent("an entry touches other cells than its kind demands".into()));
        }
        self.push(r);
        Ok(())
    }

    /// Ends the batch; returns its header's fields.
    pub(super) fn seal(&mut self) -> Vec<F> {
        let mut r = rows::blank(self.state);
        r.seal = F::ONE;
        let leaves = core::mem::take(&mut self.leaves);
        r.leaf = WithdrawalTree::new(leaves.clone()).root().0;
        if !leaves.is_empty() {
            r.has_withdrawals = F::ONE;
            r.inverse = r.state.withdrawals.try_inverse().unwrap_or(F::ZERO);
            self.withdrawals.push((BatchNumber(int(r.number)), leaves));
        }
        let header = r.header_fields();
        self.push(r);
        header
    }

    /// Records an access and returns the time of the one before.
    fn access(&mut self, access: &Access, time: u32) -> Result<u32, TraceError> {
        let initial = CellRow { at: access.at, initial: access.old, last: access.old, time: 0 };
        let cell = self.memory.entry(access.at).or_insert(initial);
        if cell.last != access.old {
            return Err(inconsistent(format!("{:?} does not hold what an access finds", access.at)));
        }
        cell.last = access.new;
        Ok(core::mem::replace(&mut cell.time, time))
    }

    /// Hashes, looks up, and moves on to the state after the row.
    pub(super) fn push(&mut self, mut r: TransactionColumns<F>) {
        self.hash(&mut r);
        if r.signed().is_one() {
            let key = core::array::from_fn(|i| r.accounts[0].old[Payload::KEY + i]);
            self.auth.push((Digest(key), Digest(r.digest), Epoch(r.epoch.as_canonical_u32())));
        }
        for (x, count) in r.ranges() {
            if count.is_one() {
                self.tables.range16(x);
            }
        }
        self.state = r.after();
        r.put(&mut self.rows);
    }

    fn hash(&mut self, r: &mut TransactionColumns<F>) {
        if r.real().is_one() {
            r.inner = self.tables.hash24(r.inner_call()).0;
            r.digest = self.tables.hash24(r.digest_call()).0;
        }
        if (r.item() + r.seal).is_one() {
            r.rolled = self.tables.hash24(r.rolled_call()).0;
        }
        if r.entry().is_one() {
            r.pubdata_after = self.tables.hash24(r.pubdata_call()).0;
        }
        if r.leaves().is_one() {
            r.leaf = self.tables.hash24(r.leaf_call()).0;
            self.leaves.push(Digest(r.leaf));
        }
    }

    /// Pads to the height.
    pub(super) fn finish(mut self, height: usize) -> TransactionTrace {
        let width = <TransactionColumns<F> as Columns<F>>::WIDTH;
        while self.rows.len() < height * width {
            let mut r = rows::blank(self.state);
            r.padding = F::ONE;
            self.push(r);
        }
        TransactionTrace {
            main: RowMajorMatrix::new(self.rows, width),
            cells: self.memory.into_values().collect(),
            next: progress(&self.state),
            auth: self.auth,
            withdrawals: self.withdrawals,
        }
    }
}

fn progress(state: &State<F>) -> Progress {
    Progress {
        number: BatchNumber(int(state.sealed)),
        headers: Digest(state.headers),
        queue: Digest(state.queue),
        queue_index: QueueIndex(int(state.queue_index)),
    }
}

fn int([lo, hi]: [F; 2]) -> u32 {
    hi.as_canonical_u32() << 16 | lo.as_canonical_u32()
}

fn inconsistent(reason: String) -> TraceError {
    TraceError::Inconsistent { chip: "transaction", reason }
}
