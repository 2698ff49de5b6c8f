//! What a lawless ledger does by each kind of entry: what the kind demands, whether it may or not.

use aludel_bench::OPERATOR;
use aludel_circuits::transaction::{Event, ExecutedEntry};
use aludel_protocol::cell::{Accesses, AccountCell, BalanceCell, OwnerCell};
use aludel_protocol::params::NATIVE_TOKEN;
use aludel_protocol::{
    AccountId, Action, Amount, CellAddress, Epoch, F, NoOp, Payload, QueueItem, Sequence, Transaction,
};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use super::lawless::Lawless;
use super::payload::{advance, gain, set_balance, sign_off};

impl Lawless {
    /// Executes, with amounts that wrap and without a glance at signature, sequence, epoch or expiry.
    pub fn transact(&mut self, t: Transaction) -> ExecutedEntry {
        let (amount, fee, native) = (t.action.amount().0, u128::from(t.fee), is_native(t.token.0));
        let gains = [0u128.wrapping_sub(amount).wrapping_sub(fee), amount, fee];
        let recipient = match t.action {
            Action::Transfer { to, .. } => Some(to),
            Action::Withdraw { .. } | Action::Rotate { .. } => None,
        };
        let parties = [Some(t.from), recipient, Some(OPERATOR)].into_iter().enumerate();
        let parties: Vec<_> = parties.filter_map(|(role, party)| Some((role, party?))).collect();
        let mut accesses = [None; 6];
        for &(role, party) in &parties {
            accesses[role] = self.touch(CellAddress::account(party), |p| {
                if role == 0 {
                    sign_off(p, &t);
                }
                if native {
                    gain(p, gains[role]);
                }
            });
        }
        for &(role, party) in parties.iter().filter(|_| !native) {
            accesses[3 + role] = self.touch(CellAddress::slot(party, t.token.0), |p| gain(p, gains[role]));
        }
        ExecutedEntry { event: Event::Transaction(t), accesses, no_op: None }
    }

    /// Has an item of the L1 queue take effect, or none for the reason that is claimed.
    pub fn item(&mut self, item: QueueItem, no_op: Option<NoOp>) -> ExecutedEntry {
        let accesses = match (no_op, item.kind) {
            (Some(reason), _) => self.leave(&item, reason),
            (None, QueueItem::TO_KEY) => self.create(&item),
            (None, QueueItem::FORCED) => self.force(&item),
            (None, _) => self.credit(&item),
        };
        ExecutedEntry { event: Event::Queue(item), accesses, no_op }
    }

    fn credit(&mut self, item: &QueueItem) -> Accesses {
        let (own, balance) = places(item.account, item.token.0);
        let mut accesses = [None; 6];
        accesses[1] = match balance {
            None => self.touch(own, |p| gain(p, item.amount.0)),
            Some(_) => self.touch(own, |_| ()),
        };
        accesses[4] = balance.and_then(|at| self.touch(at, |p| gain(p, item.amount.0)));
        accesses
    }

    fn create(&mut self, item: &QueueItem) -> Accesses {
        let [lo, hi] = [0, 1].map(|i| self.payload(CellAddress::COUNTER).0[i].as_canonical_u32());
        let number = AccountId(hi << 16 | lo);
        let (own, balance) = places(number, item.token.0);
        let native = if balance.is_none() { item.amount } else { Amount(0) };
        let key = item.key.digest();
        let cell = AccountCell { key, sequence: Sequence(0), next_epoch: Epoch(0), balance: native };
        let mut accesses = [None; 6];
        accesses[0] = self.touch(CellAddress::COUNTER, |p| advance(p, 0));
        accesses[1] = self.touch(own, |p| *p = cell.payload());
        accesses[2] = self.touch(CellAddress::slot(number, 0), |p| *p = OwnerCell(item.l1).payload());
        accesses[4] = balance.and_then(|at| self.touch(at, |p| *p = BalanceCell(item.amount).payload()));
        accesses
    }

    fn force(&mut self, item: &QueueItem) -> Accesses {
        let (own, balance) = places(item.account, item.token.0);
        let mut accesses = [None; 6];
        accesses[0] = match balance {
            None => self.touch(own, |p| set_balance(p, 0)),
            Some(_) => self.touch(own, |_| ()),
        };
        accesses[2] = self.touch(CellAddress::slot(item.account, 0), |_| ());
        accesses[3] = balance.and_then(|at| {
            self.touch(at, |p| {
                set_balance(p, 0);
                p.0[Payload::EXISTS] = F::ONE;
            })
        });
        accesses
    }

    /// Reads what shows the reason.
    fn leave(&mut self, item: &QueueItem, reason: NoOp) -> Accesses {
        let (own, balance) = places(item.account, item.token.0);
        let owner = CellAddress::slot(item.account, 0);
        let reads: &[(usize, Option<CellAddress>)] = match reason {
            NoOp::NoAccount => &[(1, Some(own))],
            NoOp::Overflow => &[(1, Some(own)), (4, balance)],
            NoOp::NoNumber => &[(0, Some(CellAddress::COUNTER))],
            NoOp::UnknownKind => &[],
            NoOp::ForcedNoAccount => &[(0, Some(own))],
            NoOp::NotOwner => &[(0, Some(own)), (2, Some(owner))],
        };
        let mut accesses = [None; 6];
        for (role, at) in reads {
            accesses[*role] = at.and_then(|at| self.touch(at, |_| ()));
        }
        accesses
    }
}

const fn is_native(token: u16) -> bool {
    token == NATIVE_TOKEN
}

/// An account's own cell, and that of its balance where the token is not native.
fn places(account: AccountId, token: u16) -> (CellAddress, Option<CellAddress>) {
    let balance = (!is_native(token)).then_some(CellAddress::slot(account, token));
    (CellAddress::account(account), balance)
}
