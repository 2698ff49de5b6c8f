//! Rows of `transaction` from executed batches.

use std::collections::BTreeMap;

use aludel_protocol::cell::{Access, Accesses};
use aludel_protocol::field::Limbs;
use aludel_protocol::{
    AccountId, BatchNumber, CellAddress, ChainId, Checkpoint, Digest, Epoch, F, Header, KeyDigest, Payload,
    QueueIndex, QueueItem, Transfer, fe,
};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_matrix::dense::RowMajorMatrix;

use super::air::MAX_LOG_HEIGHT;
use super::calls::body_start;
use super::columns::{State, TransactionColumns};
use super::flow::CLOCK_STEP;
use super::rows;
use crate::cell::trace::CellRow;
use crate::chip::{Tables, TraceError};
use crate::columns::Columns;

/// What an entry of a batch does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A transfer; its signature is another chip's.
    Transfer(Transfer),
    /// The next item of the L1 queue.
    Queue(QueueItem),
}

/// An entry with the cells it touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutedEntry {
    /// What it does.
    pub action: Action,
    /// What it read and wrote, by role.
    pub accesses: Accesses,
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
    /// The transfers' signatures to verify, in order: whose key, of what, with which one-time key.
    pub auth: Vec<(KeyDigest, Digest, Epoch)>,
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
        return Err(inconsistent(format!("time wraps in 2^{log_height} rows")));
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
    tables: &'a mut Tables,
}

impl<'a> Writer<'a> {
    pub(super) fn new(chain_id: ChainId, prev: &Checkpoint, tables: &'a mut Tables) -> Self {
        let state = State {
            chain_id: chain_id.0.limbs(),
            sealed: prev.number.0.limbs(),
            operator: [F::ZERO; 2],
            transfers: F::ZERO,
            queue_items: F::ZERO,
            body: body_start(),
            headers: prev.headers.0,
            queue: prev.queue.0,
            queue_index: prev.queue_index.0.limbs(),
            clock: fe(CLOCK_STEP),
        };
        Self { state, memory: BTreeMap::new(), rows: Vec::new(), auth: Vec::new(), tables }
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
        match &entry.action {
            Action::Transfer(t) => rows::transfer(&mut r, t, &entry.accesses, &previous),
            Action::Queue(item) => rows::deposit(&mut r, item, &entry.accesses, &previous),
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
        if r.transfer.is_one() {
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
        if r.entry().is_one() {
            r.body_after = self.tables.hash24(r.body_call()).0;
        }
        if r.deposit().is_one() {
            r.queue_after = self.tables.hash24(r.queue_call()).0;
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
        }
    }
}

fn progress(state: &State<F>) -> Progress {
    let int = |[lo, hi]: [F; 2]| hi.as_canonical_u32() << 16 | lo.as_canonical_u32();
    Progress {
        number: BatchNumber(int(state.sealed)),
        headers: Digest(state.headers),
        queue: Digest(state.queue),
        queue_index: QueueIndex(int(state.queue_index)),
    }
}

fn inconsistent(reason: String) -> TraceError {
    TraceError::Inconsistent { chip: "transaction", reason }
}
