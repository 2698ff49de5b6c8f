//! A usage record that is not the newest one: an error that says what to do, never a silent restart.

use std::fs;

use super::super::usage::usage_path;
use super::*;

fn rebuild(path: &Path) -> Keystore {
    Keystore::open(path, &passphrase(), OnLoss::Rebuild).expect("opened")
}

/// Opening must fail and say how to go on.
fn refused(path: &Path) -> KeystoreError {
    let refused = open(path).expect_err("not the newest");
    let text = refused.to_string();
    assert!(text.contains("k.usage") && text.contains("--skip-to") && text.contains("next_epoch"), "{text}");
    refused
}

/// After a loss each key needs to be told where to go on; then it does so by itself, also when opened again.
fn told_where_to_go_on(path: &Path, keys: &[KeyDigest; 2], least: u32) {
    let mut keystore = rebuild(path);
    assert_eq!(sign(&mut keystore, &keys[0], 7), Err(SignerError::Unknown { least }));
    assert_eq!(keystore.usage().get(&keys[0]).expect("there").next_epoch(), None);
    let signed = keystore.sign(&keys[0], transfer(7), &skip_to(1)).expect("written").expect("left");
    assert_eq!(signed.reservation.epoch.0, 1.max(least));
    drop(keystore);
    let mut keystore = open(path).expect("whole again");
    assert_eq!(sign(&mut keystore, &keys[0], 8), Ok(2));
    assert_eq!(sign(&mut keystore, &keys[1], 0), Err(SignerError::Unknown { least: 0 }));
}

#[test]
fn a_missing_record() {
    let folder = folder();
    let path = folder.path().join("k");
    let (mut keystore, keys) = two_keys(&path);
    sign(&mut keystore, &keys[0], 0).expect("an epoch is left");
    drop(keystore);
    fs::remove_file(usage_path(&path)).expect("removed");
    assert!(matches!(refused(&path), KeystoreError::UsageMissing { .. }));
    told_where_to_go_on(&path, &keys, 0);
}

#[test]
fn a_damaged_record() {
    let folder = folder();
    let path = folder.path().join("k");
    let (keystore, keys) = two_keys(&path);
    drop(keystore);
    let mut bytes = fs::read(usage_path(&path)).expect("there");
    bytes[40] ^= 1;
    fs::write(usage_path(&path), &bytes).expect("written");
    assert!(matches!(refused(&path), KeystoreError::UsageDamaged { .. }));
    told_where_to_go_on(&path, &keys, 0);
    assert_eq!(fs::read(path.with_file_name("k.usage.damaged")).expect("kept"), bytes);
}

#[test]
fn a_record_from_before_the_keystore() {
    let folder = folder();
    let path = folder.path().join("k");
    let (mut keystore, keys) = two_keys(&path);
    sign(&mut keystore, &keys[0], 0).expect("an epoch is left");
    let old = fs::read(usage_path(&path)).expect("there");
    sign(&mut keystore, &keys[0], 1).expect("an epoch is left");
    let order =
        Order { purpose: Purpose::Rotation { to: keys[0] }, from: AccountId(4), ..Order::from(&transfer(0)) };
    // A rotation that is refused writes nothing; one that is granted writes the keystore.
    let granted = keystore.reserve(&[(keys[1], order)], &Consent::default()).expect("written");
    assert!(granted[0].is_err());
    let third = keystore.add(CHAIN, window(0, 0), None, 1).expect("added")[0].digest();
    let granted = Order { purpose: Purpose::Rotation { to: third }, ..order };
    keystore.reserve(&[(keys[1], granted)], &Consent::default()).expect("written")[0].expect("granted");
    drop(keystore);
    fs::write(usage_path(&path), old).expect("written");
    let lacking = refused(&path);
    assert!(matches!(lacking, KeystoreError::UsageForeign { key, .. } if key == third), "{lacking}");
    // What the record knew stays, and what the keystore knew: a key that was rotated away stays so.
    let mut keystore = rebuild(&path);
    let again = keystore.sign(&keys[0], transfer(1), &skip_to(0)).expect("written").expect("left");
    assert_eq!(again.reservation.epoch, Epoch(1));
    let away = keystore.sign(&keys[1], Transaction { from: AccountId(4), ..transfer(9) }, &skip_to(2));
    assert_eq!(away.expect("written"), Err(SignerError::Rotated { to: third }));
}

#[test]
fn an_older_record_with_the_same_keys() {
    let folder = folder();
    let path = folder.path().join("k");
    let mut keystore = create(&path, &[]);
    let keys = keystore.add(CHAIN, window(0, 2), None, 3).expect("added");
    let keys = [0, 1, 2].map(|i| keys[i].digest());
    let old = fs::read(usage_path(&path)).expect("there");
    let rotation = Order { purpose: Purpose::Rotation { to: keys[1] }, ..Order::from(&transfer(0)) };
    keystore.reserve(&[(keys[0], rotation)], &Consent::default()).expect("written")[0].expect("granted");
    drop(keystore);
    fs::write(usage_path(&path), old).expect("written");
    let older = refused(&path);
    assert!(matches!(older, KeystoreError::UsageOlder { expected: 3, found: 2, .. }), "{older}");
    let mut keystore = rebuild(&path);
    let away = keystore.sign(&keys[0], transfer(1), &skip_to(2)).expect("nothing to write");
    assert_eq!(away, Err(SignerError::Rotated { to: keys[1] }));
    // Not known to be unused, so nobody rotates to it.
    let to_third = Order { purpose: Purpose::Rotation { to: keys[2] }, ..Order::from(&transfer(2)) };
    let refused = keystore.reserve(&[(keys[1], to_third)], &skip_to(0)).expect("nothing to write");
    assert!(matches!(refused[0], Err(SignerError::Successor { .. })), "{refused:?}");
}

#[test]
fn another_keystores_record() {
    let folder = folder();
    let (path, other) = (folder.path().join("k"), folder.path().join("other"));
    let (_, keys) = two_keys(&path);
    let mut keystore = create(&other, &[Signer::new(derivation(7), window(0, 2))]);
    let key = *keystore.usage().records()[0].key();
    sign(&mut keystore, &key, 0).expect("an epoch is left");
    fs::copy(usage_path(&other), usage_path(&path)).expect("copied");
    assert!(matches!(refused(&path), KeystoreError::UsageForeign { key, .. } if key == keys[0]));
    told_where_to_go_on(&path, &keys, 0);
    // What it said of other keys is still there.
    let keystore = open(&path).expect("whole again");
    assert_eq!(keystore.usage().get(&key).expect("kept").next_epoch(), Some(Epoch(1)));
}

/// The record is gone, and the keystore is a copy from before the last key was made: the key that is made next is not that
/// one, which has signed at epochs that nobody remembers.
#[test]
fn keys_made_after_a_loss_are_others() {
    let folder = folder();
    let path = folder.path().join("k");
    let (mut keystore, keys) = two_keys(&path);
    let copy = fs::read(&path).expect("there");
    let later = keystore.add(CHAIN, window(0, 2), None, 1).expect("added")[0].digest();
    sign(&mut keystore, &later, 0).expect("an epoch is left");
    drop(keystore);
    fs::write(&path, copy).expect("written");
    fs::remove_file(usage_path(&path)).expect("removed");
    refused(&path);
    drop(rebuild(&path));
    let mut keystore = open(&path).expect("whole again");
    let made = keystore.add(CHAIN, window(0, 2), None, 1).expect("added")[0].digest();
    assert_ne!(made, later, "a key that has signed");
    assert_eq!(sign(&mut keystore, &made, 0), Ok(0));
    assert_eq!(sign(&mut keystore, &keys[0], 0), Err(SignerError::Unknown { least: 0 }));
    drop(keystore);
    assert_eq!(sign(&mut open(&path).expect("opened"), &made, 1), Ok(1), "its secrets are on the disk");
}

/// Stopped before either file of a rebuilt keystore is written, it is rebuilt again.
#[test]
fn a_rebuilding_that_stops_half_way_is_begun_again() {
    for temporary in [".k.tmp", ".k.usage.tmp"] {
        let folder = folder();
        let path = folder.path().join("k");
        let (keystore, keys) = two_keys(&path);
        drop(keystore);
        fs::remove_file(usage_path(&path)).expect("removed");
        fs::create_dir_all(folder.path().join(temporary).join("full")).expect("made");
        let stopped = Keystore::open(&path, &passphrase(), OnLoss::Rebuild);
        assert!(matches!(stopped, Err(KeystoreError::Io { .. })), "{stopped:?}");
        fs::remove_dir_all(folder.path().join(temporary)).expect("removed");
        refused(&path);
        told_where_to_go_on(&path, &keys, 0);
    }
}

/// A record that somebody wrote who knows the format gives a key no other chain and no other epochs.
#[test]
fn a_false_record_does_not_count() {
    let folder = folder();
    let path = folder.path().join("k");
    let (mut keystore, keys) = two_keys(&path);
    sign(&mut keystore, &keys[0], 0).expect("an epoch is left");
    let mut usage = Usage::new(0);
    for (record, elsewhere) in keystore.usage().records().iter().zip([ChainId(8), CHAIN]) {
        let false_one = Record { chain_id: elsewhere, window: window(0, 4), next_epoch: 9, ..record.clone() };
        usage.insert(false_one).expect("it can be");
    }
    usage.generation = 99;
    drop(keystore);
    fs::write(usage_path(&path), usage.encode()).expect("written");
    refused(&path);
    let mut keystore = rebuild(&path);
    let elsewhere = Transaction { chain_id: ChainId(8), ..transfer(1) };
    let answer = keystore.sign(&keys[0], elsewhere, &skip_to(2)).expect("nothing to write");
    assert_eq!(answer, Err(SignerError::Chain { expected: CHAIN, found: ChainId(8) }));
    assert_eq!(keystore.sign(&keys[0], transfer(1), &skip_to(2)).expect("written").map(|_| ()), Ok(()));
    let beyond = keystore.sign(&keys[1], transfer(1), &skip_to(9)).expect("nothing to write");
    assert_eq!(beyond, Err(SignerError::Beyond { asked: 9, next: 0, last: 3 }));
    drop(keystore);
    drop(open(&path).expect("whole again"));
}

/// The keystore is a copy from before a key was made, the record is the newest: that key is named as what is missing.
#[test]
fn an_older_keystore_beside_the_newest_record() {
    let folder = folder();
    let path = folder.path().join("k");
    let (mut keystore, keys) = two_keys(&path);
    let copy = fs::read(&path).expect("there");
    let key = keystore.add(CHAIN, window(0, 2), None, 1).expect("added")[0].digest();
    sign(&mut keystore, &keys[0], 0).expect("an epoch is left");
    drop(keystore);
    fs::write(&path, copy).expect("written");
    let mut keystore = open(&path).expect("its own keys are all in the record");
    assert_eq!(sign(&mut keystore, &keys[0], 1), Ok(1), "where the record is");
    let refused = sign(&mut keystore, &key, 0).expect_err("no secrets");
    assert_eq!(refused, SignerError::NoSecrets { key });
    assert!(refused.to_string().contains("restore the newest keystore"), "{refused}");
    assert_eq!(keystore.usage().get(&key).expect("there").next_epoch(), Some(Epoch(0)), "nothing was spent");
}

#[test]
fn a_keystore_that_others_made() {
    let folder = folder();
    let path = folder.path().join("k");
    let new = NewKeys { seed: Zeroizing::new([3; 32]), counter: 0, work: Work(21), signers: Vec::new() };
    // Twice the memory of `Work::MOST` is not asked for here: the header alone says so.
    let mut bytes = super::super::contents::Contents {
        generation: 1,
        work: Work::LEAST,
        seed: Box::new(new.seed),
        next_counter: 0,
        entries: Vec::new(),
    }
    .encode(&passphrase())
    .expect("encrypted");
    // `-> scrypt SALT WORK`: the salt is random, and may begin as the work factor does.
    let line = bytes.windows(10).position(|w| w == b"-> scrypt ").expect("its recipient");
    let end = line + bytes[line..].iter().position(|&b| b == b'\n').expect("a line");
    let at = bytes[..end].iter().rposition(|&b| b == b' ').expect("the work factor") + 1;
    bytes.splice(at..end, *b"21");
    drop(create(&path, &[]));
    fs::write(&path, bytes).expect("written");
    let refused = open(&path).expect_err("too much work");
    assert!(matches!(refused, KeystoreError::Work { required: 21, most: 20 }), "{refused}");
}

/// What a keystore says of the work for its next writing is whatever the one who made it wrote.
#[test]
fn a_keystore_that_asks_for_no_work_is_written_with_the_least() {
    let folder = folder();
    let path = folder.path().join("k");
    drop(create(&path, &[]));
    // Generation, work, next counter; seed; no keys.
    let plain = [&1_u64.to_le_bytes()[..], &[0], &[0; 8], &[3; 32], &[0; 4]].concat();
    let sealed = super::super::sealed::seal(&plain, &passphrase(), Work::LEAST).expect("encrypted");
    let header = aludel_protocol::codec::header(aludel_protocol::codec::Kind::Keystore);
    fs::write(&path, [&header[..], &sealed].concat()).expect("written");
    let mut keystore = open(&path).expect("opened");
    drop(keystore.add(CHAIN, window(0, 0), None, 1).expect("added"));
    drop(keystore);
    assert_eq!(open(&path).expect("opened").usage().records().len(), 1);
}
