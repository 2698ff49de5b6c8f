//! A deposit: an item of the L1 queue credits an account, or creates one.

use aludel_protocol::cell::{Accesses, AccountCell, CellAddress, CounterCell, OwnerCell};
use aludel_protocol::ids::{AccountId, Amount, Epoch, L1Address, Sequence};
use aludel_protocol::records::{Deposit, KeyDigest, QueueItem};

use super::draft::{Draft, at, credit, is_native};
use super::{Cells, ExecuteError, Fault, Refusal, Role};

pub(super) fn draft<C: Cells>(cells: &C, item: &QueueItem) -> Result<Accesses, ExecuteError> {
    let mut draft = Draft::new(cells);
    match item.deposit {
        Deposit::ToAccount { account } => to_account(&mut draft, item, account)?,
        Deposit::ToKey { key, l1_owner } => to_key(&mut draft, item, key, l1_owner)?,
    }
    Ok(draft.finish())
}

/// Access 1, and 4 where the token is not native.
fn to_account<C: Cells>(
    draft: &mut Draft<'_, C>,
    item: &QueueItem,
    account: AccountId,
) -> Result<(), ExecuteError> {
    let change = credit((Role::Recipient, account), item.token, item.amount);
    draft.change_account((at::RECIPIENT, Role::Recipient, account), item.token, &change)?;
    draft.change_token((at::RECIPIENT, account), item.token, &change)
}

/// Accesses 0, 1 and 2, and 4 where the token is not native.
fn to_key<C: Cells>(
    draft: &mut Draft<'_, C>,
    item: &QueueItem,
    key: KeyDigest,
    l1_owner: L1Address,
) -> Result<(), ExecuteError> {
    let account = take_number(draft)?;
    let balance = if is_native(item.token) { item.amount } else { Amount(0) };
    let cell = AccountCell { key, sequence: Sequence(0), next_epoch: Epoch(0), balance };
    draft.create(at::RECIPIENT, CellAddress::account(account), cell.payload())?;
    draft.create(at::OWNER, CellAddress::slot(account, 0), OwnerCell(l1_owner).payload())?;
    if !is_native(item.token) {
        let balance = aludel_protocol::cell::BalanceCell(item.amount);
        let at = CellAddress::slot(account, item.token.0);
        draft.create(at::RECIPIENT + at::TOKEN, at, balance.payload())?;
    }
    Ok(())
}

/// The number that the next new account gets; the counter moves on.
fn take_number<C: Cells>(draft: &mut Draft<'_, C>) -> Result<AccountId, ExecuteError> {
    let at = CellAddress::COUNTER;
    let counter = CounterCell::read(&draft.read(&at)?).map_err(|error| Fault::Payload { at, error })?;
    let next = counter.0.0.checked_add(1).map(AccountId).ok_or(Refusal::NoNumber { next: counter.0 })?;
    draft.write(at::COUNTER, at, CounterCell(next).payload())?;
    Ok(counter.0)
}
