//! `aludel keygen`: a secret key into a file of its own, its public part on standard output.

use aludel_ledger::keys::{Key, Signer};
use aludel_ledger::xmss::{Derivation, Window};
use aludel_protocol::{ChainId, Epoch};
use rand::TryRng;
use rand::rngs::SysRng;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cli::Keygen;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::{Place, write_new};
use crate::render;

/// Runs the command.
pub fn run(args: &Keygen) -> Result<(), Failure> {
    let seed = match &args.seed_file {
        Some(place) => read_seed(place)?,
        None => fresh_seed()?,
    };
    let from = Derivation { seed: *seed, chain_id: ChainId(args.chain_id), counter: args.counter };
    let window = Window::new(Epoch(0), args.window).or_fail(Kind::Usage, "--window")?;
    let signer = Signer::new(Key::new(from, window));
    write_new(&args.output, &signer.key().encode(), 0o600)?;
    let mut public = public_part(&signer)?;
    if let (Some(account), Value::Object(fields)) = (args.account, &mut public) {
        fields.insert("account".to_owned(), account.into());
    }
    render::print(&public, true)
}

/// What everyone may know of a key.
pub fn public_part(signer: &Signer) -> Result<Value, Failure> {
    let key = signer.key();
    let mut public = serde_json::to_value(signer.public_key()).or_fail(Kind::Bug, "JSON")?;
    if let (Value::Object(all), Value::Object(more)) = (
        &mut public,
        json!({
            "chain_id": key.derivation().chain_id,
            "counter": key.derivation().counter,
            "next_epoch": key.next_epoch(),
            // The last epoch of a window is kept for a rotation.
            "signatures_left": key.window().last().0.saturating_sub(key.next_epoch().0),
        }),
    ) {
        all.extend(more);
    }
    Ok(public)
}

fn fresh_seed() -> Result<Zeroizing<[u8; 32]>, Failure> {
    let mut seed = Zeroizing::new([0; 32]);
    SysRng.try_fill_bytes(seed.as_mut()).or_fail(Kind::Usage, "random numbers of the operating system")?;
    Ok(seed)
}

fn read_seed(place: &Place) -> Result<Zeroizing<[u8; 32]>, Failure> {
    let text = Zeroizing::new(place.read_text()?);
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_end(), seed.as_mut()).map_err(|e| {
        let reason = format!("{place}: a seed is 64 hex digits, which is 32 bytes: {e}");
        Failure::new(Kind::Undecodable, reason)
    })?;
    Ok(seed)
}
