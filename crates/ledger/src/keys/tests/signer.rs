//! The signer in memory.

use super::*;
use crate::xmss::verify;

#[test]
fn epochs_are_used_once_each_and_the_last_is_kept() {
    let mut signer = Signer::new(derivation(0), window(4, 2));
    for epoch in 4..7 {
        let signed = signer.sign(transfer(epoch)).expect("an epoch is left");
        assert_eq!(signed.transaction.epoch, Epoch(epoch));
        let key = signer.public_key().digest();
        assert_eq!(verify(&key, Epoch(epoch), &signed.transaction.digest(), &signed.signature), Ok(()));
    }
    assert_eq!(signer.sign(transfer(9)), Err(SignerError::LastEpoch { last: 7 }));
    assert_eq!(signer.record().next_epoch(), Some(Epoch(7)));
}

/// The chain would count the epochs of the same one-time keys from 0 again.
#[test]
fn no_key_rotates_to_itself() {
    let mut signer = Signer::new(derivation(0), window(0, 1));
    let to = signer.public_key().digest();
    let refused = signer.sign(Transaction { action: Action::Rotate { key: to }, ..transfer(0) });
    assert!(matches!(refused, Err(SignerError::Successor { to: own, .. }) if own == to), "{refused:?}");
    assert_eq!(signer.record().next_epoch(), Some(Epoch(0)), "nothing was spent");
}

#[test]
fn the_lifetimes_last_epoch_is_kept() {
    const LIFETIME: u32 = aludel_protocol::params::XMSS_LIFETIME;
    let mut signer = Signer::new(derivation(0), window(LIFETIME - 2, 1));
    assert_eq!(signer.sign(transfer(0)).expect("one is left").transaction.epoch, Epoch(LIFETIME - 2));
    assert_eq!(signer.sign(transfer(1)), Err(SignerError::LastEpoch { last: LIFETIME - 1 }));
}

#[test]
fn many_signers_sign_in_order() {
    let mut signers = Signer::generate_many((0..5).map(derivation).collect(), window(0, 1));
    let signed = sign_many(signers.iter_mut().map(|s| (s, transfer(0))).collect());
    for (signer, signed) in signers.iter().zip(signed) {
        let signed = signed.expect("an epoch is left");
        let key = signer.public_key().digest();
        assert_eq!(verify(&key, Epoch(0), &signed.transaction.digest(), &signed.signature), Ok(()));
        assert_eq!(signer.record().next_epoch(), Some(Epoch(1)));
    }
}

#[test]
fn secrets_are_not_printed() {
    let signer = Signer::new(derivation(0), window(4, 0));
    let folder = folder();
    let keystore = create(&folder.path().join("k"), std::slice::from_ref(&signer));
    for text in [format!("{signer:?}"), format!("{keystore:?}"), format!("{:?}", passphrase())] {
        assert!(!text.contains("3, 3, 3") && !text.contains("horse"), "{text}");
    }
    assert!(format!("{keystore:?}").contains("next_epoch"));
}
