//! An item of the L1 queue: a deposit or a forced withdrawal. Any bytes have an outcome, and of the reasons for
//! having no effect the first that applies is the outcome.

use aludel_protocol::cell::{AccountCell, BalanceCell, CellAddress, CounterCell, OwnerCell};
use aludel_protocol::ids::{AccountId, Amount, Epoch, L1Address, Sequence};
use aludel_protocol::records::{KeyDigest, NoOp, QueueItem, Request};

use super::draft::{Draft, at, is_native};
use super::{Cells, Executed, Fault, Payout};

/// What the item pays out where it takes effect, or why it does not.
type Outcome = Result<Option<Payout>, NoOp>;

pub(super) fn draft<C: Cells>(cells: &C, item: &QueueItem) -> Result<Executed, Fault> {
    let mut draft = Draft::new(cells);
    let outcome = match item.request() {
        Request::ToAccount { account } => to_account(&mut draft, item, account)?,
        Request::ToKey { key, l1_owner } => to_key(&mut draft, item, key, l1_owner)?,
        Request::Forced { account } => forced(&mut draft, item, account)?,
        Request::Unknown => Err(NoOp::UnknownKind),
    };
    let accesses = draft.finish();
    Ok(match outcome {
        Ok(payout) => Executed { accesses, no_op: None, payout },
        Err(no_op) => Executed { accesses, no_op: Some(no_op), payout: refund(item, no_op) },
    })
}

fn refund(item: &QueueItem, no_op: NoOp) -> Option<Payout> {
    let QueueItem { token, amount, l1: to, .. } = *item;
    no_op.refunds().then_some(Payout { token, amount, to })
}

/// Access 1, and 4 where the account exists and the token is not native.
fn to_account<C: Cells>(
    draft: &mut Draft<'_, C>,
    item: &QueueItem,
    account: AccountId,
) -> Result<Outcome, Fault> {
    let Some(cell) = draft.find_account(account)? else {
        draft.touch(at::RECIPIENT, CellAddress::account(account))?;
        return Ok(Err(NoOp::NoAccount));
    };
    let old = draft.balance(account, &cell, item.token)?;
    let sum = old.0.checked_add(item.amount.0).map(Amount);
    draft.set_account((at::RECIPIENT, account), cell, item.token, sum.unwrap_or(old))?;
    draft.set_token((at::RECIPIENT, account), item.token, sum.unwrap_or(old))?;
    Ok(sum.map(|_| None).ok_or(NoOp::Overflow))
}

/// Access 0; where a number is left 1 and 2, and 4 where the token is not native.
fn to_key<C: Cells>(
    draft: &mut Draft<'_, C>,
    item: &QueueItem,
    key: KeyDigest,
    l1_owner: L1Address,
) -> Result<Outcome, Fault> {
    let Some(account) = take_number(draft)? else {
        return Ok(Err(NoOp::NoNumber));
    };
    let balance = if is_native(item.token) { item.amount } else { Amount(0) };
    let cell = AccountCell { key, sequence: Sequence(0), next_epoch: Epoch(0), balance };
    draft.create(at::RECIPIENT, CellAddress::account(account), cell.payload())?;
    draft.create(at::OWNER, CellAddress::slot(account, 0), OwnerCell(l1_owner).payload())?;
    if !is_native(item.token) {
        let at = CellAddress::slot(account, item.token.0);
        draft.create(at::RECIPIENT + at::TOKEN, at, BalanceCell(item.amount).payload())?;
    }
    Ok(Ok(None))
}

/// The number that the next new account gets; the counter moves on, or stays at its end.
fn take_number<C: Cells>(draft: &mut Draft<'_, C>) -> Result<Option<AccountId>, Fault> {
    let at = CellAddress::COUNTER;
    let counter = CounterCell::read(&draft.read(&at)?).map_err(|error| Fault::Payload { at, error })?;
    let next = counter.0.0.checked_add(1).map(AccountId);
    draft.write(at::COUNTER, at, CounterCell(next.unwrap_or(counter.0)).payload())?;
    Ok(next.map(|_| counter.0))
}

/// Access 0; 2 where the account exists; 3 where it pays a token that is not native. Sequence and epoch stay.
fn forced<C: Cells>(
    draft: &mut Draft<'_, C>,
    item: &QueueItem,
    account: AccountId,
) -> Result<Outcome, Fault> {
    let own = CellAddress::account(account);
    let Some(cell) = draft.find_account(account)? else {
        draft.touch(at::SENDER, own)?;
        return Ok(Err(NoOp::ForcedNoAccount));
    };
    let (owner, token) = (draft.owner(account)?, item.token);
    if owner != Some(item.l1) {
        draft.touch(at::SENDER, own)?;
        draft.touch(at::OWNER, CellAddress::slot(account, 0))?;
        return Ok(Err(NoOp::NotOwner));
    }
    let amount = draft.balance(account, &cell, token)?;
    draft.set_account((at::SENDER, account), cell, token, Amount(0))?;
    draft.touch(at::OWNER, CellAddress::slot(account, 0))?;
    draft.set_token((at::SENDER, account), token, Amount(0))?;
    Ok(Ok(Some(Payout { token, amount, to: item.l1 })))
}
