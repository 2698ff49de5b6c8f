//! The ledger once more, as maps: no cells, no tree, no accesses, and nothing of the ledger's own rules.

use std::collections::BTreeMap;

use aludel_protocol::cell::{AccountCell, BalanceCell, CellAddress, CounterCell, OwnerCell};
use aludel_protocol::{
    AccountId, Action, Amount, Digest, Epoch, KeyBytes, L1Address, NoOp, Payload, QueueItem, Sequence,
    Transaction, fe,
};

use crate::stub::CHAIN;

/// Order of the field, in which a key's words count.
const P: u32 = 2_130_706_433;
/// The only epoch that a rotation alone may use.
const LAST_EPOCH: u32 = 1_048_575;

#[derive(Clone, Debug)]
pub struct Account {
    pub key: Digest,
    pub owner: L1Address,
    pub sequence: u32,
    pub next_epoch: u32,
}

/// Token, amount and address of what leaves.
pub type Paid = (u16, u128, L1Address);

#[derive(Clone, Debug)]
pub struct Model {
    /// The number of the next new account.
    pub next: u32,
    pub accounts: BTreeMap<u32, Account>,
    /// Also of 0, once they were touched.
    pub balances: BTreeMap<(u32, u16), u128>,
}

impl Model {
    pub fn new(next: u32) -> Self {
        Self { next, accounts: BTreeMap::new(), balances: BTreeMap::new() }
    }

    pub fn balance(&self, account: u32, token: u16) -> u128 {
        self.balances.get(&(account, token)).copied().unwrap_or(0)
    }

    /// Why the item has no effect, if it has none, and what it pays out.
    pub fn item(&mut self, item: &QueueItem) -> (Option<NoOp>, Option<Paid>) {
        let no_op = match item.kind {
            1 => self.credit(item),
            2 => self.create(item),
            3 => return self.force(item),
            _ => Some(NoOp::UnknownKind),
        };
        (no_op, no_op.map(|_| (item.token.0, item.amount.0, item.l1)))
    }

    fn credit(&mut self, item: &QueueItem) -> Option<NoOp> {
        let (account, token) = (item.account.0, item.token.0);
        if !self.accounts.contains_key(&account) {
            return Some(NoOp::NoAccount);
        }
        match self.balance(account, token).checked_add(item.amount.0) {
            None => Some(NoOp::Overflow),
            Some(sum) => {
                self.balances.insert((account, token), sum);
                None
            }
        }
    }

    fn create(&mut self, item: &QueueItem) -> Option<NoOp> {
        if self.next == u32::MAX {
            return Some(NoOp::NoNumber);
        }
        let account = Account { key: key_of(&item.key), owner: item.l1, sequence: 0, next_epoch: 0 };
        self.accounts.insert(self.next, account);
        self.balances.insert((self.next, item.token.0), item.amount.0);
        self.next += 1;
        None
    }

    fn force(&mut self, item: &QueueItem) -> (Option<NoOp>, Option<Paid>) {
        let (account, token) = (item.account.0, item.token.0);
        match self.accounts.get(&account) {
            None => (Some(NoOp::ForcedNoAccount), None),
            Some(held) if held.owner != item.l1 => (Some(NoOp::NotOwner), None),
            Some(_) => {
                let all = self.balances.insert((account, token), 0).unwrap_or(0);
                (None, Some((token, all, item.l1)))
            }
        }
    }

    /// `None` where the transaction is refused, otherwise what it pays out; `signer` is the key that signed it.
    pub fn transaction(
        &mut self,
        batch: u32,
        operator: u32,
        t: &Transaction,
        signer: &Digest,
    ) -> Option<Option<Paid>> {
        let sender = self.accounts.get(&t.from.0)?;
        let rotates = matches!(t.action, Action::Rotate { .. });
        let last = LAST_EPOCH - u32::from(!rotates);
        let in_order = t.sequence.0 == sender.sequence && (sender.next_epoch..=last).contains(&t.epoch.0);
        let fits = t.chain_id == CHAIN && t.protocol_version == 1 && batch <= t.expiry.0;
        (in_order && fits && sender.key == *signer && sender.sequence < u32::MAX).then_some(())?;
        let moved = self.moved(operator, t)?;
        self.balances.extend(moved);
        let sender = self.accounts.get_mut(&t.from.0)?;
        sender.sequence += 1;
        sender.next_epoch = t.epoch.0 + 1;
        if let Action::Rotate { key } = t.action {
            (sender.key, sender.next_epoch) = (key, 0);
        }
        Some(match t.action {
            Action::Withdraw { to, amount } => Some((t.token.0, amount.0, to)),
            _ => None,
        })
    }

    /// The balances that the transaction's payments change, after them.
    fn moved(&self, operator: u32, t: &Transaction) -> Option<BTreeMap<(u32, u16), u128>> {
        let mut changed = BTreeMap::new();
        let mut change = |account: u32, by: &dyn Fn(u128) -> Option<u128>| {
            self.accounts.get(&account)?;
            let at = (account, t.token.0);
            let held = changed.get(&at).copied().unwrap_or_else(|| self.balance(account, t.token.0));
            changed.insert(at, by(held)?);
            Some(())
        };
        let (amount, to) = match t.action {
            Action::Transfer { to, amount } => (amount.0, Some(to.0)),
            Action::Withdraw { amount, .. } => (amount.0, None),
            Action::Rotate { .. } => (0, None),
        };
        let total = amount.checked_add(t.fee.into())?;
        change(t.from.0, &|held| held.checked_sub(total))?;
        if let Some(to) = to {
            change(to, &|held| held.checked_add(amount))?;
        }
        change(operator, &|held| held.checked_add(t.fee.into()))?;
        Some(changed)
    }

    /// The cells of a state like this, in order of address.
    pub fn cells(&self) -> Vec<(CellAddress, Payload)> {
        let counter = CounterCell(AccountId(self.next));
        let mut cells = BTreeMap::from([(CellAddress::COUNTER, counter.payload())]);
        for (n, account) in &self.accounts {
            let own = AccountCell {
                key: account.key,
                sequence: Sequence(account.sequence),
                next_epoch: Epoch(account.next_epoch),
                balance: Amount(self.balance(*n, 0)),
            };
            cells.insert(CellAddress::account(AccountId(*n)), own.payload());
            cells.insert(CellAddress::slot(AccountId(*n), 0), OwnerCell(account.owner).payload());
        }
        for ((account, token), balance) in self.balances.iter().filter(|((_, token), _)| *token != 0) {
            let at = CellAddress::slot(AccountId(*account), *token);
            cells.insert(at, BalanceCell(Amount(*balance)).payload());
        }
        cells.into_iter().collect()
    }
}

/// The key that 32 bytes name.
fn key_of(bytes: &KeyBytes) -> Digest {
    let word = |i: usize| u32::from_le_bytes(core::array::from_fn(|j| bytes.0[4 * i + j]));
    Digest(core::array::from_fn(|i| fe(word(i) % P)))
}

/// A sum of amounts, which may pass `2^128`: high and low part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wide(u64, u128);

impl Wide {
    pub fn add(&mut self, amount: u128) {
        let (low, carry) = self.1.overflowing_add(amount);
        *self = Self(self.0 + u64::from(carry), low);
    }

    pub fn plus(mut self, other: Self) -> Self {
        self.add(other.1);
        Self(self.0 + other.0, self.1)
    }

    /// Whether it passes `2^128`.
    pub const fn is_wide(&self) -> bool {
        self.0 > 0
    }
}
