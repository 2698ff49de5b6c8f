//! The digests and counts that roll through a batch, and its withdrawals: one computation for sealing and for
//! replaying.

use aludel_protocol::hash::{Digest, Tag, roll, rolling_start};
use aludel_protocol::ids::{BatchNumber, QueueIndex};
use aludel_protocol::records::{Entry, Header, Withdrawal, WithdrawalTree, publish, publish_item};
use aludel_protocol::statement::Checkpoint;
use rayon::prelude::*;

use crate::execute::{Authority, Cells, Context, ExecuteError, Executed, Payout, Prepared, draft, write};

/// Why an entry does not enter.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was not applied.
    Execute(ExecuteError),
    /// A count has no successor.
    Exhausted,
}

/// What a header and a checkpoint count.
#[derive(Clone, Copy, Debug)]
struct Counts {
    transactions: u16,
    queue_items: u16,
    withdrawals: u16,
    queue_index: QueueIndex,
}

impl Counts {
    /// With one more entry.
    fn with(mut self, entry: &Entry, executed: &Executed) -> Option<Self> {
        match entry {
            Entry::Transaction(_) => self.transactions = self.transactions.checked_add(1)?,
            Entry::Queue(_) => {
                self.queue_items = self.queue_items.checked_add(1)?;
                self.queue_index = QueueIndex(self.queue_index.0.checked_add(1)?);
            }
        }
        if executed.payout.is_some() {
            self.withdrawals = self.withdrawals.checked_add(1)?;
        }
        Some(self)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Rolling {
    context: Context,
    counts: Counts,
    pubdata: Digest,
    queue: Digest,
    withdrawals: Vec<Withdrawal>,
}

impl Rolling {
    /// A batch without entries that follows a checkpoint.
    pub const fn after(prev: &Checkpoint, context: Context) -> Self {
        let queue_index = prev.queue_index;
        let counts = Counts { transactions: 0, queue_items: 0, withdrawals: 0, queue_index };
        let pubdata = rolling_start(Tag::Pubdata);
        Self { context, counts, pubdata, queue: prev.queue, withdrawals: Vec::new() }
    }

    /// Applies one more entry to the cells; where it does not enter, nothing changes.
    pub fn apply<C: Cells>(
        &mut self,
        cells: &mut C,
        (entry, prepared): (&Entry, &Prepared),
        by: &impl Authority,
    ) -> Result<Executed, Failure> {
        let executed = draft(cells, &self.context, entry, |key| prepared.authorise(key, entry, by))
            .map_err(Failure::Execute)?;
        let counts = self.counts.with(entry, &executed).ok_or(Failure::Exhausted)?;
        write(cells, &executed.accesses).map_err(|fault| Failure::Execute(fault.into()))?;
        self.absorb(entry, prepared, &executed);
        self.counts = counts;
        Ok(executed)
    }

    fn absorb(&mut self, entry: &Entry, prepared: &Prepared, executed: &Executed) {
        match entry {
            Entry::Transaction(signed) => {
                let public = prepared.digests(&signed.transaction).public;
                self.pubdata = publish(self.pubdata, public, &signed.transaction.public_rest());
            }
            Entry::Queue(item) => {
                self.pubdata = publish_item(self.pubdata);
                self.queue = item.enqueue(self.queue);
            }
        }
        let withdrawal = |p: Payout| p.withdrawal(self.context.number, self.counts.withdrawals);
        self.withdrawals.extend(executed.payout.map(withdrawal));
    }

    /// The header of a batch of the entries so far.
    pub fn header(&self) -> Header {
        let leaves = self.withdrawals.par_iter().with_min_len(64).map(Withdrawal::digest).collect();
        let Counts { transactions, queue_items, withdrawals, .. } = self.counts;
        Header {
            number: self.context.number,
            operator: self.context.operator,
            transactions,
            queue_items,
            withdrawals,
            pubdata: self.pubdata,
            withdrawals_root: WithdrawalTree::new(leaves).root(),
        }
    }

    /// The chain after a batch of this header, which leads from `prev` to `state_root`.
    pub fn checkpoint(&self, prev: &Checkpoint, header: &Header, state_root: Digest) -> Checkpoint {
        Checkpoint {
            number: header.number,
            state_root,
            headers: roll(prev.headers, header.digest()),
            queue: self.queue,
            queue_index: self.counts.queue_index,
        }
    }

    /// What the rules know of the batch.
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// Items of the L1 queue consumed by now, over all batches.
    pub const fn queue_index(&self) -> QueueIndex {
        self.counts.queue_index
    }

    /// What left so far, in order of index.
    pub fn withdrawals(&self) -> &[Withdrawal] {
        &self.withdrawals
    }

    /// What left.
    pub fn into_withdrawals(self) -> Vec<Withdrawal> {
        self.withdrawals
    }
}

/// The number after a checkpoint's.
pub(super) fn next_number(prev: &Checkpoint) -> Option<BatchNumber> {
    prev.number.0.checked_add(1).map(BatchNumber)
}
