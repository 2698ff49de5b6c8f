//! `aludel inspect`: what is in a file of ours, by its header. Nothing is verified, and no secret is shown.

use std::fs;
use std::path::Path;

use aludel_ledger::json::{ChainView, SealedBatchView, SignedTransactionView};
use aludel_ledger::store::{self, DiskStore, Options};
use aludel_protocol::SignedTransaction;
use aludel_protocol::codec::{self, Kind as File};
use aludel_verifier::format::{self, Claim, prefix_bytes};
use aludel_verifier::keys::FoldedKey;
use aludel_verifier::{Key, Role, ShardKey, VerifyError};
use serde::Serialize;
use serde_json::{Value, json};

use super::keys;
use crate::cli::Inspect;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::{Folder, Place};
use crate::{formats, render};

/// Runs the command.
pub fn run(args: &Inspect) -> Result<(), Failure> {
    if let Place::File(path) = &args.file
        && DiskStore::is_store(path)
    {
        return render::print(&state(path)?, args.json);
    }
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
        File::ShardProof | File::FoldedProof => proof(place, bytes),
        File::Keystore => {
            // Version first; the rest is encrypted.
            codec::body(kind, bytes).or_fail(Kind::Undecodable, place)?;
            Ok(json!({ "encrypted": "yes: `aludel keys` lists its keys" }))
        }
        File::KeyUsage => Ok(keys::listed(&formats::usage(place, bytes)?)),
        File::Pubdata => value(&formats::pubdata(place, bytes)?),
        File::Claim => value(&formats::claim(place, bytes)?),
    }
}

/// A state, which no other process may have open.
fn state(path: &Path) -> Result<Value, Failure> {
    let bytes = fs::metadata(path).or_fail(Kind::Usage, path.display())?.len();
    let _alone = Folder::of(path).lock()?;
    let view = ChainView::of(&DiskStore::open(path, Options::default())?)?;
    let mut shown = json!({ "kind": "state", "version": store::FORMAT, "bytes": bytes });
    if let (Value::Object(all), Value::Object(fields)) = (&mut shown, value(&view)?) {
        all.extend(fields);
    }
    Ok(shown)
}

fn value(shown: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(shown).or_fail(Kind::Bug, "JSON")
}

fn transaction(signed: &SignedTransaction) -> SignedTransactionView {
    signed.into()
}

/// Decodes the whole proof, against the key of its role, without verifying it.
fn proof(place: &Place, bytes: &[u8]) -> Result<Value, Failure> {
    let (claim, rest) = format::claim(bytes).map_err(|e| undecodable(place, &e))?;
    match claim.role {
        Role::Shard(shape) => under(ShardKey::pinned(shape).or_fail(Kind::Bug, "keys")?, place, &claim, rest),
        role => under(FoldedKey::pinned(role).or_fail(Kind::Bug, "keys")?, place, &claim, rest),
    }
}

fn under<A>(key: &Key<A>, place: &Place, claim: &Claim, rest: &[u8]) -> Result<Value, Failure> {
    format::proof(key, rest).map_err(|e| undecodable(place, &e))?;
    let sizes =
        json!({ "prefix": prefix_bytes(claim.role), "proof": rest.len(), "limit": key.layout().limit() });
    let mut shown = json!({ "verified": "no: use `aludel verify`", "role": claim.role.name() });
    if let Some(shape) = claim.role.shape() {
        shown["shape"] = shape.name().into();
    }
    shown["key"] = key.digest().to_string().into();
    shown["statement_digest"] = claim.statement.digest().to_string().into();
    shown["statement"] = value(&claim.statement)?;
    shown["sizes"] = sizes;
    Ok(shown)
}

fn undecodable(place: &Place, error: &VerifyError) -> Failure {
    Failure::new(Kind::Undecodable, format!("{place}: {error}"))
}
