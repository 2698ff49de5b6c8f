//! A history in which everything happens that is published, and what is public of it.

use aludel_ledger::{Authority, BatchBuilder, Chain, Claim, SealedBatch};
use aludel_protocol::params::XMSS_LIFETIME;
use aludel_protocol::statement::Checkpoint;
use aludel_protocol::{
    AccountId, Entry, Epoch, L1Address, NoOp, PublishedBatch, QueueItem, Statement, Transaction,
};

use crate::stub::*;

pub const ABROAD: L1Address = L1Address([7; 20]);

pub struct History {
    pub chain: Chain,
    pub batches: Vec<SealedBatch>,
    pub published: Vec<PublishedBatch>,
    /// The whole L1 queue, and an item that nobody took yet.
    pub queue: Vec<QueueItem>,
}

impl History {
    /// Batches of these entries, each with its operator; all of them enter.
    pub fn new(batches: Vec<(u32, Vec<Entry>)>) -> Self {
        Self::judged(batches, &verify)
    }

    /// Batches whose signatures nobody looks at.
    pub fn trusted(batches: Vec<(u32, Vec<Entry>)>) -> Self {
        Self::judged(batches, &|claims: &[Claim<'_>]| vec![Ok::<(), String>(()); claims.len()])
    }

    fn judged(batches: Vec<(u32, Vec<Entry>)>, by: &impl Authority) -> Self {
        let chain = Chain::genesis(CHAIN);
        let mut history = Self { chain, batches: Vec::new(), published: Vec::new(), queue: Vec::new() };
        batches.into_iter().for_each(|(operator, entries)| history.add(operator, entries, by));
        history.queue.push(to_key(999, 0, 1));
        history
    }

    fn add(&mut self, operator: u32, entries: Vec<Entry>, by: &impl Authority) {
        let mut builder =
            BatchBuilder::new(&mut self.chain, AccountId(operator), usize::MAX).expect("numbers are left");
        assert_eq!(builder.extend(entries, by), []);
        self.published.push(builder.published().expect("executed"));
        let sealed = builder.seal();
        self.queue.extend(sealed.batch.entries.iter().filter_map(|entry| match entry {
            Entry::Queue(item) => Some(*item),
            Entry::Transaction(_) => None,
        }));
        self.batches.push(sealed);
    }

    /// The chain after as many batches.
    pub fn checkpoint(&self, batches: usize) -> Checkpoint {
        self.batches.get(batches).map_or(self.chain.checkpoint, |sealed| sealed.prev)
    }

    /// What a proof of the batches after `from`, up to `to`, says.
    pub fn statement(&self, from: usize, to: usize) -> Statement {
        Statement::new(CHAIN, self.checkpoint(from), self.checkpoint(to))
    }
}

fn at_epoch(epoch: u32, transaction: Transaction) -> Transaction {
    Transaction { epoch: Epoch(epoch), ..transaction }
}

fn by_other_key(n: u32, transaction: Transaction) -> Entry {
    Entry::Transaction(sign_with(&key(n), transaction))
}

/// Four batches: accounts; everything that a queue item and a transaction may do; nothing; what follows from it.
pub fn sample() -> History {
    let accounts = (1..=4).map(|n| Entry::Queue(to_key(n, 0, 1000))).collect();
    let last = XMSS_LIFETIME - 1;
    let all = vec![
        Entry::Queue(to_account(1, 4, 500)),
        Entry::Queue(to_account(2, 4, u128::MAX)),
        signed(transfer(1, 2, 0, 10, 1, 0)),
        // Refunded: no account, overflow, unknown kind.
        Entry::Queue(to_account(90, 4, 70)),
        Entry::Queue(to_account(2, 4, 1)),
        Entry::Queue(QueueItem { kind: 8, ..to_key(1, 5, 6) }),
        Entry::Queue(forced(3, 0)),
        Entry::Queue(QueueItem { l1: ABROAD, ..forced(2, 0) }),
        Entry::Queue(forced(90, 0)),
        signed(at_epoch(300, transfer(1, 3, 4, 0, 2, 1))),
        signed(at_epoch(301, withdraw(1, ABROAD, 4, 30, 0, 2))),
        Entry::Queue(to_key(5, 0, 70)),
        signed(transfer(5, 1, 0, 5, 0, 0)),
        signed(at_epoch(last, rotate(4, key(44), 0, 3, 0))),
        by_other_key(44, at_epoch(7, transfer(4, 4, 0, 12, 0, 1))),
    ];
    let later = vec![
        by_other_key(44, at_epoch(9, withdraw(4, ABROAD, 0, 10, 1, 2))),
        signed(at_epoch(302, transfer(1, 3, 0, 100, 0, 3))),
    ];
    let history = History::new(vec![(1, accounts), (2, all), (3, vec![]), (2, later)]);
    assert_eq!(history.batches[1].batch.header.withdrawals, 5);
    assert_eq!(NoOp::ALL.len(), 6, "the sample has all but the reason that the account counter gives");
    history
}
