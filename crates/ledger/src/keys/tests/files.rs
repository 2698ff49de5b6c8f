//! A keystore's files: what stays, what is refused, who may have them.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::super::usage::usage_path;
use super::*;
use crate::xmss::verify;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
}

#[test]
fn a_keystore_goes_on_where_it_was() {
    let folder = folder();
    let path = folder.path().join("k");
    let (mut keystore, keys) = two_keys(&path);
    assert_eq!(sign(&mut keystore, &keys[0], 0), Ok(0));
    assert_eq!(sign(&mut keystore, &keys[1], 0), Ok(0));
    assert_eq!(sign(&mut keystore, &keys[0], 1), Ok(1));
    drop(keystore);
    let mut keystore = open(&path).expect("opened");
    let signed = keystore.sign(&keys[0], transfer(1), &Consent::default()).expect("written").expect("left");
    let SignedParts { epoch, digest } = parts(&signed);
    assert_eq!((epoch, signed.reservation.replaces), (Epoch(2), Some(Epoch(1))));
    assert_eq!(verify(&keys[0], epoch, &digest, &signed.transaction.signature), Ok(()));
    assert_eq!(sign(&mut keystore, &keys[0], 2), Err(SignerError::LastEpoch { last: 3 }));
    assert_eq!(Usage::decode(&fs::read(usage_path(&path)).expect("there")).as_ref(), Ok(keystore.usage()));
}

struct SignedParts {
    epoch: Epoch,
    digest: aludel_protocol::Digest,
}

fn parts(signed: &Signed) -> SignedParts {
    let transaction = &signed.transaction.transaction;
    SignedParts { epoch: transaction.epoch, digest: transaction.digest() }
}

#[test]
fn many_are_signed_with_one_write() {
    let folder = folder();
    let path = folder.path().join("k");
    let (mut keystore, keys) = two_keys(&path);
    let jobs: Vec<_> = [(0, 0), (1, 0), (0, 1), (0, 0), (1, 1)].map(|(k, s)| (keys[k], transfer(s))).into();
    let signed = keystore.sign_many(&jobs, &Consent::default()).expect("written");
    let epochs: Vec<_> = signed.iter().map(|s| s.as_ref().map(|s| s.reservation.epoch.0)).collect();
    let refused = SignerError::Sequence { last: Sequence(1), found: Sequence(0) };
    assert_eq!(epochs, [Ok(0), Ok(0), Ok(1), Err(&refused), Ok(1)]);
    for ((key, _), signed) in jobs.iter().zip(&signed) {
        let Ok(signed) = signed else { continue };
        let SignedParts { epoch, digest } = parts(signed);
        assert_eq!(verify(key, epoch, &digest, &signed.transaction.signature), Ok(()));
    }
    // Nothing granted, nothing written.
    let before = fs::metadata(usage_path(&path)).expect("there").modified().expect("a time");
    sign(&mut keystore, &keys[0], 0).expect_err("lower");
    assert_eq!(fs::metadata(usage_path(&path)).expect("there").modified().expect("a time"), before);
}

#[test]
fn no_signature_leaves_where_its_epoch_cannot_be_written() {
    let folder = folder();
    let path = folder.path().join("k");
    let (mut keystore, keys) = two_keys(&path);
    // In the way of the temporary file, also for a user whom no permission stops.
    fs::create_dir_all(folder.path().join(".k.usage.tmp/full")).expect("made");
    let refused = keystore.sign(&keys[0], transfer(0), &Consent::default());
    assert!(matches!(refused, Err(KeystoreError::Io { .. })), "{refused:?}");
    fs::remove_dir_all(folder.path().join(".k.usage.tmp")).expect("removed");
    assert_eq!(sign(&mut keystore, &keys[0], 0), Ok(1));
}

/// Stopped before the first or the second file of an addition is written, the next process finds a keystore that opens and makes
/// other keys.
#[test]
fn an_addition_that_stops_half_way_leaves_a_keystore_that_opens() {
    for (temporary, counter) in [(".k.usage.tmp", 2), (".k.tmp", 3_usize)] {
        let folder = folder();
        let path = folder.path().join("k");
        let (mut keystore, keys) = two_keys(&path);
        fs::create_dir_all(folder.path().join(temporary).join("full")).expect("made");
        let refused = keystore.add(CHAIN, window(0, 0), None, 1);
        assert!(matches!(refused, Err(KeystoreError::Io { .. })), "{refused:?}");
        drop(keystore);
        fs::remove_dir_all(folder.path().join(temporary)).expect("removed");
        let mut keystore = open(&path).expect("the usage record is not the older one");
        // A key that the record alone knows neither signs nor takes an account over, which would be lost with it.
        for key in keystore.usage().records()[2..].iter().map(|record| *record.key()).collect::<Vec<_>>() {
            let refused = SignerError::NoSecrets { key };
            assert_eq!(sign(&mut keystore, &key, 0), Err(refused));
            let rotation = Transaction { action: Action::Rotate { key }, ..transfer(0) };
            let answer = keystore.sign(&keys[0], rotation, &Consent::default()).expect("nothing to write");
            assert_eq!(answer, Err(refused));
            assert_eq!(keystore.usage().get(&key).expect("there").next_epoch(), Some(Epoch(0)));
        }
        assert_eq!(keystore.usage().records().len(), counter, "{temporary}");
        let made = keystore.add(CHAIN, window(0, 0), None, 1).expect("added")[0].digest();
        assert_eq!(keystore.usage().get(&made).expect("there").counter(), counter as u64, "{temporary}");
        assert_eq!(sign(&mut keystore, &keys[0], 0), Ok(0));
    }
}

#[test]
fn the_same_seed_makes_the_same_bytes_but_for_the_salt() {
    let folder = folder();
    let bytes = |name: &str| {
        let path = folder.path().join(name);
        let (mut keystore, keys) = two_keys(&path);
        sign(&mut keystore, &keys[1], 4).expect("an epoch is left");
        (fs::read(&path).expect("there"), fs::read(usage_path(&path)).expect("there"))
    };
    let (one, two) = (bytes("one"), bytes("two"));
    assert_eq!(one.1, two.1);
    assert_ne!(one.0, two.0);
}

#[test]
fn counters_are_never_reused() {
    let folder = folder();
    let path = folder.path().join("k");
    let (mut keystore, _) = two_keys(&path);
    drop(keystore.add(CHAIN, window(0, 0), None, 3).expect("added"));
    let backup = fs::read(&path).expect("there");
    drop(keystore.add(CHAIN, window(0, 0), None, 1).expect("added"));
    drop(keystore);
    // The keystore comes back from before the last key was made; its usage record remembers the counter.
    fs::write(&path, backup).expect("written");
    let mut keystore = open(&path).expect("opened");
    drop(keystore.add(ChainId(8), window(0, 0), None, 1).expect("added"));
    let counters: Vec<_> = keystore.usage().records().iter().map(Record::counter).collect();
    assert_eq!(counters, [0, 1, 2, 3, 4, 5, 6]);
    let keys: BTreeSet<_> = keystore.usage().records().iter().map(Record::key).collect();
    assert_eq!(keys.len(), 7);
    let new =
        NewKeys { seed: Zeroizing::new([4; 32]), counter: u64::MAX, work: Work::LEAST, signers: Vec::new() };
    let mut last = Keystore::create(&path.with_file_name("l"), &passphrase(), new).expect("created");
    assert!(matches!(last.add(CHAIN, window(0, 0), None, 1), Err(KeystoreError::Counters)));
}

#[test]
fn a_second_signer_is_refused() {
    let folder = folder();
    let path = folder.path().join("k");
    let (keystore, _) = two_keys(&path);
    std::os::unix::fs::symlink("k", folder.path().join("link")).expect("linked");
    for name in ["k", "link"] {
        let refused = open(&folder.path().join(name)).expect_err("held");
        assert!(matches!(refused, KeystoreError::Locked { .. }), "{refused}");
        assert!(refused.to_string().contains("k.lock: another process"), "{refused}");
    }
    drop(keystore);
    drop(open(&path).expect("free again"));
}

#[test]
fn nothing_is_overwritten() {
    let folder = folder();
    let path = folder.path().join("k");
    drop(two_keys(&path));
    let new =
        || NewKeys { seed: Zeroizing::new([3; 32]), counter: 0, work: Work::LEAST, signers: Vec::new() };
    let refused = Keystore::create(&path, &passphrase(), new()).expect_err("exists");
    assert!(matches!(refused, KeystoreError::Exists { .. }), "{refused}");
    // A usage record without its keystore remembers the epochs of its seed.
    fs::remove_file(&path).expect("removed");
    let refused = Keystore::create(&path, &passphrase(), new()).expect_err("its record exists");
    assert!(refused.to_string().contains("k.usage: exists already"), "{refused}");
    let twice = [Signer::new(derivation(0), window(0, 0)), Signer::new(derivation(0), window(0, 0))];
    let new = NewKeys { signers: twice.iter().collect(), ..new() };
    let refused = Keystore::create(&path.with_file_name("l"), &passphrase(), new).expect_err("one key twice");
    assert!(matches!(refused, KeystoreError::Keys { .. }), "{refused}");
}

#[test]
fn what_others_can_have_is_refused() {
    let folder = folder();
    let path = folder.path().join("k");
    drop(two_keys(&path));
    for file in [path.clone(), usage_path(&path), folder.path().join("k.lock")] {
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    for mode in [0o640, 0o604, 0o620, 0o677] {
        set_mode(&path, mode);
        let refused = open(&path).expect_err("others");
        assert!(matches!(&refused, KeystoreError::Mode { mode: found, .. } if *found == mode), "{refused}");
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }
    set_mode(&path, 0o600);
    set_mode(&usage_path(&path), 0o644);
    drop(open(&path).expect("the record is public"));
    set_mode(&usage_path(&path), 0o620);
    assert!(matches!(open(&path), Err(KeystoreError::Mode { mode: 0o620, .. })));
    set_mode(&usage_path(&path), 0o600);
    fs::hard_link(&path, folder.path().join("second")).expect("linked");
    assert!(matches!(open(&path), Err(KeystoreError::Linked { names: 2, .. })));
}

#[test]
fn passphrases_come_from_files_and_descriptors() {
    let folder = folder();
    let file = folder.path().join("p");
    let from = |content: &[u8], mode| {
        fs::write(&file, content).expect("written");
        set_mode(&file, mode);
        Passphrase::from_file(&file)
    };
    let path = folder.path().join("k");
    drop(two_keys(&path));
    let opens = |passphrase| Keystore::open(&path, &passphrase, OnLoss::Refuse).map(drop);
    for content in ["correct horse", "correct horse\n", "correct horse\r\n"] {
        opens(from(content.as_bytes(), 0o600).expect("text")).expect("the right one");
    }
    let wrong = opens(from(b"correct horse \n", 0o400).expect("text"));
    assert!(matches!(wrong, Err(KeystoreError::WrongPassphrase)), "{wrong:?}");
    assert!(matches!(from(b"x", 0o640), Err(PassphraseError::Mode { mode: 0o640, .. })));
    assert!(matches!(from(b"\n", 0o600), Err(PassphraseError::Empty { .. })));
    assert!(matches!(from(b"", 0o600), Err(PassphraseError::Empty { .. })));
    assert!(from(&[&[b'x'; 1024][..], b"\r\n"].concat(), 0o600).is_ok(), "a line break does not count");
    assert!(matches!(from(&[b'x'; 1025], 0o600), Err(PassphraseError::Long { .. })));
    // Cut off in the middle of a letter.
    assert!(matches!(from("ä".repeat(2000).as_bytes(), 0o600), Err(PassphraseError::Long { .. })));
    assert!(matches!(from(b"\xff", 0o600), Err(PassphraseError::Text { .. })));
    assert!(matches!(Passphrase::from_file(folder.path()), Err(PassphraseError::Io { .. })));
    assert!(matches!(Passphrase::from_descriptor(999), Err(PassphraseError::Io { .. })));
    assert!(from(b"correct horse\n", 0o600).is_ok());
    use std::os::fd::AsRawFd;
    let descriptor = fs::File::open(&file).expect("there");
    let number = u32::try_from(descriptor.as_raw_fd()).expect("not negative");
    opens(Passphrase::from_descriptor(number).expect("text")).expect("the right one");
}
