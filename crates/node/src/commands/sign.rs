//! `aludel sign`: a transaction as JSON in, a signed one out.

use aludel_ledger::keys::{Signer, SignerError};
use aludel_protocol::codec::{self, Kind as File};
use aludel_protocol::records::transaction_version;
use aludel_protocol::{AccountId, Action, BatchNumber, ChainId, Epoch, Fee, Sequence, TokenId, Transaction};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::cli::Sign;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::{Folder, Place, write_whole};
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

/// Runs the command. The advanced key is on disk before the signature is anywhere.
pub fn run(args: &Sign) -> Result<(), Failure> {
    let order: Order = formats::json(&args.input, &args.input.read()?)?;
    args.output.check_writable()?;
    // A link would be replaced by the advanced key, and what it points at would sign at the old epoch again.
    let path = std::fs::canonicalize(&args.key).or_fail(Kind::Usage, args.key.display())?;
    // Two runs at once would sign at one epoch and give the one-time key away.
    let _alone = Folder::of(&path).lock()?;
    let place = Place::File(path.clone());
    let key = formats::key(&place, &Zeroizing::new(place.read()?))?;
    let chain_id = args.chain_id.map_or(key.derivation().chain_id, ChainId);
    let mut signer = Signer::new(key);
    let signed = signer
        .sign(transaction(order, chain_id))
        .map_err(|e| Failure::new(kind(&e), format!("{place}: {e}")))?;
    write_whole(&path, &signer.key().encode(), 0o600)?;
    args.output.write(&codec::encode(File::Transaction, &signed))
}

fn transaction(order: Order, chain_id: ChainId) -> Transaction {
    let Order { from, token, fee, sequence, expiry, action } = order;
    let protocol_version = transaction_version();
    Transaction { chain_id, protocol_version, from, token, fee, sequence, epoch: Epoch(0), expiry, action }
}

const fn kind(error: &SignerError) -> Kind {
    match error {
        SignerError::Chain { .. } => Kind::NotAccepted,
        SignerError::LastEpoch { .. } | SignerError::Used { .. } => Kind::Usage,
        SignerError::Scheme(_) => Kind::Bug,
    }
}
