//! What an honest signer and an honest verifier do.

use aludel_protocol::field::MODULUS;
use aludel_protocol::hash::{Tag, hash_fields};
use aludel_protocol::params::{XMSS_BASE, XMSS_CHAINS, XMSS_LIFETIME};
use aludel_protocol::xmss::encode;
use aludel_protocol::{ChainId, Digest, Epoch, F, Signature, fe};
use p3_field::PrimeField32;
use proptest::prelude::*;

use super::*;

#[test]
fn every_epoch_of_every_window_signs() {
    for (start, log_size) in [(0, 0), (5, 0), (0, 2), (64, 4), (XMSS_LIFETIME - 2, 1), (XMSS_LIFETIME - 1, 0)]
    {
        let key = SecretKey::generate(&derivation(u64::from(start)), window(start, log_size));
        for epoch in key.window().epochs().map(Epoch) {
            let signature = key.sign(epoch, &message(epoch.0)).expect("in the window");
            assert_eq!(verdict(&key.key_digest(), epoch, &message(epoch.0), &signature), Ok(()));
        }
    }
}

#[test]
fn outside_its_window_a_key_does_not_sign() {
    let key = SecretKey::generate(&derivation(1), window(8, 2));
    for epoch in [0, 7, 12, XMSS_LIFETIME, u32::MAX] {
        let refused = key.sign(Epoch(epoch), &message(1)).expect_err("outside");
        assert_eq!(refused, SignError::Epoch { epoch, first: 8, last: 11 });
    }
}

#[test]
fn a_walk_shows_what_the_signer_did() {
    let (key, epoch, message, signature) = honest();
    let claim = Claim { key: key.key_digest(), epoch, message, signature: &signature };
    let walk = walk_batch(&[claim]).remove(0).expect("honest");
    assert_eq!((walk.key, walk.root), (key.key_digest(), key.public_key().root));
    assert_eq!(encode(&walk.message_hash).expect("target sum"), walk.digits[..XMSS_CHAINS]);
    for (chain, end) in walk.ends.iter().enumerate() {
        assert_eq!(*end, chain_value(&key, epoch, chain, XMSS_BASE - 1), "chain {chain}");
    }
    assert_eq!(walk.leaf, key.subtree.leaf(epoch.0));
}

#[test]
fn batches_of_any_size_agree_with_the_reference() {
    let keys = generate_many(&(0..150).map(derivation).collect::<Vec<_>>(), window(4, 0));
    let jobs: Vec<_> = keys.iter().map(|k| (k, Epoch(4), message(3))).collect();
    let signatures: Vec<Signature> =
        sign_many(&jobs).into_iter().map(|s| s.expect("in the window")).collect();
    // Every third claim names another message, every fifth another key.
    let claim = |i: usize| Claim {
        key: keys[if i % 5 == 1 { 0 } else { i }].key_digest(),
        epoch: Epoch(4),
        message: message(if i % 3 == 1 { 4 } else { 3 }),
        signature: &signatures[i],
    };
    for count in [0, 1, 7, 63, 64, 65, 150] {
        let claims: Vec<Claim> = (0..count).map(claim).collect();
        let one = claims.iter().map(|c| verify(&c.key, c.epoch, &c.message, c.signature));
        assert_eq!(verify_batch(&claims), one.collect::<Vec<_>>());
    }
    assert_eq!(
        verify_batch(&(0..150).map(claim).collect::<Vec<_>>()).iter().filter(|v| v.is_ok()).count(),
        80
    );
}

#[test]
fn thread_counts_change_nothing() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let keys = generate_many(&(0..40).map(derivation).collect::<Vec<_>>(), window(16, 1));
            let jobs: Vec<_> = keys.iter().map(|k| (k, Epoch(17), message(9))).collect();
            let bytes = |s: Result<Signature, _>| borsh::to_vec(&s.expect("in the window")).expect("memory");
            sign_many(&jobs).into_iter().map(bytes).collect::<Vec<_>>()
        })
    };
    let once = run(1);
    assert_eq!(once, run(2));
    assert_eq!(once, run(8));
    assert_ne!(once[0], once[1]);
}

#[test]
fn many_keys_are_the_keys_one_by_one() {
    let from: Vec<Derivation> = (0..11).map(derivation).collect();
    let together = generate_many(&from, window(12, 2));
    for (from, key) in from.iter().zip(&together) {
        assert_eq!(SecretKey::generate(from, window(12, 2)).public_key(), key.public_key());
    }
    assert!(generate_many(&[], window(12, 2)).is_empty());
}

/// One counter used under two windows would sign twice with one one-time key, were the window no part of it.
#[test]
fn everything_a_key_derives_from_separates_it() {
    let base = derivation(1);
    let keys = [
        SecretKey::generate(&base, window(0, 1)),
        SecretKey::generate(&base, window(0, 0)),
        SecretKey::generate(&base, window(2, 1)),
        SecretKey::generate(&derivation(2), window(0, 1)),
        SecretKey::generate(&Derivation { chain_id: ChainId(6), ..base.clone() }, window(0, 1)),
        SecretKey::generate(&Derivation { seed: [8; 32], ..base.clone() }, window(0, 1)),
    ];
    let apart = |f: &dyn Fn(&SecretKey) -> Vec<F>| {
        let mut all: Vec<_> = keys.iter().map(f).collect();
        all.sort();
        all.dedup();
        all.len() == keys.len()
    };
    assert!(apart(&|k| k.public_key().parameter.to_vec()));
    assert!(apart(&|k| k.key_digest().0.to_vec()));
    assert!(apart(&|k| chain_value(k, Epoch(0), 0, 0).0.to_vec()));
}

#[test]
fn signatures_encode_canonically() {
    let (.., signature) = honest();
    let bytes = borsh::to_vec(&signature).expect("memory");
    assert_eq!(bytes.len(), 4 * ELEMENTS);
    assert_eq!(borsh::from_slice::<Signature>(&bytes).expect("ours"), signature);
    for at in 0..ELEMENTS {
        let mut bytes = bytes.clone();
        bytes[4 * at..4 * at + 4].copy_from_slice(&MODULUS.to_le_bytes());
        assert!(borsh::from_slice::<Signature>(&bytes).is_err(), "element {at}");
    }
    assert!(borsh::from_slice::<Signature>(&bytes[1..]).is_err());
}

#[test]
fn public_keys_are_json_that_checks_itself() {
    let (key, ..) = honest();
    let text = serde_json::to_string(key.public_key()).expect("memory");
    assert_eq!(serde_json::from_str::<PublicKey>(&text).expect("ours"), *key.public_key());
    let other = SecretKey::generate(&derivation(2), window(8, 2)).key_digest().to_string();
    let forged = text.replace(&key.key_digest().to_string(), &other);
    assert!(serde_json::from_str::<PublicKey>(&forged).expect_err("forged").to_string().contains("hash to"));
    let first = key.public_key().parameter[0].as_canonical_u32();
    let alias = text.replace(&format!("[{first},"), &format!("[{},", first + MODULUS));
    assert!(alias != text);
    assert!(
        serde_json::from_str::<PublicKey>(&alias).expect_err("alias").to_string().contains("field order")
    );
}

#[test]
fn secrets_are_not_printed() {
    let (key, ..) = honest();
    let text = format!("{key:?} {:?}", derivation(1));
    assert!(!text.contains("secret:") && !text.contains("subtree") && !text.contains("7, 7, 7"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_message_signs_at_any_window(start in 0..XMSS_LIFETIME, words in any::<[u32; 3]>()) {
        let key = SecretKey::generate(&derivation(u64::from(words[0])), window(start, 0));
        let message = hash_fields(Tag::Transfer, &words.map(fe));
        let signature = key.sign(Epoch(start), &message).expect("in the window");
        prop_assert_eq!(verdict(&key.key_digest(), Epoch(start), &message, &signature), Ok(()));
    }
}

/// Vectors of `tests/oracle/xmss.py`: an implementation in plain Python, with round constants of its own making.
#[test]
fn keys_and_signatures_are_the_oracles() {
    #[derive(serde::Deserialize)]
    struct Vector {
        seed: String,
        chain_id: ChainId,
        counter: u64,
        window: Window,
        epoch: Epoch,
        message: Digest,
        key: Digest,
        signature: String,
    }
    let vectors = include_str!("../../../../../tests/oracle/xmss.json");
    let vectors: Vec<Vector> = serde_json::from_str(vectors).expect("vectors");
    assert_eq!(vectors.len(), 2);
    for v in vectors {
        let mut seed = [0; 32];
        hex::decode_to_slice(&v.seed, &mut seed).expect("32 bytes");
        let from = Derivation { seed, chain_id: v.chain_id, counter: v.counter };
        let key = SecretKey::generate(&from, v.window);
        assert_eq!(key.key_digest(), v.key);
        let signature =
            borsh::to_vec(&key.sign(v.epoch, &v.message).expect("in the window")).expect("memory");
        assert_eq!(hex::encode(signature), v.signature);
    }
}
