//! `aludel execute`: queue items and transactions onto a state, sealed into batches.

use aludel_circuits::Shape;
use aludel_ledger::Store as _;
use aludel_ledger::batch::{PushError, Queue, SealedBatch};
use aludel_ledger::execute::{ExecuteError, Refusal};
use aludel_protocol::{AccountId, Checkpoint, Entry, QueueIndex, QueueItem, Transaction};
use serde::Serialize;

use crate::batching::{Outcome, Refused, seal_all};
use crate::cli::Execute;
use crate::exit::{Failure, Kind};
use crate::files::{Place, write_whole};
use crate::store::Store;
use crate::{formats, render};

/// Runs the command. Every input is read before the state is touched.
pub fn run(args: &Execute) -> Result<(), Failure> {
    let queue = args.queue.as_ref().map(|place| formats::queue(place, &place.read()?)).transpose()?;
    let read = args.transactions.iter().map(|place| formats::transaction(place, &place.read()?));
    let transactions = read.collect::<Result<Vec<_>, _>>()?;
    let mut store = Store::open(&args.state, args.chain_id)?;
    let at = store.chain.checkpoint();
    // What a run that does not finish refused is not known; and where this fails, nothing has happened yet.
    write_whole(&store.files.refused(), b"[]\n", 0o644)?;
    let items = match (&args.queue, &queue) {
        (Some(place), Some(queue)) => pending(place, queue, &at)?,
        _ => &[],
    };
    let entries =
        items.iter().copied().map(Entry::Queue).chain(transactions.into_iter().map(Entry::Transaction));
    let (entries, operator) = (entries.collect(), AccountId(args.operator));
    let keep = |sealed: &SealedBatch| store.files.keep(sealed);
    let outcome = seal_all(&mut store.chain, operator, entries, Shape::Large, keep)?;
    let source = |position: usize| match position.checked_sub(items.len()) {
        None => format!("queue item {}", u64::from(at.queue_index.0) + position as u64),
        Some(i) => args.transactions.get(i).map_or_else(String::new, Place::to_string),
    };
    report(&store, &outcome, &source)
}

/// The items that the chain has not consumed, of a queue that is the chain's.
fn pending<'a>(place: &Place, queue: &'a Queue, at: &Checkpoint) -> Result<&'a [QueueItem], Failure> {
    let QueueIndex(index) = at.queue_index;
    let reason = match queue.digest(at.queue_index) {
        Some(digest) if digest == at.queue => {
            return Ok(queue.pending(at.queue_index));
        }
        Some(digest) => format!(
            "its first {index} items have the digest {digest}, the state has consumed {}; give the \
             queue of this chain",
            at.queue
        ),
        None => format!(
            "it has {} items and the state has consumed {index}; give the queue from its first item on",
            queue.items.len()
        ),
    };
    Err(Failure::new(Kind::Refused, format!("{place}: {reason}")))
}

/// A refused entry, as people and programs read of it.
#[derive(Serialize)]
struct Report<'a> {
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<&'a Transaction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_item: Option<&'a QueueItem>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a Refusal>,
}

fn describe<'a>((position, entry, error): &'a Refused, source: &dyn Fn(usize) -> String) -> Report<'a> {
    let (transaction, queue_item) = match entry {
        Entry::Transaction(signed) => (Some(&signed.transaction), None),
        Entry::Queue(item) => (None, Some(item)),
    };
    let refusal = match error {
        PushError::Execute(ExecuteError::Refused(refusal)) => Some(refusal),
        _ => None,
    };
    Report { source: source(*position), transaction, queue_item, message: error.to_string(), refusal }
}

fn report(store: &Store, outcome: &Outcome, source: &dyn Fn(usize) -> String) -> Result<(), Failure> {
    let Outcome { batches, refused, .. } = outcome;
    let reports: Vec<_> = refused.iter().map(|one| describe(one, source)).collect();
    let path = store.files.refused();
    write_whole(&path, render::pretty(&reports)?.as_bytes(), 0o644)?;
    let mut text = String::new();
    for sealed in batches {
        let header = &sealed.batch.header;
        let (number, path) = (header.number, store.files.batch(header.number.0));
        let (transactions, items, leaves) = (header.transactions, header.queue_items, header.withdrawals);
        text.push_str(&format!(
            "batch {number}: {transactions} transactions, {items} queue items, {leaves} withdrawals: {}\n",
            path.display()
        ));
    }
    text.push_str(&format!("state {}\n", store.chain.root()));
    Place::Stream.write(text.as_bytes())?;
    match reports.first() {
        None => Ok(()),
        Some(Report { source, message, .. }) => {
            let reason =
                format!("{} refused, see {}; the first: {source}: {message}", reports.len(), path.display());
            Err(Failure::new(Kind::Refused, reason))
        }
    }
}
