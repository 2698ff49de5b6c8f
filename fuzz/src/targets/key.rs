//! Keys: the secret one's file, and the public one as JSON.

use aludel_ledger::keys::{Key, Signer};
use aludel_ledger::xmss::{Derivation, PublicKey, Window};
use aludel_protocol::params::XMSS_LIFETIME;
use aludel_protocol::{ChainId, Epoch};

use crate::world::WORLD;
use crate::{Target, Verdict, round_trip};

/// The family.
pub const TARGETS: &[Target] = &[
    Target { name: "key", run: secret, seeds: secret_seeds },
    Target { name: "public_key_json", run: public, seeds: public_seeds },
];

fn secret_seeds() -> Vec<Vec<u8>> {
    let fresh = |start: u32, log_size: u8| {
        let window = Window::new(Epoch(start), log_size).expect("aligned");
        Key::new(Derivation { seed: [5; 32], chain_id: ChainId(7), counter: 1 }, window)
    };
    let made = [fresh(0, 20), fresh(XMSS_LIFETIME - 1, 0), fresh(6, 1), fresh(1 << 16, 4)];
    made.iter().chain(WORLD.wallets.iter().map(Signer::key)).map(|key| key.encode().to_vec()).collect()
}

/// A key's next epoch lies in its window, or right behind it; a signer of it begins there.
fn secret(data: &[u8]) -> Verdict {
    let decoded = round_trip::binary(data, Key::decode, |key| key.encode().to_vec());
    let Some(key) = decoded else { return Verdict::Refused };
    let (window, next) = (key.window(), key.next_epoch().0);
    assert_eq!(window.size(), window.epochs().len());
    assert!(window.last().0 < XMSS_LIFETIME);
    assert!(window.contains(Epoch(next)) || next == window.last().0 + 1, "{next} of {window:?}");
    if window.log_size() == 0 {
        assert_eq!(Signer::new(key).key().next_epoch(), Epoch(next));
    }
    Verdict::Accepted
}

fn public_seeds() -> Vec<Vec<u8>> {
    let text = |signer: &Signer| serde_json::to_vec(signer.public_key()).expect("string keys");
    WORLD.wallets.iter().map(text).collect()
}

/// The digest that the text gives is that of parameter and root.
fn public(data: &[u8]) -> Verdict {
    let Some(public) = round_trip::json::<PublicKey>(data) else { return Verdict::Refused };
    let text: serde_json::Value = serde_json::from_slice(data).expect("it was read before");
    let key = text["key"].as_str().map(str::to_lowercase);
    assert_eq!(key, Some(public.digest().to_string()));
    Verdict::Accepted
}
