//! `aludel execute`: queue items and transactions onto a state, sealed into batches.

use aludel_circuits::Shape;
use aludel_ledger::batch::{Chain, PushError, Queue};
use aludel_ledger::execute::{ExecuteError, Refusal};
use aludel_protocol::{AccountId, Entry, QueueIndex, QueueItem, Transaction};
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
    let first = store.chain.checkpoint.queue_index;
    let items = match (&args.queue, &queue) {
        (Some(place), Some(queue)) => pending(place, queue, &store.chain)?,
        _ => &[],
    };
    let entries =
        items.iter().copied().map(Entry::Queue).chain(transactions.into_iter().map(Entry::Transaction));
    let outcome = seal_all(&mut store.chain, AccountId(args.operator), entries.collect(), Shape::Large)?;
    if let Some(fault) = fault(&outcome.refused) {
        return Err(Failure::new(Kind::Undecodable, format!("{}: {fault}", args.state.display())));
    }
    let source = |position: usize| match position.checked_sub(items.len()) {
        None => format!("queue item {}", u64::from(first.0) + position as u64),
        Some(i) => args.transactions.get(i).map_or_else(String::new, Place::to_string),
    };
    save(&store, &outcome, &source)
}

/// The items that the chain has not consumed, of a queue that is the chain's.
fn pending<'a>(place: &Place, queue: &'a Queue, chain: &Chain) -> Result<&'a [QueueItem], Failure> {
    let QueueIndex(index) = chain.checkpoint.queue_index;
    let reason = match queue.digest(chain.checkpoint.queue_index) {
        Some(digest) if digest == chain.checkpoint.queue => {
            return Ok(queue.pending(chain.checkpoint.queue_index));
        }
        Some(digest) => format!(
            "its first {index} items have the digest {digest}, the state has consumed {}; give the \
             queue of this chain",
            chain.checkpoint.queue
        ),
        None => format!(
            "it has {} items and the state has consumed {index}; give the queue from its first item on",
            queue.items.len()
        ),
    };
    Err(Failure::new(Kind::Refused, format!("{place}: {reason}")))
}

/// Cells that are not what a state holds, if that is why an entry did not enter.
fn fault(refused: &[Refused]) -> Option<&PushError> {
    let faults = refused.iter().map(|(_, _, error)| error);
    faults.into_iter().find(|error| matches!(error, PushError::Execute(ExecuteError::Fault(_))))
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

fn report<'a>((position, entry, error): &'a Refused, source: &dyn Fn(usize) -> String) -> Report<'a> {
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

fn save(store: &Store, outcome: &Outcome, source: &dyn Fn(usize) -> String) -> Result<(), Failure> {
    let Outcome { batches, refused, .. } = outcome;
    let reports: Vec<_> = refused.iter().map(|one| report(one, source)).collect();
    let path = store.path("refused.json");
    write_whole(&path, render::pretty(&reports)?.as_bytes(), 0o644)?;
    store.save(batches)?;
    let mut text = String::new();
    for sealed in batches {
        let header = &sealed.batch.header;
        let (number, path) = (header.number, store.batch(header.number.0));
        let (transactions, items, leaves) = (header.transactions, header.queue_items, header.withdrawals);
        text.push_str(&format!(
            "batch {number}: {transactions} transactions, {items} queue items, {leaves} withdrawals: {}\n",
            path.display()
        ));
    }
    text.push_str(&format!("state {}\n", store.chain.checkpoint.state_root));
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
