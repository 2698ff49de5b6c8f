//! A small ledger over a map, which executes whatever it is told: the rules are the chip's to enforce.

use std::collections::{BTreeMap, BTreeSet};

use aludel_protocol::cell::{Access, AccountCell, BalanceCell, CounterCell, OwnerCell};
use aludel_protocol::field::Limbs;
use aludel_protocol::hash::{Tag, roll, rolling_start};
use aludel_protocol::records::transfer_version;
use aludel_protocol::{
    AccountId, Amount, BatchNumber, CellAddress, ChainId, Checkpoint, Deposit, Digest, Epoch, F, Header,
    KeyDigest, L1Address, Payload, QueueIndex, QueueItem, Sequence, TokenId, Transfer, fe,
};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::transaction::{Action, ExecutedBatch, ExecutedEntry};

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

impl World {
    /// Accounts 1 to 4 with the native token, 1 and 2 with token 7 as well; the next account is `next`.
    pub fn new(next: u32) -> Self {
        let mut genesis = BTreeMap::new();
        for n in 1..=4 {
            let sequence = Sequence(EDGE - n % 2);
            let cell = AccountCell { key: key(n), sequence, next_epoch: Epoch(5), balance: Amount(1 << 100) };
            genesis.insert(CellAddress::account(AccountId(n)), cell.payload());
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

    /// Balance of a token.
    pub fn funds(&self, n: u32, token: u16) -> u128 {
        let at = if token == 0 {
            CellAddress::account(AccountId(n))
        } else {
            CellAddress::slot(AccountId(n), token)
        };
        balance(&self.payload(at))
    }

    pub fn account(&self, n: u32) -> AccountCell {
        let payload = self.payload(CellAddress::account(AccountId(n)));
        AccountCell::read(&payload).expect("an account").expect("that exists")
    }

    /// The transfer that an honest wallet writes now, not yet signed.
    pub fn draft(&self, from: u32, to: u32, token: u16, amount: u128, fee: u64) -> Transfer {
        let account = self.account(from);
        Transfer {
            chain_id: self.chain_id,
            protocol_version: transfer_version(),
            from: AccountId(from),
            to: AccountId(to),
            token: TokenId(token),
            amount: Amount(amount),
            fee,
            sequence: account.sequence,
            epoch: Epoch(account.next_epoch.0 + from),
            expiry: BatchNumber(self.prev.number.0 + 0x10_0000),
        }
    }

    /// Signs with the key of the sender.
    pub fn sign(&mut self, t: &Transfer) {
        self.signed.insert((self.account(t.from.0).key, t.digest(), t.epoch));
    }

    /// Draft, signature and execution.
    pub fn pay(&mut self, from: u32, to: u32, token: u16, amount: u128, fee: u64) -> ExecutedEntry {
        let t = self.draft(from, to, token, amount, fee);
        self.sign(&t);
        self.transfer(t)
    }

    pub fn touch(&mut self, at: CellAddress, change: impl FnOnce(&mut Payload)) -> Option<Access> {
        let old = self.payload(at);
        let mut new = old;
        change(&mut new);
        self.state.insert(at, new);
        Some(Access { at, old, new })
    }

    /// Executes, with amounts that wrap.
    pub fn transfer(&mut self, t: Transfer) -> ExecutedEntry {
        let (amount, fee, native) = (t.amount.0, u128::from(t.fee), t.token.0 == 0);
        let debit = move |p: &mut Payload| add(p, 0u128.wrapping_sub(amount).wrapping_sub(fee));
        let parties = [t.from, t.to, self.operator];
        let mut accesses = [None; 6];
        accesses[0] = self.touch(CellAddress::account(t.from), |p| {
            use_up(p, &t);
            if native {
                debit(p);
            }
        });
        accesses[1] = self.touch(CellAddress::account(t.to), |p| {
            if native {
                add(p, amount)
            }
        });
        accesses[2] = self.touch(CellAddress::account(parties[2]), |p| {
            if native {
                add(p, fee)
            }
        });
        if !native {
            let at = parties.map(|a| CellAddress::slot(a, t.token.0));
            accesses[3] = self.touch(at[0], debit);
            accesses[4] = self.touch(at[1], |p| add(p, amount));
            accesses[5] = self.touch(at[2], |p| add(p, fee));
        }
        ExecutedEntry { action: Action::Transfer(t), accesses }
    }

    /// L1 appends an item to its queue.
    pub fn enqueue(&mut self, item: &QueueItem) {
        let last = self.l1[self.l1.len() - 1];
        self.l1.push(roll(last, item.digest()));
    }

    /// L1 appends an item and the batch consumes it.
    pub fn deposit(&mut self, item: QueueItem) -> ExecutedEntry {
        self.enqueue(&item);
        self.consume(item)
    }

    pub fn consume(&mut self, item: QueueItem) -> ExecutedEntry {
        let mut accesses = [None; 6];
        let native = item.token.0 == 0;
        let gain = |p: &mut Payload| add(p, item.amount.0);
        let to = match item.deposit {
            Deposit::ToAccount { account } => {
                let credit = |p: &mut Payload| {
                    if native {
                        gain(p)
                    }
                };
                accesses[1] = self.touch(CellAddress::account(account), credit);
                account
            }
            Deposit::ToKey { key, l1_owner } => {
                let CounterCell(new) =
                    CounterCell::read(&self.payload(CellAddress::COUNTER)).expect("the counter");
                let next = CounterCell(AccountId(new.0.wrapping_add(1))).payload();
                accesses[0] = self.touch(CellAddress::COUNTER, |p| *p = next);
                let balance = Amount(if native { item.amount.0 } else { 0 });
                let cell = AccountCell { key, sequence: Sequence(0), next_epoch: Epoch(0), balance };
                accesses[1] = self.touch(CellAddress::account(new), |p| *p = cell.payload());
                accesses[2] = self.touch(CellAddress::slot(new, 0), |p| *p = OwnerCell(l1_owner).payload());
                new
            }
        };
        if !native {
            accesses[4] = self.touch(CellAddress::slot(to, item.token.0), gain);
        }
        ExecutedEntry { action: Action::Queue(item), accesses }
    }

    /// Seals entries of the current operator as batch `prev + offset`.
    pub fn seal(&self, offset: u32, entries: Vec<ExecutedEntry>) -> ExecutedBatch {
        let digest = |e: &ExecutedEntry| match &e.action {
            Action::Transfer(t) => t.digest(),
            Action::Queue(item) => item.digest(),
        };
        let transfers = entries.iter().filter(|e| matches!(e.action, Action::Transfer(_))).count() as u16;
        let header = Header {
            number: BatchNumber(self.prev.number.0 + offset),
            operator: self.operator,
            transfers,
            queue_items: entries.len() as u16 - transfers,
            body: entries.iter().fold(rolling_start(Tag::Body), |state, e| roll(state, digest(e))),
        };
        ExecutedBatch { header, entries }
    }
}

pub fn to_account(n: u32, token: u16, amount: u128) -> QueueItem {
    let deposit = Deposit::ToAccount { account: AccountId(n) };
    QueueItem { token: TokenId(token), amount: Amount(amount), deposit }
}

pub fn to_key(n: u32, token: u16, amount: u128) -> QueueItem {
    let l1_owner = L1Address(core::array::from_fn(|i| (n as u8).wrapping_mul(31).wrapping_add(i as u8)));
    QueueItem {
        token: TokenId(token),
        amount: Amount(amount),
        deposit: Deposit::ToKey { key: key(n), l1_owner },
    }
}

fn use_up(p: &mut Payload, t: &Transfer) {
    let [lo, hi] = [p.0[8], p.0[9]].map(|x| x.as_canonical_u32());
    p.0[Payload::SEQUENCE..][..2].copy_from_slice(&((hi << 16) | lo).wrapping_add(1).limbs());
    p.0[Payload::NEXT_EPOCH] = fe(t.epoch.0 + 1);
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
