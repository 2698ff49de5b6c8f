//! The accesses of one entry, before they are written.

use aludel_protocol::cell::{Access, Accesses, AccountCell, BalanceCell, CellAddress, Payload};
use aludel_protocol::ids::{AccountId, Amount, TokenId};

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

    /// An account that must exist.
    pub fn account(&self, role: Role, account: AccountId) -> Result<AccountCell, ExecuteError> {
        let at = CellAddress::account(account);
        let cell = AccountCell::read(&self.read(&at)?).map_err(|error| Fault::Payload { at, error })?;
        Ok(cell.ok_or(Refusal::NoAccount { role, account })?)
    }

    /// Accesses an account that must exist; its native balance changes if that is the token.
    pub fn change_account(
        &mut self,
        (position, role, account): (usize, Role, AccountId),
        token: TokenId,
        change: &Change<'_>,
    ) -> Result<(), ExecuteError> {
        let mut cell = self.account(role, account)?;
        if is_native(token) {
            cell.balance = change(cell.balance)?;
        }
        Ok(self.write(position, CellAddress::account(account), cell.payload())?)
    }

    /// Accesses an account's balance of the token, unless that is native and lies in the account's own cell.
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
        Ok(self.write(position + at::TOKEN, at, BalanceCell(change(old.0)?).payload())?)
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
