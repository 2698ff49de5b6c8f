//! The accesses of one entry, before they are written.

use aludel_protocol::cell::{Access, Accesses, AccountCell, BalanceCell, CellAddress, OwnerCell, Payload};
use aludel_protocol::ids::{AccountId, Amount, L1Address, TokenId};

use super::{Cells, ExecuteError, Fault, Refusal, Role};

/// Positions in [`Accesses`].
pub(super) mod at {
    pub const SENDER: usize = 0;
    pub const COUNTER: usize = 0;
    pub const RECIPIENT: usize = 1;
    pub const OPERATOR: usize = 2;
    pub const OWNER: usize = 2;
    /// What to add to an account's position for its balance of a token that is not native.
    pub const TOKEN: usize = 3;
}

/// A change of an account's balance.
pub(super) type Change<'a> = dyn Fn(Amount) -> Result<Amount, Refusal> + 'a;

pub(super) struct Draft<'a, C> {
    cells: &'a C,
    accesses: Accesses,
}

impl<'a, C: Cells> Draft<'a, C> {
    pub const fn new(cells: &'a C) -> Self {
        Self { cells, accesses: [None; 6] }
    }

    pub const fn finish(self) -> Accesses {
        self.accesses
    }

    /// What a cell holds after the accesses so far.
    pub fn read(&self, at: &CellAddress) -> Result<Payload, Fault> {
        let latest = self.accesses.iter().rev().flatten().find(|access| access.at == *at);
        latest.map_or_else(|| Ok(self.cells.get(at)?), |access| Ok(access.new))
    }

    /// Accesses a cell. Positions ascend, as time does.
    pub fn write(&mut self, position: usize, at: CellAddress, new: Payload) -> Result<(), Fault> {
        debug_assert!(self.accesses[position..].iter().all(Option::is_none), "time ascends");
        self.accesses[position] = Some(Access { at, old: self.read(&at)?, new });
        Ok(())
    }

    /// Writes a cell of a new account, which was empty.
    pub fn create(&mut self, position: usize, at: CellAddress, new: Payload) -> Result<(), Fault> {
        match self.read(&at)? == Payload::EMPTY {
            true => self.write(position, at, new),
            false => Err(Fault::Occupied { at }),
        }
    }

    /// Accesses a cell and leaves it as it is.
    pub fn touch(&mut self, position: usize, at: CellAddress) -> Result<(), Fault> {
        let held = self.read(&at)?;
        self.write(position, at, held)
    }

    /// An account, where it exists.
    pub fn find_account(&self, account: AccountId) -> Result<Option<AccountCell>, Fault> {
        let at = CellAddress::account(account);
        AccountCell::read(&self.read(&at)?).map_err(|error| Fault::Payload { at, error })
    }

    /// An account that must exist.
    pub fn account(&self, role: Role, account: AccountId) -> Result<AccountCell, ExecuteError> {
        Ok(self.find_account(account)?.ok_or(Refusal::NoAccount { role, account })?)
    }

    /// Who may force the withdrawals of an account that exists; nobody, where a genesis state gave it no owner.
    pub fn owner(&self, account: AccountId) -> Result<Option<L1Address>, Fault> {
        let at = CellAddress::slot(account, 0);
        let payload = self.read(&at)?;
        if payload == Payload::EMPTY {
            return Ok(None);
        }
        Ok(Some(OwnerCell::read(&payload).map_err(|error| Fault::Payload { at, error })?.0))
    }

    /// What an account, whose own cell is at hand, holds of a token.
    pub fn balance(&self, account: AccountId, own: &AccountCell, token: TokenId) -> Result<Amount, Fault> {
        if is_native(token) {
            return Ok(own.balance);
        }
        let at = CellAddress::slot(account, token.0);
        Ok(BalanceCell::read(&self.read(&at)?).map_err(|error| Fault::Payload { at, error })?.0)
    }

    /// Accesses an account's own cell; its native balance becomes `balance` if that is the token.
    pub fn set_account(
        &mut self,
        (position, account): (usize, AccountId),
        mut own: AccountCell,
        token: TokenId,
        balance: Amount,
    ) -> Result<(), Fault> {
        if is_native(token) {
            own.balance = balance;
        }
        self.write(position, CellAddress::account(account), own.payload())
    }

    /// Accesses an account's balance of the token, unless that is native and lies in the account's own cell.
    pub fn set_token(
        &mut self,
        (position, account): (usize, AccountId),
        token: TokenId,
        balance: Amount,
    ) -> Result<(), Fault> {
        match is_native(token) {
            true => Ok(()),
            false => {
                let at = CellAddress::slot(account, token.0);
                self.write(position + at::TOKEN, at, BalanceCell(balance).payload())
            }
        }
    }

    /// Accesses an account that must exist; its native balance changes if that is the token.
    pub fn change_account(
        &mut self,
        (position, role, account): (usize, Role, AccountId),
        token: TokenId,
        change: &Change<'_>,
    ) -> Result<(), ExecuteError> {
        let cell = self.account(role, account)?;
        let balance = if is_native(token) { change(cell.balance)? } else { cell.balance };
        Ok(self.set_account((position, account), cell, token, balance)?)
    }

    /// Changes an account's balance of the token, unless that is native and lies in the account's own cell.
    pub fn change_token(
        &mut self,
        (position, account): (usize, AccountId),
        token: TokenId,
        change: &Change<'_>,
    ) -> Result<(), ExecuteError> {
        if is_native(token) {
            return Ok(());
        }
        let at = CellAddress::slot(account, token.0);
        let old = BalanceCell::read(&self.read(&at)?).map_err(|error| Fault::Payload { at, error })?;
        Ok(self.set_token((position, account), token, change(old.0)?)?)
    }
}

pub(super) const fn is_native(token: TokenId) -> bool {
    token.0 == aludel_protocol::params::NATIVE_TOKEN
}

/// Adds to a balance; a sum of `2^128` or more is refused.
pub(super) fn credit(
    (role, account): (Role, AccountId),
    token: TokenId,
    credit: Amount,
) -> impl Fn(Amount) -> Result<Amount, Refusal> {
    move |found| {
        let sum = found.0.checked_add(credit.0).map(Amount);
        sum.ok_or(Refusal::Overflow { role, account, token, found, credit })
    }
}
