//! `aludel keygen`: secret keys into a keystore, their public parts on standard output.

use aludel_ledger::keys::{Keystore, NewKeys, OnLoss, Passphrase, Record, Signer, Work};
use aludel_ledger::xmss::{Derivation, PublicKey, Window};
use aludel_protocol::{AccountId, ChainId, Epoch};
use rand::TryRng;
use rand::rngs::SysRng;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::keys::{keystore_failure, passphrase};
use crate::cli::Keygen;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::Place;
use crate::render;

/// Runs the command.
pub fn run(args: &Keygen) -> Result<(), Failure> {
    let window = Window::new(Epoch(0), args.window).or_fail(Kind::Usage, "--window")?;
    let passphrase = passphrase(&args.passphrase)?;
    let exists = args.keystore.try_exists().or_fail(Kind::Usage, args.keystore.display())?;
    let (keystore, public) = match exists {
        true => add(args, &passphrase, window)?,
        false => create(args, &passphrase, window)?,
    };
    let keys: Vec<_> = public.iter().map(|key| public_part(&keystore, key)).collect::<Result<_, _>>()?;
    render::print(&json!({ "keystore": args.keystore.display().to_string(), "keys": keys }), true)
}

/// Adds keys to a keystore; they derive from its own seed, with counters that were never used.
fn add(
    args: &Keygen,
    passphrase: &Passphrase,
    window: Window,
) -> Result<(Keystore, Vec<PublicKey>), Failure> {
    if args.seed_file.is_some() {
        let reason = format!(
            "{}: exists and has its seed; leave out --seed-file, or name another file",
            args.keystore.display()
        );
        return Err(Failure::new(Kind::Usage, reason));
    }
    let fail = keystore_failure(&args.keystore);
    let mut keystore = Keystore::open(&args.keystore, passphrase, OnLoss::Refuse).map_err(&fail)?;
    let account = args.account.map(AccountId);
    let public = keystore.add(ChainId(args.chain_id), window, account, args.count).map_err(&fail)?;
    Ok((keystore, public))
}

/// Makes a keystore with its first keys.
fn create(
    args: &Keygen,
    passphrase: &Passphrase,
    window: Window,
) -> Result<(Keystore, Vec<PublicKey>), Failure> {
    let seed = match &args.seed_file {
        Some(place) => read_seed(place)?,
        None => fresh_seed()?,
    };
    let first = args.counter.unwrap_or(0);
    let last = first.checked_add(args.count.into()).ok_or_else(|| {
        Failure::new(Kind::Usage, format!("--counter: fewer than {} numbers follow {first}", args.count))
    })?;
    let derive = |counter| Derivation { seed: *seed, chain_id: ChainId(args.chain_id), counter };
    let mut signers = Signer::generate_many((first..last).map(derive).collect(), window);
    if let Some(account) = args.account {
        signers = signers.into_iter().map(|signer| signer.of_account(AccountId(account))).collect();
    }
    let public = signers.iter().map(|signer| *signer.public_key()).collect();
    let new = NewKeys { seed, counter: first, work: Work::STANDARD, signers: signers.iter().collect() };
    let keystore =
        Keystore::create(&args.keystore, passphrase, new).map_err(keystore_failure(&args.keystore))?;
    Ok((keystore, public))
}

/// What everyone may know of a key.
fn public_part(keystore: &Keystore, public: &PublicKey) -> Result<Value, Failure> {
    let mut shown = serde_json::to_value(public).or_fail(Kind::Bug, "JSON")?;
    let record = keystore.usage().get(&public.digest());
    let more = record.map_or(Value::Null, use_of);
    if let (Value::Object(all), Value::Object(more)) = (&mut shown, more) {
        all.extend(more);
    }
    Ok(shown)
}

/// How far a key is used.
pub fn use_of(record: &Record) -> Value {
    json!({
        "chain_id": record.chain_id(),
        "account": record.account(),
        "counter": record.counter(),
        "next_epoch": record.next_epoch(),
        // The last epoch of a window is kept for a rotation.
        "signatures_left": record.left(),
    })
}

fn fresh_seed() -> Result<Zeroizing<[u8; 32]>, Failure> {
    let mut seed = Zeroizing::new([0; 32]);
    SysRng.try_fill_bytes(seed.as_mut()).or_fail(Kind::Usage, "random numbers of the operating system")?;
    Ok(seed)
}

fn read_seed(place: &Place) -> Result<Zeroizing<[u8; 32]>, Failure> {
    place.check_private("this seed")?;
    let text = Zeroizing::new(place.read_text()?);
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_end(), seed.as_mut()).map_err(|e| {
        let reason = format!("{place}: a seed is 64 hex digits, which is 32 bytes: {e}");
        Failure::new(Kind::Undecodable, reason)
    })?;
    Ok(seed)
}
