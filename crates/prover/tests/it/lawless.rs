//! A ledger that executes whatever it is told, and says so consistently: the rules are the circuits' to enforce.

use std::collections::BTreeMap;

use aludel_bench::{CHAIN, OPERATOR, Scenario, account};
use aludel_circuits::transaction::{Action, ExecutedBatch, ExecutedEntry};
use aludel_circuits::{Shape, Tables, transaction};
use aludel_ledger::State;
use aludel_protocol::cell::Access;
use aludel_protocol::field::Limbs;
use aludel_protocol::hash::{Tag, roll, rolling_start};
use aludel_protocol::records::transfer_version;
use aludel_protocol::{
    Amount, BatchNumber, CellAddress, ChainId, Checkpoint, Deposit, Digest, Epoch, F, Header, Payload,
    QueueItem, Sequence, SignedTransfer, Statement, TokenId, Transfer, fe,
};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::forgery::Forgery;

/// A chain with three funded wallets, of which every rule may be broken from the second batch on.
pub struct Lawless {
    pub scenario: Scenario,
    /// For which chain the transfers are executed.
    pub chain_id: ChainId,
    pub prev: Checkpoint,
    state: State,
    cells: BTreeMap<CellAddress, Payload>,
    batches: Vec<ExecutedBatch>,
    /// The signatures that the shard verifies.
    pub signed: Vec<SignedTransfer>,
}

impl Lawless {
    pub fn new() -> Self {
        let mut scenario = Scenario::new(3, 3);
        let openings = scenario.openings();
        scenario.seal(openings);
        let (prev, state) = (scenario.chain.checkpoint, scenario.chain.state.clone());
        let (cells, batches, signed) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { chain_id: CHAIN, scenario, prev, state, cells, batches, signed }
    }

    /// A native transfer with the first sequence of its sender's account, not yet signed.
    pub fn draft(&self, from: usize, to: usize, amount: u128) -> Transfer {
        Transfer {
            chain_id: CHAIN,
            protocol_version: transfer_version(),
            from: account(from),
            to: account(to),
            token: TokenId(0),
            amount: Amount(amount),
            fee: 1,
            sequence: Sequence(0),
            epoch: Epoch(0),
            expiry: BatchNumber(9),
        }
    }

    /// Signs with a wallet, at its next epoch, and has the shard verify the signature.
    pub fn sign(&mut self, wallet: usize, transfer: Transfer) -> Transfer {
        let signed = self.scenario.wallets[wallet].sign(transfer).expect("the window has an epoch left");
        let transfer = signed.transfer;
        self.signed.push(signed);
        transfer
    }

    fn payload(&self, at: CellAddress) -> Payload {
        self.cells.get(&at).copied().unwrap_or_else(|| self.state.get(&at))
    }

    fn touch(&mut self, at: CellAddress, change: impl FnOnce(&mut Payload)) -> Option<Access> {
        let old = self.payload(at);
        let mut new = old;
        change(&mut new);
        self.cells.insert(at, new);
        Some(Access { at, old, new })
    }

    /// Executes, with amounts that wrap and without a glance at signature, sequence, epoch or expiry.
    pub fn transfer(&mut self, t: Transfer) -> ExecutedEntry {
        let (amount, fee, native) = (t.amount.0, u128::from(t.fee), t.token.0 == 0);
        let gains = [0u128.wrapping_sub(amount).wrapping_sub(fee), amount, fee];
        let mut accesses = [None; 6];
        for (role, party) in [t.from, t.to, OPERATOR].into_iter().enumerate() {
            accesses[role] = self.touch(CellAddress::account(party), |p| {
                if role == 0 {
                    use_up(p, t.epoch);
                }
                if native {
                    gain(p, gains[role]);
                }
            });
        }
        for (role, party) in [t.from, t.to, OPERATOR].into_iter().enumerate().filter(|_| !native) {
            accesses[3 + role] = self.touch(CellAddress::slot(party, t.token.0), |p| gain(p, gains[role]));
        }
        ExecutedEntry { action: Action::Transfer(t), accesses }
    }

    /// Credits an account with a queue item in the native token.
    pub fn deposit(&mut self, item: QueueItem) -> ExecutedEntry {
        let Deposit::ToAccount { account } = item.deposit else { panic!("deposits here are to accounts") };
        let mut accesses = [None; 6];
        accesses[1] = self.touch(CellAddress::account(account), |p| gain(p, item.amount.0));
        ExecutedEntry { action: Action::Queue(item), accesses }
    }

    /// Has the last access of a role, which nobody followed, write more than it should.
    pub fn mint(&mut self, entry: &mut ExecutedEntry, role: usize, amount: u128) {
        let access = entry.accesses[role].as_mut().expect("the role has an access");
        gain(&mut access.new, amount);
        self.cells.insert(access.at, access.new);
    }

    pub fn seal(&mut self, entries: Vec<ExecutedEntry>) {
        let digest = |e: &ExecutedEntry| match &e.action {
            Action::Transfer(t) => t.digest(),
            Action::Queue(item) => item.digest(),
        };
        let transfers = entries.iter().filter(|e| matches!(e.action, Action::Transfer(_))).count() as u16;
        let header = Header {
            number: BatchNumber(self.prev.number.0 + 1 + self.batches.len() as u32),
            operator: OPERATOR,
            transfers,
            queue_items: entries.len() as u16 - transfers,
            body: entries.iter().fold(rolling_start(Tag::Body), |state, e| roll(state, digest(e))),
        };
        self.batches.push(ExecutedBatch { header, entries });
    }

    /// The witness so far, to be forged further.
    pub fn write(&self) -> Forgery {
        let heights = Shape::Tiny.log_heights();
        let batches: Vec<ExecutedBatch> = self.batches.iter().map(|b| self.as_rolled(b)).collect();
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
        let (cells, signed, state) = (trace.cells, self.signed.clone(), self.state.clone());
        Forgery::new(says, cells, trace.main, signed, state)
    }

    /// Bodies as the rows roll them: over the chain's id and the sequence that the sender's account holds.
    fn as_rolled(&self, batch: &ExecutedBatch) -> ExecutedBatch {
        let rolled = |e: &ExecutedEntry| match (&e.action, &e.accesses[0]) {
            (Action::Transfer(t), Some(sender)) => {
                let [lo, hi] = [8, 9].map(|i| sender.old.0[i].as_canonical_u32());
                Transfer { chain_id: self.chain_id, sequence: Sequence(hi << 16 | lo), ..*t }.digest()
            }
            (Action::Transfer(t), None) => t.digest(),
            (Action::Queue(item), _) => item.digest(),
        };
        let body = batch.entries.iter().fold(rolling_start(Tag::Body), |state, e| roll(state, rolled(e)));
        ExecutedBatch { header: Header { body, ..batch.header }, entries: batch.entries.clone() }
    }
}

fn use_up(p: &mut Payload, epoch: Epoch) {
    let [lo, hi] = [8, 9].map(|i| p.0[i].as_canonical_u32());
    p.0[Payload::SEQUENCE..Payload::NEXT_EPOCH].copy_from_slice(&((hi << 16) | lo).wrapping_add(1).limbs());
    p.0[Payload::NEXT_EPOCH] = fe(epoch.0 + 1);
}

fn gain(p: &mut Payload, amount: u128) {
    let limbs = p.0[Payload::BALANCE..].iter().rev();
    let balance = limbs.fold(0u128, |acc, x| acc << 16 | u128::from(x.as_canonical_u32()));
    p.0[Payload::BALANCE..].copy_from_slice(&balance.wrapping_add(amount).limbs());
    p.0[Payload::EXISTS] = F::ONE;
}

/// A deposit of the native token to a wallet's account.
pub fn deposit(to: usize, amount: u128) -> QueueItem {
    let deposit = Deposit::ToAccount { account: account(to) };
    QueueItem { token: TokenId(0), amount: Amount(amount), deposit }
}
