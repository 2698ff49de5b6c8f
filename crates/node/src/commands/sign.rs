//! `aludel sign`: a transaction as JSON in, a signed one out.

use aludel_ledger::keys::{Consent, Keystore, OnLoss, Record, Signed, SignerError, Usage};
use aludel_protocol::codec::{self, Kind as File};
use aludel_protocol::records::transaction_version;
use aludel_protocol::{AccountId, Action, BatchNumber, ChainId, Epoch, Fee, Sequence, TokenId, Transaction};
use serde::Deserialize;

use super::keys::{keystore_failure, passphrase};
use crate::cli::Sign;
use crate::exit::{Failure, Kind, OrFail};
use crate::formats;

/// The input. Chain and epoch are the key's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    from: AccountId,
    token: TokenId,
    fee: Fee,
    sequence: Sequence,
    expiry: BatchNumber,
    action: Action,
}

/// Runs the command. The epoch is on the disk before the signature is anywhere.
pub fn run(args: &Sign) -> Result<(), Failure> {
    let order: Order = formats::json(&args.input, &args.input.read()?)?;
    args.output.check_writable()?;
    let fail = keystore_failure(&args.keystore);
    // Who says where to go on does not need the record that was lost.
    let on_loss = if args.skip_to.is_some() { OnLoss::Rebuild } else { OnLoss::Refuse };
    let mut keystore =
        Keystore::open(&args.keystore, &passphrase(&args.passphrase)?, on_loss).map_err(&fail)?;
    let record = select(args, keystore.usage(), order.from)?;
    let (key, chain_id) = (*record.key(), args.chain_id.map_or(record.chain_id(), ChainId));
    let consent = Consent { skip_to: args.skip_to.map(Epoch), lower_sequence: args.lower_sequence };
    let signed = keystore.sign(&key, transaction(order, chain_id), &consent).map_err(&fail)?;
    let signed =
        signed.map_err(|e| Failure::new(kind(&e), format!("{}: key {key}: {e}", args.keystore.display())))?;
    args.output.write(&codec::encode(File::Transaction, &signed.transaction))?;
    report(args, &signed);
    Ok(())
}

/// The key that was named, or the one that can be meant: the only one of this account that was not rotated away,
/// or the only one that there is.
fn select<'a>(args: &Sign, usage: &'a Usage, from: AccountId) -> Result<&'a Record, Failure> {
    let place = args.keystore.display();
    if let Some(word) = &args.key {
        return usage.select(word).or_fail(Kind::Usage, format!("{place}: --key"));
    }
    let of_account = |record: &&Record| record.account() == Some(from) && record.rotated_to().is_none();
    if let [record] = usage.records().iter().filter(of_account).collect::<Vec<_>>()[..] {
        return Ok(record);
    }
    match usage.records() {
        [record] => Ok(record),
        records => {
            let count = records.len();
            let reason = format!(
                "{place}: not one of its {count} keys is known to be that of account {from}; say --key, by what `aludel keys` lists"
            );
            Err(Failure::new(Kind::Usage, reason))
        }
    }
}

/// What the owner should know, on standard error.
fn report(args: &Sign, signed: &Signed) {
    let (reservation, transaction) = (&signed.reservation, &signed.transaction.transaction);
    if let Some(epoch) = reservation.replaces {
        let (sequence, new) = (transaction.sequence, reservation.epoch);
        eprintln!(
            "note: replaces what was signed with sequence {sequence} at epoch {epoch}; this one is at epoch {new}, and at most one of them is ever included"
        );
    }
    if reservation.is_running_out() {
        let (left, of, keystore) = (reservation.left, reservation.of, args.keystore.display());
        eprintln!(
            "warning: {left} of this key's {of} signatures are left, beside the one that is kept for a rotation; make a key with `aludel keygen --keystore {keystore}` and rotate account {} to it",
            transaction.from
        );
    }
}

fn transaction(order: Order, chain_id: ChainId) -> Transaction {
    let Order { from, token, fee, sequence, expiry, action } = order;
    let protocol_version = transaction_version();
    Transaction { chain_id, protocol_version, from, token, fee, sequence, epoch: Epoch(0), expiry, action }
}

const fn kind(error: &SignerError) -> Kind {
    match error {
        SignerError::Chain { .. } | SignerError::Account { .. } => Kind::NotAccepted,
        SignerError::Rotated { .. } | SignerError::Successor { .. } | SignerError::Sequence { .. } => {
            Kind::NotAccepted
        }
        SignerError::Unknown { .. }
        | SignerError::LastEpoch { .. }
        | SignerError::UsedUp { .. }
        | SignerError::Beyond { .. }
        | SignerError::NoKey { .. }
        | SignerError::NoSecrets { .. } => Kind::Usage,
        SignerError::Scheme(_) => Kind::Bug,
    }
}
