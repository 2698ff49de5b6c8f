//! Any bit of either file flipped, any end cut off: a typed error, no panic, no epoch used again.

use std::fs;

use aludel_protocol::codec::DecodeError;

use super::super::usage::usage_path;
use super::*;

fn record() -> Vec<u8> {
    let folder = folder();
    let path = folder.path().join("k");
    let (mut keystore, keys) = two_keys(&path);
    sign(&mut keystore, &keys[0], 3).expect("an epoch is left");
    keystore.usage().encode()
}

#[test]
fn a_record_with_any_bit_flipped_or_any_end_cut_is_refused() {
    let good = record();
    assert_eq!(Usage::decode(&good).expect("whole").encode(), good);
    for bit in 0..8 * good.len() {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let refused = Usage::decode(&bad).expect_err("damaged");
        assert!(bit < 64 || matches!(refused, DecodeError::Body { .. }), "bit {bit}: {refused}");
    }
    (0..good.len()).for_each(|end| assert!(Usage::decode(&good[..end]).is_err(), "cut at {end}"));
    assert!(Usage::decode(&[&good[..], &[0]].concat()).is_err());
}

/// What is whole and cannot be: as somebody would write it who knows the format.
#[test]
fn a_record_that_cannot_be_is_refused() {
    use sha2::{Digest as _, Sha256};
    let good = record();
    let forge = |at: usize, bytes: &[u8]| {
        let mut body = good[..good.len() - 32].to_vec();
        body[at..at + bytes.len()].copy_from_slice(bytes);
        let checksum = Sha256::digest(&body);
        Usage::decode(&[&body[..], &checksum].concat())
    };
    // Header 8, generation 8, next counter 8, count 4; digest 32, chain 8, account 1 + 4, counter 8, window 5.
    let next_epoch = 28 + 32 + 8 + 5 + 8 + 5;
    assert_eq!(forge(0, b"A").expect("as it was").encode(), good);
    assert_eq!(good[next_epoch..next_epoch + 4], 1u32.to_le_bytes());
    for (at, bytes, says) in [
        (next_epoch, 5u32, "not in the window"),
        (next_epoch, 0, "is used"),
        (16, 1, "a counter is not below"),
        (24, 1, "bytes too many"),
        (24, u32::MAX, ""),
    ] {
        let refused = forge(at, &bytes.to_le_bytes()).expect_err("cannot be").to_string();
        assert!(refused.contains(says), "{refused}");
    }
}

#[test]
fn a_keystore_with_any_byte_changed_or_any_end_cut_is_refused() {
    let folder = folder();
    let path = folder.path().join("k");
    let (mut keystore, keys) = two_keys(&path);
    sign(&mut keystore, &keys[0], 3).expect("an epoch is left");
    drop(keystore);
    let (good, usage) = (fs::read(&path).expect("there"), fs::read(usage_path(&path)).expect("there"));
    let refuse = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).expect("written");
        let refused = open(&path).expect_err(what);
        use KeystoreError::{Decode, Work, WrongPassphrase};
        assert!(matches!(refused, Decode(_) | Work { .. } | WrongPassphrase), "{what}: {refused}");
    };
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        refuse(&bad, &format!("byte {at}"));
    }
    (0..good.len()).for_each(|end| refuse(&good[..end], &format!("cut at {end}")));
    refuse(&[&good[..], &[0]].concat(), "long");
    fs::write(&path, &good).expect("written");
    assert_eq!(fs::read(usage_path(&path)).expect("there"), usage);
    assert_eq!(sign(&mut open(&path).expect("whole"), &keys[0], 4), Ok(1));
}
