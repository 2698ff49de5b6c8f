//! Entries into batches: as many in each as a shape holds, refused ones left out.

use aludel_circuits::Shape;
use aludel_ledger::batch::{BatchBuilder, Chain, PushError, SealedBatch};
use aludel_protocol::cell::{CellAddress, CounterCell};
use aludel_protocol::{AccountId, Entry, QueueItem};
use aludel_witness::Demand;

use crate::exit::{Failure, Kind, OrFail};

/// A batch, if any entry entered, and the entries that did not.
pub type Sealed = (Option<SealedBatch>, Vec<(Entry, PushError)>);

/// An entry that did not enter, by its position among all.
pub type Refused = (usize, Entry, PushError);

/// Runs of entries that fit a shape, each as long as possible, in order.
pub fn cut(
    entries: Vec<Entry>,
    shape: Shape,
    operator: AccountId,
    chain: &Chain,
) -> Result<Vec<Vec<Entry>>, Failure> {
    let counter =
        CounterCell::read(&chain.state.get(&CellAddress::COUNTER)).or_fail(Kind::Undecodable, "state")?;
    let mut next_account = counter.0;
    let mut runs: Vec<Vec<Entry>> = Vec::new();
    let mut demand = Demand::default();
    for entry in entries {
        demand.add_at_most(&entry, operator, next_account);
        if runs.is_empty() || demand.fits(shape).is_err() {
            runs.push(Vec::new());
            demand = Demand::default();
            demand.seal();
            demand.add_at_most(&entry, operator, next_account);
        }
        if creates_account(&entry) {
            next_account = AccountId(next_account.0.saturating_add(1));
        }
        runs.last_mut().unwrap_or_else(|| unreachable!("a run was begun")).push(entry);
    }
    Ok(runs)
}

const fn creates_account(entry: &Entry) -> bool {
    matches!(entry, Entry::Queue(QueueItem { kind: QueueItem::TO_KEY, .. }))
}

/// Seals one batch of a run. `None` where every entry was refused; then the chain stays.
pub fn seal(chain: &mut Chain, operator: AccountId, run: Vec<Entry>) -> Result<Sealed, Failure> {
    let mut builder = BatchBuilder::new(chain, operator, run.len()).or_fail(Kind::Refused, "execute")?;
    let refused = builder.extend(run, &aludel_ledger::xmss::verify_batch);
    let sealed = if builder.entries().is_empty() { None } else { Some(builder.seal()) };
    Ok((sealed, refused))
}

/// What became of all entries.
#[derive(Default)]
pub struct Outcome {
    /// The sealed batches, in order.
    pub batches: Vec<SealedBatch>,
    /// In order of position.
    pub refused: Vec<Refused>,
}

/// Seals all entries into as many batches of a shape as they take.
pub fn seal_all(
    chain: &mut Chain,
    operator: AccountId,
    entries: Vec<Entry>,
    shape: Shape,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let mut first = 0;
    for run in cut(entries, shape, operator, chain)? {
        let positions = first..;
        first += run.len();
        outcome.seal(chain, operator, positions.zip(run).collect())?;
    }
    outcome.refused.sort_by_key(|(position, ..)| *position);
    Ok(outcome)
}

impl Outcome {
    fn seal(
        &mut self,
        chain: &mut Chain,
        operator: AccountId,
        run: Vec<(usize, Entry)>,
    ) -> Result<(), Failure> {
        let entries = run.iter().map(|(_, entry)| entry.clone()).collect();
        let (sealed, refused) = seal(chain, operator, entries)?;
        self.refused.extend(positions(run, sealed.as_ref(), refused));
        self.batches.extend(sealed);
        Ok(())
    }
}

/// Where the refused entries of a run stood. Of two equal entries with nothing accepted between them, both
/// meet the same state, so the first cannot be the refused one of the two.
fn positions(
    run: Vec<(usize, Entry)>,
    sealed: Option<&SealedBatch>,
    refused: Vec<(Entry, PushError)>,
) -> Vec<Refused> {
    let mut accepted = sealed.map_or(&[][..], |sealed| &sealed.batch.entries).iter().peekable();
    let missing = run.into_iter().filter(|(_, entry)| accepted.next_if(|a| *a == entry).is_none());
    missing.zip(refused).map(|((at, entry), (_, error))| (at, entry, error)).collect()
}

#[cfg(test)]
mod tests {
    use aludel_protocol::{Amount, ChainId, Digest, L1Address, QueueIndex, TokenId, fe};
    use aludel_witness::Shard;

    use super::*;

    const L1: L1Address = L1Address([7; 20]);

    fn new_accounts(count: u32) -> Vec<Entry> {
        let item = |i| QueueItem::to_key(Digest([fe(i); 8]), L1, TokenId(3), Amount(5));
        (0..count).map(item).map(Entry::Queue).collect()
    }

    fn sealed(entries: Vec<Entry>) -> (Chain, Outcome) {
        let mut chain = Chain::genesis(ChainId(7));
        let outcome = seal_all(&mut chain, AccountId(1), entries, Shape::Tiny).expect("seals");
        (chain, outcome)
    }

    #[test]
    fn batches_are_as_long_as_the_shape_holds() {
        let entries = new_accounts(100);
        let (chain, outcome) = sealed(entries.clone());
        let batches = &outcome.batches;
        assert!(batches.len() > 1 && outcome.refused.is_empty());
        assert_eq!(
            batches.iter().flat_map(|sealed| sealed.batch.entries.clone()).collect::<Vec<_>>(),
            entries
        );
        assert_eq!(chain.checkpoint.number.0 as usize, batches.len());
        for sealed in batches {
            let shard = Shard::generate(core::slice::from_ref(sealed), Some(Shape::Tiny)).expect("fits");
            assert_eq!(shard.shape, Shape::Tiny);
        }
        // One entry more would not fit.
        let mut demand = Demand::default();
        demand.seal();
        for (entry, account) in entries.iter().take(batches[0].batch.entries.len() + 1).zip(1..) {
            demand.add_at_most(entry, AccountId(1), AccountId(account));
        }
        assert!(demand.fits(Shape::Tiny).is_err());
    }

    #[test]
    fn an_item_without_effect_stops_nothing() {
        let mut entries = new_accounts(100);
        let nobody = QueueItem::to_account(AccountId(77_777), TokenId(3), Amount(5), L1);
        entries[2] = Entry::Queue(nobody);
        let (chain, outcome) = sealed(entries);
        assert_eq!(chain.checkpoint.queue_index, QueueIndex(100));
        assert!(outcome.refused.is_empty());
        assert_eq!(outcome.batches[0].batch.header.withdrawals, 1);
    }
}
