//! Making batches.

use aludel_protocol::ids::{AccountId, BatchNumber, ChainId};
use aludel_protocol::records::{Batch, Entry, Withdrawal};
use aludel_protocol::statement::Checkpoint;

use super::rolling::{Failure, Rolling, next_number};
use super::{Chain, SealedBatch};
use crate::execute::{Authority, Context, ExecuteError, Executed, Overlay, Prepared, prepare};

/// Why no batch follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Batch numbers are used up.
    #[error("batch {number} was the last that a chain can have")]
    LastNumber {
        /// The chain's last batch.
        number: BatchNumber,
    },
}

/// Why an entry did not enter a batch, which goes on without it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// It was not applied.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// The batch holds as many entries as it may, or as many transactions, items or withdrawals as a header counts;
    /// or an earlier item of the L1 queue did not fit, and this one waits for it. The next batch may take it.
    #[error("the batch is full: put the entry into the next one")]
    Full,
}

/// A batch in the making. Until it is sealed the chain does not change; dropping it leaves no trace.
#[derive(Debug)]
pub struct BatchBuilder<'a> {
    cells: Overlay<'a>,
    checkpoint: &'a mut Checkpoint,
    chain_id: ChainId,
    limit: usize,
    rolling: Rolling,
    /// An item of the L1 queue did not enter. They are consumed in order, so no later one may.
    queue_closed: bool,
    entries: Vec<Entry>,
    executed: Vec<Executed>,
}

impl<'a> BatchBuilder<'a> {
    /// The next batch of a chain, of at most `limit` entries, whose fees go to `operator`.
    ///
    /// # Errors
    /// Where the chain has no further batch number.
    pub fn new(chain: &'a mut Chain, operator: AccountId, limit: usize) -> Result<Self, BatchError> {
        let Chain { chain_id, checkpoint, state } = chain;
        let number = next_number(checkpoint).ok_or(BatchError::LastNumber { number: checkpoint.number })?;
        let context = Context { chain_id: *chain_id, number, operator };
        Ok(Self {
            cells: Overlay::new(state),
            chain_id: *chain_id,
            limit,
            rolling: Rolling::after(checkpoint, context),
            checkpoint,
            queue_closed: false,
            entries: Vec::new(),
            executed: Vec::new(),
        })
    }

    /// How many entries still fit.
    pub const fn room(&self) -> usize {
        self.limit.saturating_sub(self.entries.len())
    }

    /// The entries so far.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What each of [`BatchBuilder::entries`] did.
    pub fn executed(&self) -> &[Executed] {
        &self.executed
    }

    /// The batch's number, chain and operator.
    pub const fn context(&self) -> &Context {
        self.rolling.context()
    }

    /// What left so far, in order of index.
    pub fn withdrawals(&self) -> &[Withdrawal] {
        self.rolling.withdrawals()
    }

    /// Applies one entry. [`BatchBuilder::extend`] verifies many signatures at once.
    ///
    /// # Errors
    /// Where the entry does not enter; the batch is as before.
    pub fn push(&mut self, entry: Entry, authority: &impl Authority) -> Result<(), PushError> {
        self.extend(vec![entry], authority).pop().map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Applies entries in order and returns those that did not enter, with the reasons.
    pub fn extend(&mut self, entries: Vec<Entry>, authority: &impl Authority) -> Vec<(Entry, PushError)> {
        let prepared = prepare(&self.cells, &entries, authority);
        let mut refused = Vec::new();
        for (entry, prepared) in entries.into_iter().zip(prepared) {
            match self.apply(&entry, &prepared, authority) {
                Ok(()) => self.entries.push(entry),
                Err(error) => refused.push((entry, error)),
            }
        }
        refused
    }

    fn apply(&mut self, entry: &Entry, prepared: &Prepared, by: &impl Authority) -> Result<(), PushError> {
        let is_item = matches!(entry, Entry::Queue(_));
        if self.room() == 0 || (is_item && self.queue_closed) {
            return Err(PushError::Full);
        }
        let applied = self.rolling.apply(&mut self.cells, (entry, prepared), by);
        self.queue_closed |= is_item && applied.is_err();
        self.executed.push(applied.map_err(|failure| match failure {
            Failure::Execute(error) => PushError::Execute(error),
            Failure::Exhausted => PushError::Full,
        })?);
        Ok(())
    }

    /// Closes the batch and moves the chain behind it.
    pub fn seal(self) -> SealedBatch {
        let Self { cells, checkpoint, chain_id, rolling, entries, .. } = self;
        let prev = *checkpoint;
        let witness = cells.below().prove(cells.writes().into_iter().map(|(at, _)| at));
        let state_root = cells.commit();
        let header = rolling.header();
        *checkpoint = rolling.checkpoint(&prev, &header, state_root);
        SealedBatch { prev, chain_id, batch: Batch { header, entries }, witness }
    }
}
