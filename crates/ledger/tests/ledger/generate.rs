//! Random entries, made for the state in which their turn comes: most take effect, some break one rule.

use std::collections::BTreeMap;

use aludel_protocol::{
    AccountId, Action, Amount, BatchNumber, ChainId, Digest, Entry, Epoch, KeyBytes, L1Address, Packed,
    QueueItem, Sequence, TokenId, Transaction,
};

use crate::model::{Account, Model};
use crate::random::Random;
use crate::stub::*;

pub const TOKENS: [u16; 4] = [0, 1, 7, u16::MAX];
const LAST_EPOCH: u32 = (1 << 20) - 1;

/// An entry and, of a transaction, the key that signed it.
pub type Made = (Entry, Digest);

pub struct Generator {
    pub random: Random,
    /// The first account's number.
    start: u32,
    /// The key that an account held before its last rotation.
    previous: BTreeMap<u32, Digest>,
    /// Signed and not handed in yet.
    held: Vec<Made>,
}

impl Generator {
    pub const fn new(seed: u64, start: u32) -> Self {
        Self { random: Random(seed), start, previous: BTreeMap::new(), held: Vec::new() }
    }

    /// The entries of one operation in a batch of this number: none where one is held back, two where a transaction
    /// competes with its replacement.
    pub fn operation(&mut self, model: &Model, batch: u32) -> Vec<Made> {
        match self.random.below(100) {
            0..4 => vec![self.to_key()],
            4..14 => vec![self.to_account(model)],
            14..19 => vec![self.forced(model)],
            19..22 => vec![self.garbage(model)],
            22..27 => self.replaced(model, batch),
            27..31 => {
                let made = self.signed(model, batch);
                self.held.push(made);
                Vec::new()
            }
            31..35 if !self.held.is_empty() => {
                let i = self.random.below(self.held.len() as u64) as usize;
                vec![self.held.swap_remove(i)]
            }
            _ => vec![self.signed(model, batch)],
        }
    }

    /// To be told of every transaction that enters, with the key that signed it.
    pub fn entered(&mut self, t: &Transaction, signer: &Digest) {
        if t.action.is_rotation() {
            self.previous.insert(t.from.0, *signer);
        }
    }

    pub fn account(&mut self, model: &Model) -> u32 {
        match self.random.below(40) {
            0 => self.random.pick(&[0, u32::MAX, model.next, self.start.wrapping_sub(1)]),
            _ if model.next == self.start => self.start,
            _ => self.start + self.random.below((model.next - self.start).into()) as u32,
        }
    }

    fn token(&mut self) -> u16 {
        if self.random.one_in(2) { 0 } else { self.random.pick(&TOKENS) }
    }

    fn amount(&mut self) -> u128 {
        let small = u128::from(self.random.below(1000));
        match self.random.below(20) {
            0 => u128::MAX - small,
            1 => (1 << 127) + small,
            2 => (1 << 64) - 500 + small,
            3 => 0,
            _ => small,
        }
    }

    fn to_key(&mut self) -> Made {
        let mut item = to_key(self.random.below(1 << 20) as u32, self.token(), self.amount());
        item.l1 = owner(self.random.below(9) as u32);
        if self.random.one_in(3) {
            item.key = KeyBytes(self.random.bytes());
        }
        queue(item)
    }

    fn to_account(&mut self, model: &Model) -> Made {
        queue(to_account(self.account(model), self.token(), self.amount()))
    }

    fn forced(&mut self, model: &Model) -> Made {
        let account = self.account(model);
        let l1 = match model.accounts.get(&account) {
            Some(held) if !self.random.one_in(4) => held.owner,
            _ => L1Address(self.random.bytes()),
        };
        let amount = Amount(self.amount());
        queue(QueueItem { amount, ..QueueItem::forced(AccountId(account), TokenId(self.token()), l1) })
    }

    /// Any bytes, some of them of a kind that is known.
    fn garbage(&mut self, model: &Model) -> Made {
        let bytes: [u8; QueueItem::BYTES] = self.random.bytes();
        let mut item = QueueItem::unpack(&mut &bytes[..]).expect("any bytes are an item");
        if self.random.one_in(2) {
            item.kind = self.random.below(5) as u16;
            item.account = AccountId(self.account(model));
        }
        queue(item)
    }

    /// Two transactions of one sequence, the later epoch first or second: one of them enters at most.
    fn replaced(&mut self, model: &Model, batch: u32) -> Vec<Made> {
        let from = self.account(model);
        let [mut a, mut b] = [0; 2].map(|_| self.plain(model, batch, from));
        let Some(held) = model.accounts.get(&from) else { return vec![sign_by(&key(1), a)] };
        b.epoch.0 = a.epoch.0 + 1;
        if self.random.one_in(3) {
            a.expiry = BatchNumber(batch - 1);
        }
        if self.random.one_in(2) {
            core::mem::swap(&mut a, &mut b);
        }
        vec![sign_by(&held.key, a), sign_by(&held.key, b)]
    }

    fn signed(&mut self, model: &Model, batch: u32) -> Made {
        let from = self.account(model);
        let mut t = self.plain(model, batch, from);
        let mut signer = model.accounts.get(&from).map_or_else(|| key(1), |held| held.key);
        if self.random.one_in(4) {
            self.twist(model, batch, &mut t, &mut signer);
        }
        sign_by(&signer, t)
    }

    /// A transaction in its sender's order.
    fn plain(&mut self, model: &Model, batch: u32, from: u32) -> Transaction {
        let (sequence, next_epoch) =
            model.accounts.get(&from).map_or((0, 0), |held: &Account| (held.sequence, held.next_epoch));
        let token = self.token();
        let fee = if self.random.one_in(60) { u64::MAX } else { self.random.below(10) };
        let action = self.action(model, (from, token, fee), next_epoch == LAST_EPOCH);
        let epoch = match self.random.below(60) {
            0 => LAST_EPOCH - 1,
            1..6 => next_epoch + self.random.below(50) as u32,
            _ => next_epoch,
        };
        let expiry = BatchNumber(batch + self.random.below(4) as u32);
        Transaction { epoch: Epoch(epoch), expiry, ..transaction(from, token, fee, sequence, action) }
    }

    fn action(&mut self, model: &Model, (from, token, fee): (u32, u16, u64), last: bool) -> Action {
        let all = model.balance(from, token).wrapping_sub(fee.into());
        let amount = match self.random.below(20) {
            0 => all,
            1 => all.wrapping_sub(1),
            2 => all.wrapping_add(1),
            3 => self.amount(),
            _ => u128::from(self.random.below(300)).min(all),
        };
        let amount = Amount(amount);
        match self.random.below(20) {
            0 => Action::Rotate { key: key(self.random.below(1 << 20) as u32) },
            1..16 if last => Action::Rotate { key: key(self.random.below(1 << 20) as u32) },
            1..6 => Action::Withdraw { to: L1Address(self.random.bytes()), amount },
            _ => Action::Transfer { to: AccountId(self.account(model)), amount },
        }
    }

    /// Breaks a rule, as a rule.
    fn twist(&mut self, model: &Model, batch: u32, t: &mut Transaction, signer: &mut Digest) {
        match self.random.below(10) {
            0 => t.sequence = Sequence(t.sequence.0.wrapping_sub(1)),
            1 => t.sequence.0 += 1,
            2 => t.epoch = Epoch(t.epoch.0.wrapping_sub(1)),
            3 => t.epoch = Epoch(LAST_EPOCH),
            4 => t.epoch = Epoch(LAST_EPOCH + 1 + self.random.below(9) as u32),
            5 => t.expiry = BatchNumber(self.random.below(batch.into()) as u32),
            6 => t.chain_id = ChainId(CHAIN.0 + 1),
            7 => t.protocol_version = 0,
            8 => *signer = self.previous.get(&t.from.0).copied().unwrap_or_else(|| key(2)),
            _ => *signer = model.accounts.get(&self.account(model)).map_or_else(|| key(3), |held| held.key),
        }
    }
}

fn queue(item: QueueItem) -> Made {
    (Entry::Queue(item), Digest::ZERO)
}

fn sign_by(signer: &Digest, t: Transaction) -> Made {
    (Entry::Transaction(sign_with(signer, t)), *signer)
}
