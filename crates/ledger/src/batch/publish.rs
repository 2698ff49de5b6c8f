//! From executed batches to what is published of them.

use aludel_protocol::cell::AccountCell;
use aludel_protocol::ids::{AccountId, BatchNumber};
use aludel_protocol::pubdata::{PublishedBatch, PublishedTransaction};
use aludel_protocol::records::{Entry, Transaction};

use super::replay::trusting;
use super::{BatchBuilder, ReplayError, SealedBatch, replay};
use crate::execute::Executed;

/// Why nothing is published of a batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The sealed batch is false.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// What was handed over is not what executing the entry gave: our bug.
    #[error("entry {entry} was not executed as it is said to have been; report this")]
    NotExecuted {
        /// The entry, from 0.
        entry: usize,
    },
}

/// What is published of a batch of these entries, which did this: of [`super::Replay::executed`] or of a builder.
///
/// # Errors
/// Where `executed` is not of the entries.
pub fn publish(
    number: BatchNumber,
    operator: AccountId,
    entries: &[Entry],
    executed: &[Executed],
) -> Result<PublishedBatch, PublishError> {
    let mut batch = PublishedBatch::new(number, operator);
    for (position, entry) in entries.iter().enumerate() {
        match entry {
            Entry::Queue(_) => batch.push_item(),
            Entry::Transaction(signed) => {
                let published = executed.get(position).and_then(|did| transaction(&signed.transaction, did));
                batch.push_transaction(published.ok_or(PublishError::NotExecuted { entry: position })?);
            }
        }
    }
    Ok(batch)
}

/// The sender's account as it was says from where the epoch jumped.
fn transaction(t: &Transaction, did: &Executed) -> Option<PublishedTransaction> {
    let sender = AccountCell::read(&did.accesses.first()?.as_ref()?.old).ok()??;
    let Transaction { from, token, fee, action, .. } = *t;
    let epoch_jump = t.epoch.0.checked_sub(sender.next_epoch.0)?;
    Some(PublishedTransaction { from, token, fee, epoch_jump, action })
}

impl SealedBatch {
    /// What is published of the batch, which is replayed for it, its signatures taken to be good.
    ///
    /// # Errors
    /// As [`replay`], signatures apart.
    pub fn published(&self) -> Result<PublishedBatch, PublishError> {
        let replayed = replay(self, &trusting)?;
        let executed = replayed.executed.first().map_or(&[][..], Vec::as_slice);
        let header = &self.batch.header;
        publish(header.number, header.operator, &self.batch.entries, executed)
    }
}

impl BatchBuilder<'_> {
    /// What is published of the batch, as far as it is made.
    ///
    /// # Errors
    /// None but for a bug of ours.
    pub fn published(&self) -> Result<PublishedBatch, PublishError> {
        let context = self.context();
        publish(context.number, context.operator, self.entries(), self.executed())
    }
}
