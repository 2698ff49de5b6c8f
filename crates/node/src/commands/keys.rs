//! `aludel keys`: how far the keys of a keystore are used; and what every command on a keystore needs.

use std::path::Path;

use aludel_ledger::keys::{KeystoreError, Passphrase, PassphraseError, Record, Usage, usage_path};
use serde_json::{Value, json};

use super::keygen::use_of;
use crate::cli::{Keys, PassphraseFrom};
use crate::exit::{Failure, Kind};
use crate::files::Place;
use crate::{formats, render};

/// Runs the command.
pub fn run(args: &Keys) -> Result<(), Failure> {
    // The record lies beside the file, not beside a link to it.
    let path = std::fs::canonicalize(&args.keystore).unwrap_or_else(|_| args.keystore.clone());
    let place = Place::File(usage_path(&path));
    if path.is_file() && !usage_path(&path).exists() {
        return Err(Failure::new(Kind::Usage, KeystoreError::UsageMissing { path: usage_path(&path) }));
    }
    let usage = formats::usage(&place, &place.read()?)?;
    let Value::Object(mut shown) = listed(&usage) else { return Ok(()) };
    if !args.json
        && let Some(Value::Array(keys)) = shown.remove("keys")
    {
        return Place::Stream.write(text(&keys).as_bytes());
    }
    render::print(&shown, args.json)
}

/// Every key with its position.
pub fn listed(usage: &Usage) -> Value {
    let key = |(position, record): (usize, &Record)| {
        let mut shown = json!({ "position": position, "key": record.key(), "window": record.window() });
        if let (Value::Object(all), Value::Object(more)) = (&mut shown, use_of(record)) {
            all.extend(more);
            all.insert("last".to_owned(), json!(record.last()));
            all.insert("rotated_to".to_owned(), json!(record.rotated_to()));
        }
        shown
    };
    json!({ "keys": usage.records().iter().enumerate().map(key).collect::<Vec<_>>() })
}

/// One line a key: people read all of them.
fn text(keys: &[Value]) -> String {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let state = |key: &Value| match (&key["rotated_to"], &key["next_epoch"]) {
        (Value::Null, Value::Null) => "next epoch not known".to_owned(),
        (Value::Null, next) => format!("next epoch {next}, {} signatures left", key["signatures_left"]),
        (to, _) => format!("rotated to {}", word(to)),
    };
    let account = |key: &Value| match &key["account"] {
        Value::Null => "no account yet".to_owned(),
        account => format!("account {account}"),
    };
    let line = |key: &Value| {
        let (position, digest) = (word(&key["position"]), word(&key["key"]));
        format!("{position:>4}  {digest}  chain {}, {}, {}\n", key["chain_id"], account(key), state(key))
    };
    keys.iter().map(line).collect()
}

/// The passphrase, from where the command line says.
pub fn passphrase(from: &PassphraseFrom) -> Result<Passphrase, Failure> {
    let read = match (&from.passphrase_file, from.passphrase_fd) {
        (Some(file), _) => Passphrase::from_file(file),
        (None, Some(number)) => Passphrase::from_descriptor(number),
        (None, None) => return Err(Failure::new(Kind::Usage, "say --passphrase-file or --passphrase-fd")),
    };
    read.map_err(|e| {
        let kind = match e {
            PassphraseError::Text { .. } | PassphraseError::Long { .. } => Kind::Undecodable,
            _ => Kind::Usage,
        };
        Failure::new(kind, e)
    })
}

/// A keystore's error with its exit code, and the file where it does not name one itself.
pub fn keystore_failure(path: &Path) -> impl Fn(KeystoreError) -> Failure {
    use KeystoreError as E;
    move |error| {
        let at = |kind, error| Failure::new(kind, format!("{}: {error}", path.display()));
        match error {
            E::WrongPassphrase | E::Counters => at(Kind::Usage, error),
            E::Decode(_) | E::Work { .. } => at(Kind::Undecodable, error),
            E::Encryption { .. } | E::Key { .. } | E::Keys { .. } => at(Kind::Bug, error),
            E::UsageDamaged { .. } | E::Large { .. } => Failure::new(Kind::Undecodable, error),
            _ => Failure::new(Kind::Usage, error),
        }
    }
}
