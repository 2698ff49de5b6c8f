//! A small ledger over a map, which executes whatever it is told: the rules are the chip's to enforce.

use std::collections::{BTreeMap, BTreeSet};

use aludel_protocol::cell::{Access, AccountCell, BalanceCell, CounterCell, OwnerCell};
use aludel_protocol::field::Limbs;
use aludel_protocol::hash::{Tag, rolling_start};
use aludel_protocol::records::{WithdrawalTree, publish, publish_item, transaction_version};
use aludel_protocol::{
    AccountId, Action, Amount, BatchNumber, CellAddress, ChainId, Checkpoint, Digest, Epoch, F, Header,
    KeyDigest, L1Address, NoOp, Payload, QueueIndex, QueueItem, Request, Sequence, TokenId, Transaction,
    Withdrawal, fe,
};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::transaction::{Event, ExecutedBatch, ExecutedEntry};

/// Sequence, chain and queue index begin just below a limb's end, so that carries happen.
const EDGE: u32 = 0xffff;

/// State, signatures and L1 as they really are.
pub struct World {
    pub chain_id: ChainId,
    pub prev: Checkpoint,
    /// Before the shard.
    pub genesis: BTreeMap<CellAddress, Payload>,
    /// Now.
    pub state: BTreeMap<CellAddress, Payload>,
    /// What wallets signed.
    pub signed: BTreeSet<(KeyDigest, Digest, Epoch)>,
    /// The queue's rolling digest by index, from `prev` on.
    pub l1: Vec<Digest>,
    /// Operator of the current batch.
    pub operator: AccountId,
}

pub fn key(n: u32) -> KeyDigest {
    aludel_protocol::hash::hash_fields(Tag::XmssKey, &[fe(n)])
}

/// An address on L1, which owns account `n` where anybody does.
pub fn l1(n: u32) -> L1Address {
    L1Address(core::array::from_fn(|i| (n as u8).wrapping_mul(31).wrapping_add(i as u8)))
}

impl World {
    /// Accounts 1 to 4 with the native token, 1 and 2 with token 7 as well, 4 without owner; the next account is
    /// `next`.
    pub fn new(next: u32) -> Self {
        let mut genesis = BTreeMap::new();
        for n in 1..=4 {
            let sequence = Sequence(EDGE - n % 2);
            let cell = AccountCell { key: key(n), sequence, next_epoch: Epoch(5), balance: Amount(1 << 100) };
            genesis.insert(CellAddress::account(AccountId(n)), cell.payload());
        }
        for n in 1..=3 {
            genesis.insert(CellAddress::slot(AccountId(n), 0), OwnerCell(l1(n)).payload());
        }
        for n in 1..=2 {
            let at = CellAddress::slot(AccountId(n), 7);
            genesis.insert(at, BalanceCell(Amount((1 << 64) + 3)).payload());
        }
        genesis.insert(CellAddress::COUNTER, CounterCell(AccountId(next)).payload());
        let (queue, queue_index) = (rolling_start(Tag::Queue), QueueIndex(EDGE - 1));
        let prev = Checkpoint { number: BatchNumber(EDGE), queue_index, ..Checkpoint::genesis(Digest::ZERO) };
        Self {
            chain_id: ChainId(0x1_0002_0003_0004),
            prev,
            state: genesis.clone(),
            genesis,
            signed: BTreeSet::new(),
            l1: vec![queue],
            operator: AccountId(3),
        }
    }

    pub fn payload(&self, at: CellAddress) -> Payload {
        self.state.get(&at).copied().unwrap_or(Payload::EMPTY)
    }

    /// Writes a cell as it was before the shard.
    pub fn found(&mut self, at: CellAddress, payload: Payload) {
        self.genesis.insert(at, payload);
        self.state.insert(at, payload);
    }

    /// Balance of a token.
    pub fn funds(&self, n: u32, token: u16) -> u128 {
        balance(&self.payload(purse(AccountId(n), token)))
    }

    pub fn account(&self, n: u32) -> AccountCell {
        let payload = self.payload(CellAddress::account(AccountId(n)));
        AccountCell::read(&payload).expect("an account").expect("that exists")
    }

    /// What an honest wallet writes now, not yet signed.
    pub fn act(&self, from: u32, token: u16, fee: u64, action: Action) -> Transaction {
        let account = self.account(from);
        Transaction {
            chain_id: self.chain_id,
            protocol_version: transaction_version(),
            from: AccountId(from),
            token: TokenId(token),
            fee,
            sequence: account.sequence,
            epoch: Epoch(account.next_epoch.0 + from),
            expiry: BatchNumber(self.prev.number.0 + 0x10_0000),
            action,
        }
    }

    /// The transfer that an honest wallet writes now, not yet signed.
    pub fn draft(&self, from: u32, to: u32, token: u16, amount: u128, fee: u64) -> Transaction {
        self.act(from, token, fee, Action::Transfer { to: AccountId(to), amount: Amount(amount) })
    }

    /// Signs with the key of the sender.
    pub fn sign(&mut self, t: &Transaction) {
        self.signed.insert((self.account(t.from.0).key, t.digest(), t.epoch));
    }

    /// Signature and execution.
    pub fn submit(&mut self, t: Transaction) -> ExecutedEntry {
        self.sign(&t);
        self.transaction(t)
    }

    /// A signed transfer.
    pub fn pay(&mut self, from: u32, to: u32, token: u16, amount: u128, fee: u64) -> ExecutedEntry {
        self.submit(self.draft(from, to, token, amount, fee))
    }

    /// A signed withdrawal.
    pub fn withdraw(&mut self, from: u32, token: u16, amount: u128, fee: u64) -> ExecutedEntry {
        let action = Action::Withdraw { to: l1(from + 100), amount: Amount(amount) };
        self.submit(self.act(from, token, fee, action))
    }

    /// A signed change of key.
    pub fn rotate(&mut self, from: u32, token: u16, fee: u64, to: u32) -> ExecutedEntry {
        self.submit(self.act(from, token, fee, Action::Rotate { key: key(to) }))
    }

    pub fn touch(&mut self, at: CellAddress, change: impl FnOnce(&mut Payload)) -> Option<Access> {
        let old = self.payload(at);
        let mut new = old;
        change(&mut new);
        self.state.insert(at, new);
        Some(Access { at, old, new })
    }

    fn read(&mut self, at: CellAddress) -> Option<Access> {
        self.touch(at, |_| ())
    }

    /// Changes a balance: the account's cell is accessed, and another where the token is not native.
    fn balance(
        &mut self,
        accesses: &mut [Option<Access>; 6],
        (role, who, token): (usize, AccountId, u16),
        change: impl FnOnce(&mut Payload),
    ) {
        if token == 0 {
            accesses[role] = self.touch(CellAddress::account(who), change);
        } else {
            accesses[role] = self.read(CellAddress::account(who));
            accesses[role + 3] = self.touch(CellAddress::slot(who, token), change);
        }
    }

    /// Executes, with amounts that wrap.
    pub fn transaction(&mut self, t: Transaction) -> ExecutedEntry {
        let (amount, fee, token) = (t.action.amount().0, u128::from(t.fee), t.token.0);
        let mut accesses = [None; 6];
        let debit = |p: &mut Payload| add(p, 0u128.wrapping_sub(amount).wrapping_sub(fee));
        // The account changes once more than its balance does.
        let before = self.payload(CellAddress::account(t.from));
        self.balance(&mut accesses, (0, t.from, token), debit);
        self.touch(CellAddress::account(t.from), |p| use_up(p, &t));
        accesses[0] = accesses[0].map(|a| Access { old: before, new: self.payload(a.at), ..a });
        if let Action::Transfer { to, .. } = t.action {
            self.balance(&mut accesses, (1, to, token), |p| add(p, amount));
        }
        self.balance(&mut accesses, (2, self.operator, token), |p| add(p, fee));
        ExecutedEntry { event: Event::Transaction(t), accesses, no_op: None }
    }

    /// L1 appends an item to its queue.
    pub fn enqueue(&mut self, item: &QueueItem) {
        let last = self.l1[self.l1.len() - 1];
        self.l1.push(item.enqueue(last));
    }

    /// L1 appends an item and the batch consumes it by the rules.
    pub fn queue(&mut self, item: QueueItem) -> ExecutedEntry {
        let no_op = self.reason(&item);
        self.claim(item, no_op)
    }

    /// L1 appends an item and the batch does with it what it likes.
    pub fn claim(&mut self, item: QueueItem, no_op: Option<NoOp>) -> ExecutedEntry {
        self.enqueue(&item);
        self.consume(item, no_op)
    }

    /// L1 appends an item, which takes effect whatever the rules say.
    pub fn deposit(&mut self, item: QueueItem) -> ExecutedEntry {
        self.claim(item, None)
    }

    /// Why an item does not take effect.
    pub fn reason(&self, item: &QueueItem) -> Option<NoOp> {
        let exists = self.payload(CellAddress::account(item.account)).exists();
        let owner = self.payload(CellAddress::slot(item.account, 0));
        let full = || self.funds(item.account.0, item.token.0).checked_add(item.amount.0).is_none();
        let counter = self.payload(CellAddress::COUNTER);
        match item.request() {
            Request::ToAccount { .. } if !exists => Some(NoOp::NoAccount),
            Request::ToAccount { .. } if full() => Some(NoOp::Overflow),
            Request::ToKey { .. } if counter == CounterCell(AccountId(u32::MAX)).payload() => {
                Some(NoOp::NoNumber)
            }
            Request::Forced { .. } if !exists => Some(NoOp::ForcedNoAccount),
            Request::Forced { .. } if owner != OwnerCell(item.l1).payload() => Some(NoOp::NotOwner),
            Request::Unknown => Some(NoOp::UnknownKind),
            _ => None,
        }
    }

    pub fn consume(&mut self, item: QueueItem, no_op: Option<NoOp>) -> ExecutedEntry {
        let mut a = [None; 6];
        let (who, token) = (item.account, item.token.0);
        let (account, owner) = (CellAddress::account(who), CellAddress::slot(who, 0));
        match (no_op, item.request()) {
            (None, Request::ToAccount { .. }) => {
                self.balance(&mut a, (1, who, token), |p| add(p, item.amount.0))
            }
            (None, Request::ToKey { key, l1_owner }) => self.create(&mut a, &item, key, l1_owner),
            (None, _) => {
                self.balance(&mut a, (0, who, token), |p| add(p, 0u128.wrapping_sub(balance(p))));
                a[2] = self.read(owner);
            }
            (Some(NoOp::NoAccount), _) => a[1] = self.read(account),
            (Some(NoOp::Overflow), _) => self.balance(&mut a, (1, who, token), |_| ()),
            (Some(NoOp::NoNumber), _) => a[0] = self.read(CellAddress::COUNTER),
            (Some(NoOp::UnknownKind), _) => (),
            (Some(NoOp::ForcedNoAccount), _) => a[0] = self.read(account),
            (Some(NoOp::NotOwner), _) => (a[0], a[2]) = (self.read(account), self.read(owner)),
        }
        ExecutedEntry { event: Event::Queue(item), accesses: a, no_op }
    }

    fn create(&mut self, a: &mut [Option<Access>; 6], item: &QueueItem, key: KeyDigest, owner: L1Address) {
        let CounterCell(new) = CounterCell::read(&self.payload(CellAddress::COUNTER)).expect("the counter");
        let next = CounterCell(AccountId(new.0.wrapping_add(1))).payload();
        a[0] = self.touch(CellAddress::COUNTER, |p| *p = next);
        let balance = Amount(if item.token.0 == 0 { item.amount.0 } else { 0 });
        let cell = AccountCell { key, sequence: Sequence(0), next_epoch: Epoch(0), balance };
        a[1] = self.touch(CellAddress::account(new), |p| *p = cell.payload());
        a[2] = self.touch(CellAddress::slot(new, 0), |p| *p = OwnerCell(owner).payload());
        if item.token.0 != 0 {
            a[4] = self.touch(CellAddress::slot(new, item.token.0), |p| add(p, item.amount.0));
        }
    }

    /// Seals entries of the current operator as batch `prev + offset`.
    pub fn seal(&self, offset: u32, entries: Vec<ExecutedEntry>) -> ExecutedBatch {
        let number = BatchNumber(self.prev.number.0 + offset);
        let transactions = entries.iter().filter(|e| matches!(e.event, Event::Transaction(_))).count() as u16;
        let withdrawals = withdrawals(number, &entries);
        let header = Header {
            number,
            operator: self.operator,
            transactions,
            queue_items: entries.len() as u16 - transactions,
            withdrawals: withdrawals.len() as u16,
            pubdata: entries.iter().fold(rolling_start(Tag::Pubdata), |state, e| match &e.event {
                Event::Transaction(t) => publish(state, t.digests().public, &t.public_rest()),
                Event::Queue(_) => publish_item(state),
            }),
            withdrawals_root: WithdrawalTree::new(withdrawals.iter().map(Withdrawal::digest).collect())
                .root(),
        };
        ExecutedBatch { header, entries }
    }
}

/// What leaves with a batch's entries.
pub fn withdrawals(number: BatchNumber, entries: &[ExecutedEntry]) -> Vec<Withdrawal> {
    let paid = |e: &ExecutedEntry| match (&e.event, e.no_op) {
        (Event::Transaction(t), _) => match t.action {
            Action::Withdraw { to, amount } => Some((t.token, amount, to)),
            _ => None,
        },
        (Event::Queue(item), None) if item.kind == QueueItem::FORCED => {
            let purse = e.accesses[3].or(e.accesses[0]).expect("who is forced");
            Some((item.token, Amount(balance(&purse.old)), item.l1))
        }
        (Event::Queue(item), Some(reason)) if reason.refunds() => Some((item.token, item.amount, item.l1)),
        (Event::Queue(_), _) => None,
    };
    let all = entries.iter().filter_map(paid).enumerate();
    all.map(|(i, (token, amount, to))| Withdrawal { number, index: i as u16, token, amount, to }).collect()
}

/// Where a balance lies.
fn purse(who: AccountId, token: u16) -> CellAddress {
    if token == 0 { CellAddress::account(who) } else { CellAddress::slot(who, token) }
}

pub fn to_account(n: u32, token: u16, amount: u128) -> QueueItem {
    QueueItem::to_account(AccountId(n), TokenId(token), Amount(amount), l1(n.wrapping_add(200)))
}

pub fn to_key(n: u32, token: u16, amount: u128) -> QueueItem {
    QueueItem::to_key(key(n), l1(n), TokenId(token), Amount(amount))
}

/// The owner of account `owner` forces account `n`.
pub fn forced(n: u32, token: u16, owner: u32) -> QueueItem {
    QueueItem::forced(AccountId(n), TokenId(token), l1(owner))
}

/// An item of another kind, with every field set.
pub fn of_kind(kind: u16, amount: u128) -> QueueItem {
    QueueItem { kind, key: key(3).into(), ..to_account(2, 7, amount) }
}

fn use_up(p: &mut Payload, t: &Transaction) {
    let [lo, hi] = [p.0[8], p.0[9]].map(|x| x.as_canonical_u32());
    p.0[Payload::SEQUENCE..][..2].copy_from_slice(&((hi << 16) | lo).wrapping_add(1).limbs());
    p.0[Payload::NEXT_EPOCH] = fe(t.epoch.0 + 1);
    if let Action::Rotate { key } = t.action {
        p.0[..8].copy_from_slice(&key.0);
        p.0[Payload::NEXT_EPOCH] = F::ZERO;
    }
}

/// Adds to the balance, modulo `2^128`, and marks the cell as written.
fn add(p: &mut Payload, amount: u128) {
    let new = balance(p).wrapping_add(amount);
    p.0[Payload::BALANCE..].copy_from_slice(&new.limbs());
    p.0[Payload::EXISTS] = F::ONE;
}

fn balance(p: &Payload) -> u128 {
    let limbs = p.0[Payload::BALANCE..].iter().rev();
    limbs.fold(0, |acc, x| acc << 16 | u128::from(x.as_canonical_u32()))
}
