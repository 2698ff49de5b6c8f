//! What a forger may try, one change at a time.

use aludel_protocol::field::MODULUS;
use aludel_protocol::hash::compress24;
use aludel_protocol::params::{XMSS_CHAINS, XMSS_DEPTH, XMSS_LIFETIME};
use aludel_protocol::xmss::{digits, encode, message_input};
use aludel_protocol::{Digest, Epoch, Signature, fe};
use p3_field::PrimeCharacteristicRing;
use proptest::prelude::*;

use super::*;

#[test]
fn every_element_of_a_signature_counts() {
    let (key, epoch, message, signature) = honest();
    let forge = |at| {
        let mut forged = signature.clone();
        *element(&mut forged, at) += F::ONE;
        forged
    };
    let forged: Vec<Signature> = (0..ELEMENTS).map(forge).collect();
    let claim = |signature| Claim { key: key.key_digest(), epoch, message, signature };
    let verdicts = verify_batch(&forged.iter().map(claim).collect::<Vec<_>>());
    for (at, (forged, verdict)) in forged.iter().zip(verdicts).enumerate() {
        assert!(verdict.is_err(), "element {at} does not count");
        assert_eq!(verdict, verify(&key.key_digest(), epoch, &message, forged), "element {at}");
    }
}

#[test]
fn another_key_epoch_or_message_is_refused() {
    let (key, epoch, message_1, signature) = honest();
    let other = SecretKey::generate(&derivation(2), window(8, 2)).key_digest();
    let found = key.key_digest();
    assert_eq!(
        verdict(&other, epoch, &message_1, &signature),
        Err(VerifyError::Key { expected: other, found })
    );
    assert!(verdict(&found, Epoch(epoch.0 + 1), &message_1, &signature).is_err());
    assert!(verdict(&found, Epoch(epoch.0 + XMSS_LIFETIME), &message_1, &signature).is_err());
    assert!(verdict(&found, epoch, &message(2), &signature).is_err());
    assert_eq!(verdict(&found, epoch, &message_1, &signature), Ok(()));
}

#[test]
fn an_epoch_past_the_lifetime_is_named() {
    let (key, epoch, message, signature) = honest();
    for past in [XMSS_LIFETIME, XMSS_LIFETIME + epoch.0, MODULUS + epoch.0] {
        let verdict = verdict(&key.key_digest(), Epoch(past), &message, &signature);
        assert_eq!(verdict, Err(VerifyError::Epoch { epoch: past }));
    }
}

/// The owner of a key, or who has walked its chains down, signs at a sum below the target: the rest of the
/// verification would accept it.
#[test]
fn the_target_sum_is_required() {
    let (key, epoch, message, honest) = honest();
    let hash = |n: u32| {
        let randomness = core::array::from_fn(|i| fe(n * 8 + i as u32));
        let input = message_input(&honest.parameter, epoch.0, &message, &randomness);
        (randomness, compress24(input))
    };
    let (randomness, hash) = (0..).map(hash).find(|(_, h)| encode(h).is_none()).expect("most miss it");
    let used = digits(&hash).expect("decodes");

    let chains = core::array::from_fn(|c| chain_value(&key, epoch, c, usize::from(used[c])));
    let forged = Signature { randomness, chains, ..honest };
    let found = used[..XMSS_CHAINS].iter().map(|d| usize::from(*d)).sum();
    assert_eq!(verdict(&key.key_digest(), epoch, &message, &forged), Err(VerifyError::Sum { found }));
}

/// A forger who holds one signature and lowers a digit needs a chain value before the one he has: the signed one
/// in its place opens another key.
#[test]
fn a_signature_moved_to_another_position_is_refused() {
    let (key, epoch, message, signature) = honest();
    for other in 1..XMSS_CHAINS {
        let mut forged = signature.clone();
        forged.chains.swap(0, other);
        assert!(verdict(&key.key_digest(), epoch, &message, &forged).is_err());
    }
    for level in 1..XMSS_DEPTH {
        let mut forged = signature.clone();
        forged.path.swap(0, level);
        assert!(verdict(&key.key_digest(), epoch, &message, &forged).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_change_of_any_element_is_refused(at in 0..ELEMENTS, delta in 1..MODULUS) {
        static HONEST: std::sync::LazyLock<(SecretKey, Epoch, Digest, Signature)> =
            std::sync::LazyLock::new(honest);
        let (key, epoch, message, signature) = &*HONEST;
        let mut forged = signature.clone();
        *element(&mut forged, at) += fe(delta);
        prop_assert!(verdict(&key.key_digest(), *epoch, message, &forged).is_err());
    }
}
