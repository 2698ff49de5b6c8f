//! A transfer: amount from sender to recipient, fee from sender to operator, in one token.

use aludel_protocol::cell::{Accesses, AccountCell, CellAddress};
use aludel_protocol::ids::{Amount, Epoch, Sequence};
use aludel_protocol::params::{SYSTEM_ACCOUNT, XMSS_LIFETIME};
use aludel_protocol::records::{KeyDigest, Transfer, transfer_version};

use super::draft::{Draft, at, credit};
use super::{Cells, Context, ExecuteError, Refusal, Role};

pub(super) fn draft<C: Cells>(
    cells: &C,
    context: &Context,
    transfer: &Transfer,
    authorise: impl FnOnce(&KeyDigest) -> Result<(), String>,
) -> Result<Accesses, ExecuteError> {
    check_envelope(context, transfer)?;
    let mut draft = Draft::new(cells);
    let sender = draft.account(Role::Sender, transfer.from)?;
    advance(&mut draft, transfer, sender)?;
    credit_both(&mut draft, context, transfer)?;
    authorise(&sender.key).map_err(|problem| {
        let (account, epoch) = (transfer.from, transfer.epoch);
        Refusal::Signature { account, epoch, problem }
    })?;
    Ok(draft.finish())
}

/// What the transfer says by itself.
fn check_envelope(context: &Context, t: &Transfer) -> Result<(), Refusal> {
    if t.chain_id != context.chain_id {
        return Err(Refusal::Chain { expected: context.chain_id, found: t.chain_id });
    }
    if t.protocol_version != transfer_version() {
        return Err(Refusal::Version { expected: transfer_version(), found: t.protocol_version });
    }
    if context.number > t.expiry {
        return Err(Refusal::Expired { expiry: t.expiry, number: context.number });
    }
    if t.from.0 == SYSTEM_ACCOUNT {
        return Err(Refusal::System { account: t.from });
    }
    Ok(())
}

/// Access 0: sequence and epoch move on; the native balance falls, if that is the token.
fn advance<C: Cells>(
    draft: &mut Draft<'_, C>,
    t: &Transfer,
    sender: AccountCell,
) -> Result<(), ExecuteError> {
    let account = t.from;
    let (sequence, next_epoch) = next_order(t, &sender)?;
    let mut cell = AccountCell { sequence, next_epoch, ..sender };
    if super::draft::is_native(t.token) {
        cell.balance = debit(t)?(sender.balance)?;
    }
    Ok(draft.write(at::SENDER, CellAddress::account(account), cell.payload())?)
}

/// Sequence and next epoch of the sender after the transfer.
fn next_order(t: &Transfer, sender: &AccountCell) -> Result<(Sequence, Epoch), Refusal> {
    let account = t.from;
    if t.sequence != sender.sequence {
        return Err(Refusal::Sequence { account, expected: sender.sequence, found: t.sequence });
    }
    if t.epoch < sender.next_epoch {
        return Err(Refusal::UsedEpoch { account, expected: sender.next_epoch, found: t.epoch });
    }
    let limit = Epoch(XMSS_LIFETIME - 1);
    if t.epoch >= limit {
        return Err(Refusal::LateEpoch { account, limit, found: t.epoch });
    }
    let next = t.sequence.0.checked_add(1).map(Sequence);
    let next = next.ok_or(Refusal::LastSequence { account, sequence: t.sequence })?;
    Ok((next, Epoch(t.epoch.0 + 1)))
}

/// Takes amount and fee from a balance.
fn debit(t: &Transfer) -> Result<impl Fn(Amount) -> Result<Amount, Refusal>, Refusal> {
    let (account, token) = (t.from, t.token);
    let total = t.amount.0.checked_add(u128::from(t.fee)).map(Amount);
    let expected = total.ok_or(Refusal::Total { account, amount: t.amount, fee: t.fee })?;
    Ok(move |found: Amount| {
        let rest = found.0.checked_sub(expected.0).map(Amount);
        rest.ok_or(Refusal::Balance { account, token, expected, found })
    })
}

/// Accesses 1 and 2; where the token is not native, 3 to 5, which move it.
fn credit_both<C: Cells>(
    draft: &mut Draft<'_, C>,
    context: &Context,
    t: &Transfer,
) -> Result<(), ExecuteError> {
    let (to, operator) = (t.to, context.operator);
    let amount = credit((Role::Recipient, to), t.token, t.amount);
    let fee = credit((Role::Operator, operator), t.token, Amount(u128::from(t.fee)));
    draft.change_account((at::RECIPIENT, Role::Recipient, to), t.token, &amount)?;
    draft.change_account((at::OPERATOR, Role::Operator, operator), t.token, &fee)?;
    draft.change_token((at::SENDER, t.from), t.token, &debit(t)?)?;
    draft.change_token((at::RECIPIENT, to), t.token, &amount)?;
    draft.change_token((at::OPERATOR, operator), t.token, &fee)
}
