//! What a run of batches did, counted by kind.

use aludel_protocol::records::{Action, Entry, QueueItem};
use serde::Serialize;

use crate::execute::Executed;

/// Entries by what they did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Transfers between accounts.
    pub transfers: usize,
    /// Withdrawals to L1 that the account signed.
    pub withdrawals: usize,
    /// Key rotations.
    pub rotations: usize,
    /// Deposits credited to existing accounts.
    pub deposits: usize,
    /// Deposits that created an account.
    pub new_accounts: usize,
    /// Forced withdrawals that took effect.
    pub forced: usize,
    /// Items of the L1 queue that took no effect and were refunded.
    pub refunds: usize,
    /// Forced withdrawals that took no effect.
    pub refused_forced: usize,
}

impl Tally {
    /// Counts an executed entry.
    pub fn add(&mut self, entry: &Entry, executed: &Executed) {
        *self.of(entry, executed) += 1;
    }

    /// Counts what another counted.
    pub const fn merge(&mut self, other: &Self) {
        self.transfers += other.transfers;
        self.withdrawals += other.withdrawals;
        self.rotations += other.rotations;
        self.deposits += other.deposits;
        self.new_accounts += other.new_accounts;
        self.forced += other.forced;
        self.refunds += other.refunds;
        self.refused_forced += other.refused_forced;
    }

    const fn of(&mut self, entry: &Entry, executed: &Executed) -> &mut usize {
        match entry {
            Entry::Transaction(signed) => match signed.transaction.action {
                Action::Transfer { .. } => &mut self.transfers,
                Action::Withdraw { .. } => &mut self.withdrawals,
                Action::Rotate { .. } => &mut self.rotations,
            },
            Entry::Queue(item) => match executed.no_op {
                Some(reason) if reason.refunds() => &mut self.refunds,
                Some(_) => &mut self.refused_forced,
                None => self.of_effective(item),
            },
        }
    }

    const fn of_effective(&mut self, item: &QueueItem) -> &mut usize {
        match item.kind {
            QueueItem::TO_KEY => &mut self.new_accounts,
            QueueItem::FORCED => &mut self.forced,
            _ => &mut self.deposits,
        }
    }
}
