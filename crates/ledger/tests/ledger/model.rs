//! The ledger once more, as maps: no cells, no tree, no accesses.

use std::collections::BTreeMap;

use aludel_protocol::cell::{AccountCell, BalanceCell, CellAddress, CounterCell, OwnerCell};
use aludel_protocol::{
    AccountId, Amount, Deposit, Digest, Epoch, L1Address, Payload, QueueItem, Sequence, Transfer,
};

use crate::stub::CHAIN;

#[derive(Clone, Debug)]
pub struct Account {
    pub key: Digest,
    pub owner: L1Address,
    pub sequence: u32,
    pub next_epoch: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Account `n` is the `n - 1`-th.
    pub accounts: Vec<Account>,
    pub balances: BTreeMap<(u32, u16), u128>,
}

impl Model {
    pub fn account(&self, n: u32) -> Option<&Account> {
        self.accounts.get((n as usize).checked_sub(1)?)
    }

    pub fn balance(&self, account: u32, token: u16) -> u128 {
        self.balances.get(&(account, token)).copied().unwrap_or(0)
    }

    /// `None` where the deposit cannot be credited.
    pub fn deposit(&mut self, item: &QueueItem) -> Option<()> {
        let account = match item.deposit {
            Deposit::ToAccount { account } => account.0,
            Deposit::ToKey { key, l1_owner } => {
                self.accounts.push(Account { key, owner: l1_owner, sequence: 0, next_epoch: 0 });
                self.accounts.len() as u32
            }
        };
        self.account(account)?;
        let sum = self.balance(account, item.token.0).checked_add(item.amount.0)?;
        self.balances.insert((account, item.token.0), sum);
        Some(())
    }

    /// `None` where the transfer is refused; `signer` is the key that made the signature.
    pub fn transfer(&mut self, batch: u32, operator: u32, t: &Transfer, signer: &Digest) -> Option<()> {
        let (from, to, token) = (t.from.0, t.to.0, t.token.0);
        let sender = self.account(from)?;
        let in_order = t.sequence.0 == sender.sequence && sender.next_epoch <= t.epoch.0;
        let fits = t.chain_id == CHAIN && t.protocol_version == 1 && batch <= t.expiry.0;
        let all = in_order && fits && t.epoch.0 < (1 << 20) - 1 && sender.key == *signer;
        (all && self.account(to).is_some() && self.account(operator).is_some()).then_some(())?;
        let mut balances = self.balances.clone();
        let mut move_to = |account: u32, change: &dyn Fn(u128) -> Option<u128>| {
            let balance = balances.entry((account, token)).or_default();
            *balance = change(*balance)?;
            Some(())
        };
        let total = t.amount.0.checked_add(t.fee.into())?;
        move_to(from, &|b| b.checked_sub(total))?;
        move_to(to, &|b| b.checked_add(t.amount.0))?;
        move_to(operator, &|b| b.checked_add(t.fee.into()))?;
        self.balances = balances;
        let sender = &mut self.accounts[from as usize - 1];
        sender.sequence += 1;
        sender.next_epoch = t.epoch.0 + 1;
        Some(())
    }

    /// The cells of a state like this, in order of address.
    pub fn cells(&self) -> Vec<(CellAddress, Payload)> {
        let counter = CounterCell(AccountId(self.accounts.len() as u32 + 1));
        let mut cells = BTreeMap::from([(CellAddress::COUNTER, counter.payload())]);
        for (n, account) in (1..).zip(&self.accounts) {
            let own = AccountCell {
                key: account.key,
                sequence: Sequence(account.sequence),
                next_epoch: Epoch(account.next_epoch),
                balance: Amount(self.balance(n, 0)),
            };
            cells.insert(CellAddress::account(AccountId(n)), own.payload());
            cells.insert(CellAddress::slot(AccountId(n), 0), OwnerCell(account.owner).payload());
        }
        for ((account, token), balance) in self.balances.iter().filter(|((_, token), _)| *token != 0) {
            let at = CellAddress::slot(AccountId(*account), *token);
            cells.insert(at, BalanceCell(Amount(*balance)).payload());
        }
        cells.into_iter().collect()
    }
}
