//! What a run of batches needs of a shard's shape.

use std::collections::HashSet;

use aludel_circuits::shape::{CHAIN_LANES, HASH24_LANES, NODE_LANES};
use aludel_circuits::{Shape, TraceError, signature};
use aludel_protocol::params::{NATIVE_TOKEN, SLOT_BITS, XMSS_BASE, XMSS_STEPS};
use aludel_protocol::{AccountId, CellAddress, Deposit, Entry, Space};

/// Hash calls of a statement.
const STATEMENT_HASHES: usize = 5;
/// Hash calls of a seal: header, headers.
const SEAL_HASHES: usize = 2;
/// Hash calls of a transfer: two of the message, one of the body.
const TRANSFER_HASHES: usize = 3;
/// Hash calls of a queue item: two of the item, one each of queue and body.
const ITEM_HASHES: usize = 4;

/// Rows, lanes and calls that a run of batches needs, counted exactly as entries are added, except that every
/// touched cell counts as two hash calls (a new one needs only one).
#[derive(Clone, Debug, Default)]
pub struct Demand {
    transfers: usize,
    queue_items: usize,
    batches: usize,
    cells: HashSet<CellAddress>,
    nodes: HashSet<(Space, usize, u64)>,
}

impl Demand {
    /// Adds the end of a batch.
    pub fn seal(&mut self) {
        self.batches += 1;
    }

    /// Adds an entry of a batch of `operator`, whose deposits to keys create `next_account`.
    pub fn add(&mut self, entry: &Entry, operator: AccountId, next_account: AccountId) {
        match entry {
            Entry::Transfer(_) => self.transfers += 1,
            Entry::Queue(_) => self.queue_items += 1,
        }
        for at in touched_by(entry, operator, next_account) {
            self.touch(at);
        }
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
        self.transfers + self.queue_items + self.batches == 0
    }

    /// Transfers so far.
    pub const fn transfers(&self) -> usize {
        self.transfers
    }

    /// Permutations that the run costs, before padding.
    pub fn permutations(&self) -> usize {
        let signatures = self.transfers * (XMSS_STEPS + signature::BLOCK);
        signatures + 2 * (self.nodes.len() + 1) + self.hashes()
    }

    fn hashes(&self) -> usize {
        TRANSFER_HASHES * self.transfers
            + ITEM_HASHES * self.queue_items
            + SEAL_HASHES * self.batches
            + 2 * self.cells.len()
            + STATEMENT_HASHES
    }

    /// Whether a shape holds it.
    ///
    /// # Errors
    /// [`TraceError::Full`] names the first chip that is too small.
    pub fn fits(&self, shape: Shape) -> Result<(), TraceError> {
        let heights = shape.log_heights();
        // A lane may end before a chain of the longest kind would fit.
        let chain_slack = CHAIN_LANES * (XMSS_BASE - 2);
        let needs = [
            ("signature", self.transfers * signature::BLOCK, 1usize << heights.signature),
            ("transaction", self.transfers + self.queue_items + self.batches + 1, 1 << heights.transaction),
            ("cell", self.cells.len(), 1 << heights.cell),
            ("node", self.nodes.len() + 1, NODE_LANES << heights.node),
            ("hash24", self.hashes(), HASH24_LANES << heights.hash24),
            ("chain", self.transfers * XMSS_STEPS + chain_slack, CHAIN_LANES << heights.chain),
        ];
        needs
            .into_iter()
            .find(|(_, needed, available)| needed > available)
            .map_or(Ok(()), |(chip, needed, available)| Err(TraceError::Full { chip, needed, available }))
    }

    /// The smallest shape that holds it.
    pub fn smallest(&self) -> Option<Shape> {
        Shape::ALL.into_iter().find(|shape| self.fits(*shape).is_ok())
    }
}

/// The cells that an entry touches.
pub fn touched_by(entry: &Entry, operator: AccountId, next_account: AccountId) -> Vec<CellAddress> {
    let both = |account, token: u16| {
        let own = CellAddress::account(account);
        let balance = CellAddress::slot(account, token);
        if token == NATIVE_TOKEN { vec![own] } else { vec![own, balance] }
    };
    match entry {
        Entry::Transfer(signed) => {
            let t = &signed.transfer;
            [t.from, t.to, operator].into_iter().flat_map(|account| both(account, t.token.0)).collect()
        }
        Entry::Queue(item) => match item.deposit {
            Deposit::ToAccount { account } => both(account, item.token.0),
            Deposit::ToKey { .. } => {
                let mut cells = both(next_account, item.token.0);
                cells.extend([CellAddress::COUNTER, CellAddress::slot(next_account, 0)]);
                cells
            }
        },
    }
}
