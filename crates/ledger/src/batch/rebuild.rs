//! The state from published data and the L1 queue alone, without any signature.
//!
//! Of a transaction the state has the sequence and the epoch from which the published one jumps; expiry, chain and
//! version are those with which it could be included here. What is signed comes out otherwise than it was, but
//! nothing that a header says depends on it: the header is the proven one, or the data are not those of the chain.
//! [`super::Checks`] compares it with statements.

use aludel_protocol::cell::{AccountCell, CellAddress};
use aludel_protocol::fe;
use aludel_protocol::hash::Digest;
use aludel_protocol::ids::{AccountId, Amount, BatchNumber, ChainId, Epoch, QueueIndex, Sequence};
use aludel_protocol::params::{XMSS_CHAINS, XMSS_DEPTH, XMSS_PARAMETER};
use aludel_protocol::pubdata::{PubdataError, PublishedBatch, PublishedEntry, PublishedTransaction, Reader};
use aludel_protocol::records::{
    Entry, Header, KeyDigest, QueueItem, Signature, SignedTransaction, Transaction, Withdrawal,
    transaction_version,
};
use aludel_protocol::statement::Checkpoint;

use super::Chain;
use super::replay::trusting;
use super::rolling::{Failure, Rolling, next_number};
use crate::execute::{Cells, Context, ExecuteError, Fault, Overlay, Prepared};
use crate::store::{Store, StoreError};

/// What one batch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// The chain before it.
    pub prev: Checkpoint,
    /// The chain after it.
    pub next: Checkpoint,
    /// Its header.
    pub header: Header,
    /// What left, in order of index.
    pub withdrawals: Vec<Withdrawal>,
}

/// The first place at which published data do not fit what precedes them. The chain stays before that batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RebuildError {
    /// The bytes are no published data.
    #[error("batch {number}: {error}")]
    Pubdata {
        /// The batch that follows here.
        number: BatchNumber,
        /// What is wrong, and where.
        error: PubdataError,
    },
    /// Published data of another batch.
    #[error("batch {expected} follows here, the data are of batch {found}; give them in order, without gaps")]
    Number {
        /// The batch that follows here.
        expected: BatchNumber,
        /// The data's.
        found: BatchNumber,
    },
    /// Batch numbers are used up.
    #[error("batch {number} was the last that a chain can have; give no data beyond it")]
    LastNumber {
        /// The chain's last batch.
        number: BatchNumber,
    },
    /// The state cannot be read or written.
    #[error(transparent)]
    Store(StoreError),
    /// The L1 queue has no such item.
    #[error(
        "entry {entry} of batch {number} (byte {position}) takes item {index} of the L1 queue, which ends before it; fetch the queue again"
    )]
    QueueEnds {
        /// The batch.
        number: BatchNumber,
        /// The published entry, from 0: a run of items is one.
        entry: usize,
        /// Where it begins in the file.
        position: usize,
        /// The item, from 0.
        index: QueueIndex,
    },
    /// A transaction that the rules do not admit here.
    #[error(
        "entry {entry} of batch {number} (byte {position}): {error}; the published data or the L1 queue are not the chain's: fetch both again"
    )]
    Entry {
        /// The batch.
        number: BatchNumber,
        /// The published entry, from 0: a run of items is one.
        entry: usize,
        /// Where it begins in the file.
        position: usize,
        /// What is wrong with it.
        error: ExecuteError,
    },
    /// More than a header or a checkpoint counts.
    #[error(
        "entry {entry} of batch {number} (byte {position}) is more than a header or checkpoint counts; fetch the published data again"
    )]
    Count {
        /// The batch.
        number: BatchNumber,
        /// The published entry, from 0: a run of items is one.
        entry: usize,
        /// Where it begins in the file.
        position: usize,
    },
}

/// A chain that is made again from its published data, a batch at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuild<S = Chain> {
    chain: S,
}

impl Rebuild {
    /// From the beginning, in memory.
    pub fn new(chain_id: ChainId) -> Self {
        Self::from_chain(Chain::genesis(chain_id))
    }
}

impl<S: Store> Rebuild<S> {
    /// From a point that the caller trusts.
    pub const fn from_chain(chain: S) -> Self {
        Self { chain }
    }

    /// The chain as far as it is made.
    pub const fn chain(&self) -> &S {
        &self.chain
    }

    /// The chain as far as it was made.
    pub fn into_chain(self) -> S {
        self.chain
    }

    /// Executes the next batch from its file. `queue` yields the items of the L1 queue from the chain's queue index on,
    /// and is left behind the last one that was taken.
    ///
    /// # Errors
    /// The first place that does not fit; the chain does not change.
    pub fn bytes(
        &mut self,
        bytes: &[u8],
        queue: &mut impl Iterator<Item = QueueItem>,
    ) -> Result<Rebuilt, RebuildError> {
        let number = self.next_number()?;
        let damaged = |error| RebuildError::Pubdata { number, error };
        let mut reader = Reader::new(bytes).map_err(damaged)?;
        let mut run = self.run(reader.number(), reader.operator())?;
        loop {
            let place = Place { number, entry: reader.entry(), position: reader.position() };
            match reader.next().transpose().map_err(damaged)? {
                Some(entry) => run.entry(&entry, queue).map_err(|unfit| unfit.at(place))?,
                None => return run.finish(),
            }
        }
    }

    /// Executes the next batch: [`Rebuild::bytes`] of its encoding.
    ///
    /// # Errors
    /// As [`Rebuild::bytes`].
    pub fn batch(
        &mut self,
        batch: &PublishedBatch,
        queue: &mut impl Iterator<Item = QueueItem>,
    ) -> Result<Rebuilt, RebuildError> {
        let mut run = self.run(batch.number, batch.operator)?;
        for (entry, published) in batch.entries().iter().enumerate() {
            let place = || Place { number: batch.number, entry, position: batch.position(entry) };
            run.entry(published, queue).map_err(|unfit| unfit.at(place()))?;
        }
        run.finish()
    }

    fn next_number(&self) -> Result<BatchNumber, RebuildError> {
        let checkpoint = self.chain.checkpoint();
        next_number(&checkpoint).ok_or(RebuildError::LastNumber { number: checkpoint.number })
    }

    fn run(&mut self, found: BatchNumber, operator: AccountId) -> Result<Run<'_, S>, RebuildError> {
        let number = self.next_number()?;
        if found != number {
            return Err(RebuildError::Number { expected: number, found });
        }
        let prev = self.chain.checkpoint();
        let context = Context { chain_id: self.chain.chain_id(), number, operator };
        let rolling = Rolling::after(&prev, context);
        Ok(Run { cells: Overlay::new(&mut self.chain), prev, rolling, context })
    }
}

/// Where in a batch.
#[derive(Clone, Copy, Debug)]
struct Place {
    number: BatchNumber,
    entry: usize,
    position: usize,
}

/// Why an entry does not fit.
enum Unfit {
    Rule(Failure),
    QueueEnds(QueueIndex),
}

impl From<Failure> for Unfit {
    fn from(failure: Failure) -> Self {
        Self::Rule(failure)
    }
}

impl Unfit {
    fn at(self, Place { number, entry, position }: Place) -> RebuildError {
        match self {
            Self::Rule(Failure::Execute(error)) => RebuildError::Entry { number, entry, position, error },
            Self::Rule(Failure::Exhausted) => RebuildError::Count { number, entry, position },
            Self::QueueEnds(index) => RebuildError::QueueEnds { number, entry, position, index },
        }
    }
}

/// A batch that is being executed. What it writes is applied together, when it is finished.
struct Run<'a, S> {
    cells: Overlay<'a, S>,
    prev: Checkpoint,
    rolling: Rolling,
    context: Context,
}

impl<S: Store> Run<'_, S> {
    fn entry(
        &mut self,
        entry: &PublishedEntry,
        queue: &mut impl Iterator<Item = QueueItem>,
    ) -> Result<(), Unfit> {
        match entry {
            PublishedEntry::Transaction(published) => self.transaction(published),
            PublishedEntry::Queue { items } => (0..*items).try_for_each(|_| self.item(queue.next())),
        }
    }

    fn item(&mut self, item: Option<QueueItem>) -> Result<(), Unfit> {
        let index = self.rolling.queue_index();
        let entry = Entry::Queue(item.ok_or(Unfit::QueueEnds(index))?);
        self.rolling.apply(&mut self.cells, (&entry, &Prepared::item()), &trusting)?;
        Ok(())
    }

    fn transaction(&mut self, published: &PublishedTransaction) -> Result<(), Unfit> {
        let (transaction, key) = self.reconstruct(published)?;
        let prepared = Prepared::trusted(&transaction, key);
        let entry = Entry::Transaction(SignedTransaction { transaction, signature: unsigned() });
        self.rolling.apply(&mut self.cells, (&entry, &prepared), &trusting)?;
        Ok(())
    }

    /// The transaction as this batch could include it, and its sender's key. Of an account that does not exist it is
    /// one that the rules refuse.
    fn reconstruct(&self, published: &PublishedTransaction) -> Result<(Transaction, KeyDigest), Unfit> {
        let PublishedTransaction { from, token, fee, epoch_jump, action } = *published;
        let sender = self.sender(from)?;
        let transaction = Transaction {
            chain_id: self.context.chain_id,
            protocol_version: transaction_version(),
            from,
            token,
            fee,
            sequence: sender.sequence,
            epoch: Epoch(sender.next_epoch.0.saturating_add(epoch_jump)),
            expiry: self.context.number,
            action,
        };
        Ok((transaction, sender.key))
    }

    fn sender(&self, from: AccountId) -> Result<AccountCell, Unfit> {
        let at = CellAddress::account(from);
        let fault = |fault: Fault| Unfit::Rule(Failure::Execute(fault.into()));
        let payload = self.cells.get(&at).map_err(|error| fault(error.into()))?;
        let cell = AccountCell::read(&payload).map_err(|error| fault(Fault::Payload { at, error }))?;
        let (key, sequence, next_epoch, balance) = (Digest::ZERO, Sequence(0), Epoch(0), Amount(0));
        Ok(cell.unwrap_or(AccountCell { key, sequence, next_epoch, balance }))
    }

    fn finish(self) -> Result<Rebuilt, RebuildError> {
        let Self { cells, prev, rolling, .. } = self;
        let header = rolling.header();
        let (store, writes) = cells.into_parts();
        let applied = store.apply(&writes, |state_root| rolling.checkpoint(&prev, &header, state_root));
        let next = applied.map_err(|e| RebuildError::Store(e.into()))?;
        Ok(Rebuilt { prev, next, header, withdrawals: rolling.into_withdrawals() })
    }
}

/// The signature that every transaction bears here: nobody looks at it.
fn unsigned() -> Box<Signature> {
    Box::new(Signature {
        parameter: [fe(0); XMSS_PARAMETER],
        randomness: [fe(0); 8],
        chains: [Digest::ZERO; XMSS_CHAINS],
        path: [Digest::ZERO; XMSS_DEPTH],
    })
}
