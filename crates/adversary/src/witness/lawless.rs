//! A ledger that executes whatever it is told, and says so consistently: the rules are the circuits' to enforce.

use std::collections::BTreeMap;

use aludel_bench::{CHAIN, OPERATOR, Scenario, account, derivation};
use aludel_circuits::transaction::{Event, ExecutedBatch, ExecutedEntry};
use aludel_circuits::{Shape, Tables, transaction};
use aludel_ledger::xmss::{Derivation, SecretKey, Window};
use aludel_ledger::{Payout, State};
use aludel_protocol::cell::Access;
use aludel_protocol::hash::{Tag, rolling_start};
use aludel_protocol::params::NATIVE_TOKEN;
use aludel_protocol::records::{WithdrawalTree, publish, publish_item, transaction_version};
use aludel_protocol::{
    Action, Amount, BatchNumber, CellAddress, ChainId, Checkpoint, Digest, Epoch, Header, Payload, QueueItem,
    Sequence, SignedTransaction, Statement, TokenId, Transaction,
};
use p3_field::PrimeField32;

use super::forgery::Forgery;
use super::payload::balance;

/// A chain with three funded wallets, of which every rule may be broken from the second batch on.
pub struct Lawless {
    pub scenario: Scenario,
    /// For which chain the transactions are executed.
    pub chain_id: ChainId,
    pub prev: Checkpoint,
    state: State,
    cells: BTreeMap<CellAddress, Payload>,
    batches: Vec<Vec<ExecutedEntry>>,
    /// The signatures that the shard verifies.
    pub signed: Vec<SignedTransaction>,
}

impl Lawless {
    pub fn new() -> Self {
        let mut scenario = Scenario::new(3, 3);
        let openings = scenario.openings();
        scenario.seal(openings);
        Self::after(scenario)
    }

    /// Goes on from an honest chain.
    pub fn after(scenario: Scenario) -> Self {
        let (prev, state) = (scenario.chain.checkpoint, scenario.chain.state.clone());
        let (cells, batches, signed) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { chain_id: CHAIN, scenario, prev, state, cells, batches, signed }
    }

    /// A transaction in the native token with the next sequence of the wallet's account, not yet signed.
    pub fn draft(&self, wallet: usize, action: Action) -> Transaction {
        let at = CellAddress::account(account(wallet));
        let [lo, hi] = [8, 9].map(|i| self.payload(at).0[i].as_canonical_u32());
        Transaction {
            chain_id: CHAIN,
            protocol_version: transaction_version(),
            from: account(wallet),
            token: TokenId(NATIVE_TOKEN),
            fee: 1,
            sequence: Sequence(hi << 16 | lo),
            epoch: Epoch(0),
            expiry: BatchNumber(9),
            action,
        }
    }

    /// Signs with a wallet, at its next epoch, and has the shard verify the signature.
    pub fn sign(&mut self, wallet: usize, transaction: Transaction) -> Transaction {
        let signer = &mut self.scenario.wallets[wallet];
        let Ok(signed) = signer.sign(transaction) else {
            // A wallet that refuses is overruled.
            let (epoch, window) = (signer.record().next_epoch().expect("known"), signer.record().window());
            let key = SecretKey::generate(&derivation(wallet as u64), window);
            return self.sign_at(&key, epoch, transaction);
        };
        let transaction = signed.transaction;
        self.signed.push(signed);
        transaction
    }

    /// Signs with any key at any epoch, where a wallet would refuse, and has the shard verify the signature.
    pub fn sign_at(&mut self, key: &SecretKey, epoch: Epoch, transaction: Transaction) -> Transaction {
        let transaction = Transaction { epoch, ..transaction };
        let signature = key.sign(epoch, &transaction.digest()).expect("the epoch is one of the window's");
        self.signed.push(SignedTransaction { transaction, signature: Box::new(signature) });
        transaction
    }

    /// What a cell holds by now.
    pub fn payload(&self, at: CellAddress) -> Payload {
        self.cells.get(&at).copied().unwrap_or_else(|| self.state.get(&at))
    }

    pub(crate) fn touch(&mut self, at: CellAddress, change: impl FnOnce(&mut Payload)) -> Option<Access> {
        let old = self.payload(at);
        let mut new = old;
        change(&mut new);
        self.cells.insert(at, new);
        Some(Access { at, old, new })
    }

    /// Has the last access of a role, which nobody followed, write something else.
    pub fn alter(&mut self, entry: &mut ExecutedEntry, role: usize, change: impl FnOnce(&mut Payload)) {
        let access = entry.accesses[role].as_mut().expect("the role has an access");
        change(&mut access.new);
        self.cells.insert(access.at, access.new);
    }

    /// Has the last access of a role, which nobody followed, write nothing.
    pub fn undo(&mut self, entry: &mut ExecutedEntry, role: usize) {
        let old = entry.accesses[role].as_ref().expect("the role has an access").old;
        self.alter(entry, role, |new| *new = old);
    }

    pub fn seal(&mut self, entries: Vec<ExecutedEntry>) {
        self.batches.push(entries);
    }

    /// The witness so far, to be forged further.
    pub fn write(&self) -> Forgery {
        let heights = Shape::Tiny.log_heights();
        let numbers = (self.prev.number.0 + 1..).map(BatchNumber);
        let batches: Vec<_> = numbers.zip(&self.batches).map(|(n, entries)| self.batch(n, entries)).collect();
        let tables = &mut Tables::default();
        let trace = transaction::generate(heights.transaction, self.chain_id, &self.prev, &batches, tables)
            .expect("the accesses fit their entries");
        let next = Checkpoint {
            number: trace.next.number,
            state_root: Digest::ZERO,
            headers: trace.next.headers,
            queue: trace.next.queue,
            queue_index: trace.next.queue_index,
        };
        let says = Statement::new(self.chain_id, self.prev, next);
        Forgery::new(says, trace, self.signed.clone(), self.state.clone())
    }

    fn batch(&self, number: BatchNumber, entries: &[ExecutedEntry]) -> ExecutedBatch {
        let transactions = entries.iter().filter(|e| matches!(e.event, Event::Transaction(_))).count();
        let payouts = (0..).zip(entries.iter().filter_map(payout));
        let leaves: Vec<_> = payouts.map(|(i, p)| p.withdrawal(number, i).digest()).collect();
        let header = Header {
            number,
            operator: OPERATOR,
            transactions: transactions as u16,
            queue_items: (entries.len() - transactions) as u16,
            withdrawals: leaves.len() as u16,
            pubdata: entries.iter().fold(rolling_start(Tag::Pubdata), |state, e| self.publish(state, e)),
            withdrawals_root: WithdrawalTree::new(leaves).root(),
        };
        ExecutedBatch { header, entries: entries.to_vec() }
    }

    /// As the rows publish: for the chain that they execute.
    fn publish(&self, state: Digest, entry: &ExecutedEntry) -> Digest {
        match &entry.event {
            Event::Transaction(t) => {
                let t = Transaction { chain_id: self.chain_id, ..*t };
                publish(state, t.digests().public, &t.public_rest())
            }
            Event::Queue(_) => publish_item(state),
        }
    }
}

/// What leaves by an entry, as its row has it.
fn payout(entry: &ExecutedEntry) -> Option<Payout> {
    match (&entry.event, entry.no_op) {
        (Event::Transaction(t), _) => match t.action {
            Action::Withdraw { to, amount } => Some(Payout { token: t.token, amount, to }),
            Action::Transfer { .. } | Action::Rotate { .. } => None,
        },
        (Event::Queue(item), None) if item.kind == QueueItem::FORCED => {
            let role = if item.token.0 == NATIVE_TOKEN { 0 } else { 3 };
            let paid = entry.accesses[role].as_ref().map(|access| balance(&access.old));
            Some(Payout { token: item.token, amount: Amount(paid?), to: item.l1 })
        }
        (Event::Queue(item), Some(reason)) if reason.refunds() => {
            Some(Payout { token: item.token, amount: item.amount, to: item.l1 })
        }
        (Event::Queue(_), _) => None,
    }
}

/// A key of nobody yet, whose window begins at `start`: for rotations.
pub fn fresh_key(start: Epoch) -> SecretKey {
    let window = Window::new(start, 3).expect("a window of the lifetime");
    SecretKey::generate(&Derivation { seed: [8; 32], chain_id: CHAIN, counter: 0 }, window)
}
