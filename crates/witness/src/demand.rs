//! What a run of batches needs of a shard's shape.

use std::collections::HashSet;

use aludel_circuits::shape::{CHAIN_LANES, HASH24_LANES, NODE_LANES};
use aludel_circuits::{Shape, TraceError, signature};
use aludel_ledger::Executed;
use aludel_protocol::params::{NATIVE_TOKEN, SLOT_BITS, WITHDRAWAL_BITS, XMSS_BASE, XMSS_STEPS};
use aludel_protocol::{AccountId, Action, CellAddress, Entry, QueueItem, Request, Space, Transaction};

/// Hash calls of a statement.
const STATEMENT_HASHES: usize = 5;
/// Hash calls of a seal: two of the header, one of headers.
const SEAL_HASHES: usize = 3;
/// Hash calls of a transaction: its public part, the rest of its message, pubdata.
const TRANSACTION_HASHES: usize = 3;
/// Hash calls of a queue item: three of the queue, one of pubdata.
const ITEM_HASHES: usize = 4;

/// What a chip would hold of a run, and how much it can hold: rows, of a chip of several lanes rows of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The chip.
    pub chip: &'static str,
    /// Rows that the run needs.
    pub used: usize,
    /// Rows that are certainly there for it.
    pub available: usize,
}

/// Rows, lanes and calls that a run of batches needs, counted exactly from what entries did, except that every
/// touched cell counts as two hash calls (a new one needs only one).
#[derive(Clone, Debug, Default)]
pub struct Demand {
    transactions: usize,
    queue_items: usize,
    batches: usize,
    /// Leaves of all batches.
    withdrawals: usize,
    /// Leaves of the batch that is not sealed yet.
    leaves: usize,
    /// Inner nodes of the trees of withdrawals.
    withdrawal_nodes: usize,
    cells: HashSet<CellAddress>,
    nodes: HashSet<(Space, usize, u64)>,
}

impl Demand {
    /// Adds the end of a batch.
    pub const fn seal(&mut self) {
        self.batches += 1;
        self.leaves = 0;
    }

    /// Adds an executed entry.
    pub fn add(&mut self, entry: &Entry, executed: &Executed) {
        self.count(entry);
        for access in executed.accesses.iter().flatten() {
            self.touch(access.at);
        }
        if executed.payout.is_some() {
            self.leaf();
        }
    }

    /// Adds the most that an entry can need before it is executed, in a batch of `operator`, where deposits to
    /// keys create `next_account`.
    pub fn add_at_most(&mut self, entry: &Entry, operator: AccountId, next_account: AccountId) {
        self.count(entry);
        for at in touched_by(entry, operator, next_account) {
            self.touch(at);
        }
        if may_pay_out(entry) {
            self.leaf();
        }
    }

    const fn count(&mut self, entry: &Entry) {
        match entry {
            Entry::Transaction(_) => self.transactions += 1,
            Entry::Queue(_) => self.queue_items += 1,
        }
    }

    /// One more leaf: the nodes of which it is the first leaf are new.
    const fn leaf(&mut self) {
        self.withdrawal_nodes += match self.leaves {
            0 => WITHDRAWAL_BITS,
            index => index.trailing_zeros() as usize,
        };
        self.leaves += 1;
        self.withdrawals += 1;
    }

    fn touch(&mut self, at: CellAddress) {
        if !self.cells.insert(at) {
            return;
        }
        let mut path = u64::from(at.account.0);
        let mut levels = at.depth() - 1;
        if at.space == Space::Slot {
            path = path << SLOT_BITS | u64::from(at.slot);
        }
        // Once a node is known, so are those above it.
        while levels > 0 && self.nodes.insert((at.space, levels, path >> 1)) {
            path >>= 1;
            levels -= 1;
        }
    }

    /// Whether nothing was added.
    pub const fn is_empty(&self) -> bool {
        self.transactions + self.queue_items + self.batches == 0
    }

    /// Transactions so far.
    pub const fn transactions(&self) -> usize {
        self.transactions
    }

    /// Rows of `node`: those above touched cells, the root, and those above withdrawals.
    fn nodes(&self) -> usize {
        self.nodes.len() + 1 + self.withdrawal_nodes
    }

    /// Permutations that the run costs, before padding.
    pub fn permutations(&self) -> usize {
        let signatures = self.transactions * (XMSS_STEPS + signature::BLOCK);
        signatures + 2 * self.nodes() + self.hashes()
    }

    fn hashes(&self) -> usize {
        TRANSACTION_HASHES * self.transactions
            + ITEM_HASHES * self.queue_items
            + SEAL_HASHES * self.batches
            + self.withdrawals
            + 2 * self.cells.len()
            + STATEMENT_HASHES
    }

    /// What each chip would hold of what it has room for, but for the two whose rows are the same in every shard.
    pub fn rooms(&self, shape: Shape) -> [Room; 6] {
        let heights = shape.log_heights();
        let entries = self.transactions + self.queue_items;
        let room = |chip, used, available| Room { chip, used, available };
        // A lane may end before a hash chain of the longest kind would fit.
        let steps = (CHAIN_LANES << heights.chain) - CHAIN_LANES * (XMSS_BASE - 2);
        [
            room("signature", self.transactions * signature::BLOCK, 1 << heights.signature),
            room("transaction", entries + self.batches + 1, 1 << heights.transaction),
            room("cell", self.cells.len(), 1 << heights.cell),
            room("node", self.nodes(), NODE_LANES << heights.node),
            room("hash24", self.hashes(), HASH24_LANES << heights.hash24),
            room("chain", self.transactions * XMSS_STEPS, steps),
        ]
    }

    /// Whether a shape holds it.
    ///
    /// # Errors
    /// [`TraceError::Full`] names the first chip that is too small.
    pub fn fits(&self, shape: Shape) -> Result<(), TraceError> {
        let full = self.rooms(shape).into_iter().find(|room| room.used > room.available);
        full.map_or(Ok(()), |Room { chip, used: needed, available }| {
            Err(TraceError::Full { chip, needed, available })
        })
    }

    /// The smallest shape that holds it.
    pub fn smallest(&self) -> Option<Shape> {
        Shape::ALL.into_iter().find(|shape| self.fits(*shape).is_ok())
    }
}

/// The cells that an entry can touch.
fn touched_by(entry: &Entry, operator: AccountId, next_account: AccountId) -> Vec<CellAddress> {
    match entry {
        Entry::Transaction(signed) => touched_by_transaction(&signed.transaction, operator),
        Entry::Queue(item) => touched_by_item(item, next_account),
    }
}

/// An account's own cell, and the cell of its balance where that is another.
fn both(account: AccountId, token: u16) -> impl Iterator<Item = CellAddress> {
    let balance = (token != NATIVE_TOKEN).then_some(CellAddress::slot(account, token));
    core::iter::once(CellAddress::account(account)).chain(balance)
}

fn touched_by_transaction(t: &Transaction, operator: AccountId) -> Vec<CellAddress> {
    let recipient = match t.action {
        Action::Transfer { to, .. } => Some(to),
        Action::Withdraw { .. } | Action::Rotate { .. } => None,
    };
    let parties = [t.from, operator].into_iter().chain(recipient);
    parties.flat_map(|account| both(account, t.token.0)).collect()
}

fn touched_by_item(item: &QueueItem, next_account: AccountId) -> Vec<CellAddress> {
    let token = item.token.0;
    let owner = |account| CellAddress::slot(account, 0);
    match item.request() {
        Request::ToAccount { account } => both(account, token).collect(),
        Request::ToKey { .. } => {
            both(next_account, token).chain([CellAddress::COUNTER, owner(next_account)]).collect()
        }
        Request::Forced { account } => both(account, token).chain([owner(account)]).collect(),
        Request::Unknown => Vec::new(),
    }
}

/// Whether an entry may be a leaf of its batch's withdrawals: any item of the L1 queue may be refunded.
const fn may_pay_out(entry: &Entry) -> bool {
    match entry {
        Entry::Transaction(signed) => matches!(signed.transaction.action, Action::Withdraw { .. }),
        Entry::Queue(_) => true,
    }
}
