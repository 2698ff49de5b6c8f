//! Changes to rows that are durable in the journal and not yet in the table of rows.
//!
//! A batch changes thousands of rows that lie far apart, each on its own page of the file. Here they wait until many
//! of them lie on one page: every batch moves those next in order of key to the table, as many as came in, and a sweep
//! over all keys takes as long as memory allows. A batch leaves the journal when nothing of it waits any more.

use std::collections::{BTreeMap, VecDeque};

use borsh::{BorshDeserialize, BorshSerialize};

use super::format::journal_key;
use super::journal::encode;
use super::row::Delta;

/// Memory of a change beside its bytes: key, vector, allocation and what the tree leaves free.
const ENTRY_BYTES: usize = 96;
/// Batches in which a sweep goes round at the latest.
const ROUND: usize = 256;
/// Batches in the journal at which all of it is moved: changes that come just ahead of a sweep make it longer.
const LONGEST: usize = 4 * ROUND;

/// A change to a row.
#[derive(Debug)]
pub(super) struct Changed {
    pub key: u64,
    /// The change.
    pub delta: Delta,
    /// The whole row after it, where that is worth its memory.
    pub row: Option<Vec<u8>>,
}

/// What a batch does to the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Turn {
    /// New rows of the journal.
    pub journal: Vec<(u64, Vec<u8>)>,
    /// Rows of the journal that go.
    pub gone: Vec<u64>,
    /// Changes to the table of rows.
    pub moved: Vec<(u64, Delta)>,
}

#[derive(Debug)]
struct Waiting {
    /// The first batch that the change holds something of.
    since: u64,
    delta: Delta,
}

/// A batch in the journal.
#[derive(Debug)]
struct Batch {
    parts: u16,
    /// Changes that wait since this batch.
    waiting: usize,
}

/// Where the sweep over the keys is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub(super) struct Sweep {
    /// How often it went round.
    pub round: u64,
    /// The key from which on it goes on.
    pub next: u64,
}

impl Sweep {
    /// Whether it came by a key on its way from where it was.
    fn has_passed(self, key: u64, from: Self) -> bool {
        let round = from.round.saturating_add(u64::from(key < from.next));
        self > Self { round, next: key }
    }
}

/// Changes that wait.
#[derive(Debug)]
pub(super) struct Overlay {
    changes: BTreeMap<u64, Waiting>,
    bytes: usize,
    limit: usize,
    /// Batches of the journal from `first` on.
    batches: VecDeque<Batch>,
    first: u64,
    sweep: Sweep,
    /// How many bytes the sweep moves at least: a part of those that waited when it began.
    pace: usize,
}

impl Overlay {
    /// None; about `limit` bytes will wait after a batch. The sweep goes on where it was: began it anew with every
    /// open, it would never go round where few batches lie between two.
    pub fn new(limit: usize, sweep: Sweep) -> Self {
        Self { changes: BTreeMap::new(), bytes: 0, limit, batches: VecDeque::new(), first: 0, sweep, pace: 0 }
    }

    /// What waits for a row.
    pub fn get(&self, key: u64) -> Option<&Delta> {
        self.changes.get(&key).map(|waiting| &waiting.delta)
    }

    /// Everything that waits, in order of key.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Delta)> {
        self.changes.iter().map(|(key, waiting)| (*key, &waiting.delta))
    }

    /// Adds a part of the journal as it was found, in order; `None` where it cannot follow those before.
    pub fn replay(
        &mut self,
        (sequence, part): (u64, u16),
        from: Sweep,
        changes: Vec<(u64, Delta)>,
    ) -> Option<()> {
        if self.batches.is_empty() {
            self.first = sequence;
        }
        let parts = if sequence == self.sequence() {
            self.batches.push_back(Batch { parts: 0, waiting: 0 });
            0
        } else {
            self.batches.back().filter(|_| sequence + 1 == self.sequence())?.parts
        };
        self.batches.back_mut()?.parts = (part == parts).then(|| part.checked_add(1))??;
        let sweep = self.sweep;
        let mut waiting = changes.into_iter().filter(|(key, _)| !sweep.has_passed(*key, from));
        waiting.try_for_each(|(key, delta)| self.add(sequence, key, delta))
    }

    /// Takes in the changes of a batch; says what that does to the file. `None` where a change does not fit the
    /// one that waits: damage.
    pub fn turn(&mut self, changes: Vec<Changed>) -> Option<Turn> {
        let added = changes.iter().map(|c| bytes(&c.delta)).sum::<usize>();
        let is_large = added > self.limit / 2;
        let sequence = self.sequence();
        let mut turn = Turn::default();
        let deltas = changes.iter().map(|changed| (changed.key, &changed.delta));
        // What does not wait need not be in the journal.
        let parts = if is_large { Vec::new() } else { encode(self.sweep, deltas) };
        self.batches.push_back(Batch { parts: parts.len() as u16, waiting: 0 });
        turn.journal =
            parts.into_iter().enumerate().map(|(i, part)| (journal_key(sequence, i as u16), part)).collect();
        for Changed { key, delta, row } in changes {
            self.add(sequence, key, row.map_or(delta, Delta::whole))?;
        }
        turn.moved =
            if is_large || self.batches.len() > LONGEST { self.all() } else { self.move_some(4 * added) };
        turn.gone = self.trim();
        Some(turn)
    }

    /// Where the sweep is.
    pub const fn place(&self) -> Sweep {
        self.sweep
    }

    /// The number of the next batch in the journal.
    fn sequence(&self) -> u64 {
        self.first + self.batches.len() as u64
    }

    fn batch(&mut self, sequence: u64) -> Option<&mut Batch> {
        self.batches.get_mut((sequence - self.first) as usize)
    }

    fn add(&mut self, sequence: u64, key: u64, delta: Delta) -> Option<()> {
        if let Some(waiting) = self.changes.get_mut(&key) {
            self.bytes -= bytes(&waiting.delta);
            waiting.delta.then(key, delta)?;
            self.bytes += bytes(&waiting.delta);
            return Some(());
        }
        self.bytes += bytes(&delta);
        self.changes.insert(key, Waiting { since: sequence, delta });
        self.batch(sequence)?.waiting += 1;
        Some(())
    }

    fn all(&mut self) -> Vec<(u64, Delta)> {
        self.bytes = 0;
        // Past every key, wherever it was.
        self.sweep = Sweep { round: self.sweep.round.saturating_add(2), next: 0 };
        self.batches.iter_mut().for_each(|batch| batch.waiting = 0);
        core::mem::take(&mut self.changes).into_iter().map(|(key, waiting)| (key, waiting.delta)).collect()
    }

    /// Moves what is too much, but no more than about `most` bytes, so that no batch takes long: the limit may be
    /// another than before.
    fn move_some(&mut self, most: usize) -> Vec<(u64, Delta)> {
        if self.pace == 0 {
            self.pace = self.bytes.div_ceil(ROUND);
        }
        let rest = self.limit.min(self.bytes.saturating_sub(self.pace));
        let rest = rest.max(self.bytes.saturating_sub(most.max(self.pace)));
        let mut moved = Vec::new();
        while self.bytes > rest {
            let Some(key) = self.changes.range(self.sweep.next..).next().map(|(key, _)| *key) else {
                self.sweep = Sweep { round: self.sweep.round.saturating_add(1), next: 0 };
                self.pace = self.bytes.div_ceil(ROUND);
                continue;
            };
            self.sweep.next = key + 1;
            moved.extend(self.remove(key));
        }
        moved
    }

    fn remove(&mut self, key: u64) -> Option<(u64, Delta)> {
        let Waiting { since, delta } = self.changes.remove(&key)?;
        self.bytes -= bytes(&delta);
        self.batch(since)?.waiting -= 1;
        Some((key, delta))
    }

    /// Forgets the oldest batches of which nothing waits.
    fn trim(&mut self) -> Vec<u64> {
        let mut gone = Vec::new();
        while let Some(batch) = self.batches.pop_front_if(|batch| batch.waiting == 0) {
            gone.extend((0..batch.parts).map(|part| journal_key(self.first, part)));
            self.first += 1;
        }
        gone
    }
}

fn bytes(delta: &Delta) -> usize {
    ENTRY_BYTES + delta.row.len()
}
