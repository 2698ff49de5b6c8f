//! Keys: the record of their use, and the public one as JSON.

use aludel_ledger::keys::{Consent, Keystore, OnLoss, Record, Signer, Usage, usage_path};
use aludel_ledger::xmss::{PublicKey, Window};
use aludel_protocol::params::XMSS_LIFETIME;
use aludel_protocol::{AccountId, Action, Epoch, Transaction};
use sha2::{Digest as _, Sha256};

use super::keystore::{create, passphrase};
use crate::world::{WORLD, World};
use crate::{Kind, Target, Verdict, round_trip};

/// The family.
pub const TARGETS: &[Target] = &[
    Target { name: "usage", kind: Kind::Keystore, run: usage, seeds: usage_seeds },
    Target { name: "public_key_json", kind: Kind::Json, run: public, seeds: public_seeds },
];

/// Bytes of the checksum at a record's end.
const CHECKSUM: usize = 32;

/// Where a record has its next counter: behind header and generation.
const COUNTER_AT: usize = 8 + 8;

/// Records of no key, of the wallets as they are used, of keys of every kind; and that last one as it is rebuilt.
fn usage_seeds() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| folder.path().join(name);
    let none = create(&place("none"), &[]);
    let wallets = create(&place("wallets"), &WORLD.wallets);
    let path = place("every");
    let every = every_kind(create(&path, &[]));
    std::fs::remove_file(usage_path(&path)).expect("it was written");
    let rebuilt = Keystore::open(&path, &passphrase(), OnLoss::Rebuild).expect("it can be rebuilt");
    let made = [none.usage(), wallets.usage(), &every, rebuilt.usage()];
    made.map(Usage::encode).to_vec()
}

/// Keys of a large window, at the end of the lifetime, of one account, used, and rotated away.
fn every_kind(mut keystore: Keystore) -> Usage {
    let World { chain, transactions, .. } = &*WORLD;
    let mut add = |start: u32, log_size: u8, account: Option<u32>| {
        let window = Window::new(Epoch(start), log_size).expect("aligned");
        let made = keystore.add(chain.chain_id, window, account.map(AccountId), 1).expect("added");
        made[0].digest()
    };
    let [old, new] = [add(0, 2, None), add(4, 1, Some(1))];
    add(XMSS_LIFETIME - 1, 0, None);
    add(1 << 16, 4, Some(u32::MAX));
    let transfer = Transaction { from: AccountId(1), ..transactions[0].transaction };
    let rotation = Transaction { action: Action::Rotate { key: new }, ..transfer };
    for transaction in [transfer, rotation] {
        let signed = keystore.sign(&old, transaction, &Consent::default()).expect("written");
        signed.expect("epochs are left");
    }
    keystore.usage().clone()
}

/// Half of the inputs get a checksum that fits, so that what was mutated gets past it.
fn usage(data: &[u8]) -> Verdict {
    let mut data = data.to_vec();
    if data.iter().fold(0u8, |sum, byte| sum ^ byte) & 1 == 0 {
        mend_checksum(&mut data);
    }
    let Some(usage) = round_trip::binary(&data, Usage::decode, Usage::encode) else {
        return Verdict::Refused;
    };
    let counter = data[COUNTER_AT..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    for (position, record) in usage.records().iter().enumerate() {
        can_be(record);
        assert!(Some(record.counter()) < counter, "{record:?} has a counter that is given out again");
        assert_eq!(usage.get(record.key()), Some(record));
        for word in [position.to_string(), record.key().to_string()] {
            assert_eq!(usage.select(&word).as_ref(), Ok(&record));
        }
    }
    Verdict::Accepted
}

fn mend_checksum(data: &mut [u8]) {
    if let Some(end) = data.len().checked_sub(CHECKSUM) {
        let checksum = Sha256::digest(&data[..end]);
        data[end..].copy_from_slice(&checksum);
    }
}

/// The next epoch lies in the window, or right behind it, and behind the last that signed.
fn can_be(record: &Record) {
    let window = record.window();
    let end = window.last().0 + 1;
    let next = record.next_epoch().map_or(end, |epoch| epoch.0);
    assert!((window.start().0..=end).contains(&next), "{next} is not of {window:?}");
    assert!(record.last().is_none_or(|last| last.epoch.0 < next), "{record:?} repeats an epoch");
    assert!((record.left() as usize) < window.size(), "{record:?} has more left than there were");
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
