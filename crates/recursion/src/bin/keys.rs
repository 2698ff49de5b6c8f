//! Rewrites the manifest of keys: `cargo run --release -p aludel-recursion --bin keys`.

use std::error::Error;
use std::fs;

use aludel_recursion::manifest;

fn main() -> Result<(), Box<dyn Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../verifier/keys.json");
    let keys = manifest::derive()?;
    let temporary = format!("{path}.new");
    fs::write(&temporary, serde_json::to_string_pretty(&keys)? + "\n")?;
    fs::rename(&temporary, path)?;
    keys.iter().for_each(|k| println!("{:12} {}", k.role, k.key));
    Ok(())
}
