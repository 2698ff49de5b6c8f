//! What an account signs: a fee from sender to operator and, in the same token, an amount to another account or to
//! L1; or a new key.

use aludel_protocol::cell::{AccountCell, CellAddress};
use aludel_protocol::ids::{Amount, Epoch, Sequence};
use aludel_protocol::params::{SYSTEM_ACCOUNT, XMSS_LIFETIME};
use aludel_protocol::records::{Action, KeyDigest, Transaction, transaction_version};

use super::draft::{Draft, at, credit, is_native};
use super::{Cells, Context, ExecuteError, Executed, Payout, Refusal, Role};

pub(super) fn draft<C: Cells>(
    cells: &C,
    context: &Context,
    t: &Transaction,
    authorise: impl FnOnce(&KeyDigest) -> Result<(), String>,
) -> Result<Executed, ExecuteError> {
    check_envelope(context, t)?;
    let mut draft = Draft::new(cells);
    let sender = draft.account(Role::Sender, t.from)?;
    advance(&mut draft, t, sender)?;
    pay(&mut draft, context, t)?;
    authorise(&sender.key).map_err(|problem| {
        let (account, epoch) = (t.from, t.epoch);
        Refusal::Signature { account, epoch, problem }
    })?;
    Ok(Executed { accesses: draft.finish(), no_op: None, payout: payout(t) })
}

const fn payout(t: &Transaction) -> Option<Payout> {
    match t.action {
        Action::Withdraw { to, amount } => Some(Payout { token: t.token, amount, to }),
        Action::Transfer { .. } | Action::Rotate { .. } => None,
    }
}

/// What the transaction says by itself.
fn check_envelope(context: &Context, t: &Transaction) -> Result<(), Refusal> {
    if t.chain_id != context.chain_id {
        return Err(Refusal::Chain { expected: context.chain_id, found: t.chain_id });
    }
    if t.protocol_version != transaction_version() {
        return Err(Refusal::Version { expected: transaction_version(), found: t.protocol_version });
    }
    if context.number > t.expiry {
        return Err(Refusal::Expired { expiry: t.expiry, number: context.number });
    }
    if t.from.0 == SYSTEM_ACCOUNT {
        return Err(Refusal::System { account: t.from });
    }
    Ok(())
}

/// Access 0: sequence, epoch and key move on; the native balance falls, if that is the token.
fn advance<C: Cells>(
    draft: &mut Draft<'_, C>,
    t: &Transaction,
    sender: AccountCell,
) -> Result<(), ExecuteError> {
    let sequence = next_sequence(t, &sender)?;
    check_epoch(t, &sender)?;
    let (key, next_epoch) = match t.action {
        Action::Rotate { key } => (key, Epoch(0)),
        Action::Transfer { .. } | Action::Withdraw { .. } => (sender.key, Epoch(t.epoch.0 + 1)),
    };
    let balance = if is_native(t.token) { debit(t)?(sender.balance)? } else { sender.balance };
    let cell = AccountCell { key, sequence, next_epoch, balance };
    Ok(draft.write(at::SENDER, CellAddress::account(t.from), cell.payload())?)
}

/// The sender's sequence after the transaction.
fn next_sequence(t: &Transaction, sender: &AccountCell) -> Result<Sequence, Refusal> {
    let account = t.from;
    if t.sequence != sender.sequence {
        return Err(Refusal::Sequence { account, expected: sender.sequence, found: t.sequence });
    }
    let next = t.sequence.0.checked_add(1).map(Sequence);
    next.ok_or(Refusal::LastSequence { account, sequence: t.sequence })
}

/// The epoch is unused, and the last one rotates.
fn check_epoch(t: &Transaction, sender: &AccountCell) -> Result<(), Refusal> {
    let (account, found) = (t.from, t.epoch);
    if found < sender.next_epoch {
        return Err(Refusal::UsedEpoch { account, expected: sender.next_epoch, found });
    }
    if found.0 >= XMSS_LIFETIME {
        return Err(Refusal::NoEpoch { account, limit: Epoch(XMSS_LIFETIME), found });
    }
    if found.0 == XMSS_LIFETIME - 1 && !t.action.is_rotation() {
        return Err(Refusal::LastEpoch { account, found });
    }
    Ok(())
}

/// Takes amount and fee from a balance.
fn debit(t: &Transaction) -> Result<impl Fn(Amount) -> Result<Amount, Refusal>, Refusal> {
    let (account, token, amount) = (t.from, t.token, t.action.amount());
    let total = amount.0.checked_add(u128::from(t.fee)).map(Amount);
    let expected = total.ok_or(Refusal::Total { account, amount, fee: t.fee })?;
    Ok(move |found: Amount| {
        let rest = found.0.checked_sub(expected.0).map(Amount);
        rest.ok_or(Refusal::Balance { account, token, expected, found })
    })
}

/// Access 1 of a transfer, and 2; where the token is not native, 3 to 5, which move it.
fn pay<C: Cells>(draft: &mut Draft<'_, C>, context: &Context, t: &Transaction) -> Result<(), ExecuteError> {
    let recipient = match t.action {
        Action::Transfer { to, amount } => Some((to, credit((Role::Recipient, to), t.token, amount))),
        Action::Withdraw { .. } | Action::Rotate { .. } => None,
    };
    let operator = context.operator;
    let fee = credit((Role::Operator, operator), t.token, Amount(u128::from(t.fee)));
    if let Some((to, amount)) = &recipient {
        draft.change_account((at::RECIPIENT, Role::Recipient, *to), t.token, amount)?;
    }
    draft.change_account((at::OPERATOR, Role::Operator, operator), t.token, &fee)?;
    draft.change_token((at::SENDER, t.from), t.token, &debit(t)?)?;
    if let Some((to, amount)) = &recipient {
        draft.change_token((at::RECIPIENT, *to), t.token, amount)?;
    }
    draft.change_token((at::OPERATOR, operator), t.token, &fee)
}
