//! `aludel inspect`: what is in a file of ours, by its header. Nothing is verified, and no secret is shown.

use aludel_ledger::json::{ChainView, SealedBatchView, SignedTransactionView};
use aludel_ledger::keys::Signer;
use aludel_protocol::SignedTransaction;
use aludel_protocol::codec::{self, Kind as File};
use aludel_verifier::format::{self, PREFIX_BYTES};
use aludel_verifier::{ShardKey, VerifyError};
use serde::Serialize;
use serde_json::{Value, json};

use super::keygen::public_part;
use crate::cli::Inspect;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::Place;
use crate::{formats, render};

/// Runs the command.
pub fn run(args: &Inspect) -> Result<(), Failure> {
    let (place, bytes) = (&args.file, args.file.read()?);
    let kind = codec::kind_of(&bytes).or_fail(Kind::Undecodable, place)?;
    let body = content(kind, place, &bytes)?;
    let mut shown = json!({ "kind": kind.name(), "version": kind.version(), "bytes": bytes.len() });
    if let (Value::Object(all), Value::Object(fields)) = (&mut shown, body) {
        all.extend(fields);
    }
    render::print(&shown, args.json)
}

fn content(kind: File, place: &Place, bytes: &[u8]) -> Result<Value, Failure> {
    match kind {
        File::Transaction => value(&transaction(&formats::transaction(place, bytes)?)),
        File::Batch => value(&SealedBatchView::from(&formats::batch(place, bytes)?)),
        File::Queue => value(&formats::queue(place, bytes)?),
        File::Statement => {
            let statement = formats::statement(place, bytes)?;
            Ok(json!({ "digest": statement.digest(), "statement": statement }))
        }
        File::ShardProof => proof(place, bytes),
        File::Key => public_part(&Signer::new(formats::key(place, bytes)?)),
        File::Pubdata => value(&formats::pubdata(place, bytes)?),
        File::Claim => value(&formats::claim(place, bytes)?),
        File::State => value(&ChainView::from(&formats::state(place, bytes)?)),
    }
}

fn value(shown: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(shown).or_fail(Kind::Bug, "JSON")
}

fn transaction(signed: &SignedTransaction) -> SignedTransactionView {
    signed.into()
}

/// Decodes the whole proof, against the key of its shape, without verifying it.
fn proof(place: &Place, bytes: &[u8]) -> Result<Value, Failure> {
    let undecodable = |e: VerifyError| Failure::new(Kind::Undecodable, format!("{place}: {e}"));
    let (claim, rest) = format::claim(bytes).map_err(undecodable)?;
    let key = ShardKey::pinned(claim.shape).or_fail(Kind::Bug, "keys")?;
    format::proof(key, rest).map_err(undecodable)?;
    Ok(json!({
        "verified": "no: use `aludel verify`",
        "shape": claim.shape.name(),
        "key": key.digest(),
        "statement_digest": claim.statement.digest(),
        "statement": claim.statement,
        "sizes": { "prefix": PREFIX_BYTES, "proof": rest.len(), "limit": key.layout().limit() },
    }))
}
