//! A signer repeats no epoch, keeps the last one, and its file is canonical.

use aludel_protocol::codec::DecodeError;
use aludel_protocol::params::XMSS_LIFETIME;
use aludel_protocol::records::transaction_version;
use aludel_protocol::{
    AccountId, Action, Amount, BatchNumber, ChainId, Epoch, Sequence, TokenId, Transaction,
};

use super::*;
use crate::xmss::{Derivation, Window, verify};

fn transfer(sequence: u32) -> Transaction {
    Transaction {
        chain_id: ChainId(9),
        protocol_version: transaction_version(),
        from: AccountId(1),
        token: TokenId(0),
        fee: 1,
        sequence: Sequence(sequence),
        epoch: Epoch(0),
        expiry: BatchNumber(9),
        action: Action::Transfer { to: AccountId(2), amount: Amount(3) },
    }
}

fn key(start: u32, log_size: u8) -> Key {
    let window = Window::new(Epoch(start), log_size).expect("aligned");
    Key::new(Derivation { seed: [3; 32], chain_id: ChainId(9), counter: 0 }, window)
}

#[test]
fn epochs_are_used_once_each_and_the_last_is_kept() {
    let mut signer = Signer::new(key(4, 2));
    for epoch in 4..7 {
        let signed = signer.sign(transfer(0)).expect("an epoch is left");
        assert_eq!(signed.transaction.epoch, Epoch(epoch));
        let key = signer.public_key().digest();
        assert_eq!(verify(&key, Epoch(epoch), &signed.transaction.digest(), &signed.signature), Ok(()));
    }
    assert_eq!(signer.sign(transfer(0)), Err(SignerError::LastEpoch { last: 7 }));
    assert_eq!(signer.key().next_epoch(), Epoch(7));
}

#[test]
fn the_lifetimes_last_epoch_is_kept() {
    let mut signer = Signer::new(key(XMSS_LIFETIME - 2, 1));
    assert_eq!(signer.sign(transfer(0)).expect("one is left").transaction.epoch, Epoch(XMSS_LIFETIME - 2));
    assert_eq!(signer.sign(transfer(0)), Err(SignerError::LastEpoch { last: XMSS_LIFETIME - 1 }));
}

#[test]
fn another_chain_is_refused_and_spends_nothing() {
    let mut signer = Signer::new(key(4, 2));
    let elsewhere = Transaction { chain_id: ChainId(8), ..transfer(0) };
    assert_eq!(signer.sign(elsewhere), Err(SignerError::Chain { expected: ChainId(9), found: ChainId(8) }));
    assert_eq!(signer.key().next_epoch(), Epoch(4));
}

#[test]
fn epochs_are_skipped_forwards_only() {
    let mut signer = Signer::new(key(4, 2));
    signer.skip_to(Epoch(6)).expect("ahead");
    assert_eq!(signer.skip_to(Epoch(5)), Err(SignerError::Used { asked: 5, next: 6, last: 7 }));
    assert_eq!(signer.skip_to(Epoch(8)), Err(SignerError::Used { asked: 8, next: 6, last: 7 }));
    assert_eq!(signer.sign(transfer(0)).expect("one is left").transaction.epoch, Epoch(6));
}

#[test]
fn a_file_goes_on_where_it_was_written() {
    let mut signer = Signer::new(key(4, 2));
    let first = signer.sign(transfer(0)).expect("an epoch is left");
    let file = signer.key().encode();
    let read = Key::decode(&file).expect("ours");
    assert_eq!((&read, file.len()), (signer.key(), 8 + 32 + 8 + 8 + 5 + 4));
    assert_eq!(*read.encode(), *file);
    let second = Signer::new(read).sign(transfer(0)).expect("an epoch is left");
    assert_eq!((first.transaction.epoch, second.transaction.epoch), (Epoch(4), Epoch(5)));
}

#[test]
fn damaged_files_are_refused() {
    let file = key(4, 2).encode();
    let next_epoch = file.len() - 4;
    for next in [3u32, 9, u32::MAX] {
        let mut forged = file.to_vec();
        forged[next_epoch..].copy_from_slice(&next.to_le_bytes());
        assert!(matches!(Key::decode(&forged), Err(DecodeError::Body { .. })), "{next}");
    }
    let mut used_up = file.to_vec();
    used_up[next_epoch..].copy_from_slice(&8u32.to_le_bytes());
    assert!(Signer::new(Key::decode(&used_up).expect("used up is a state")).sign(transfer(0)).is_err());
    let mut forged = file.to_vec();
    forged[next_epoch - 1] = 3;
    assert!(matches!(Key::decode(&forged), Err(DecodeError::Body { .. })));
    assert!(Key::decode(&file[..file.len() - 1]).is_err());
    assert!(Key::decode(&[file.as_slice(), &[0]].concat()).is_err());
}

#[test]
fn many_signers_sign_in_order() {
    let window = Window::new(Epoch(0), 1).expect("aligned");
    let from = |counter| Derivation { seed: [3; 32], chain_id: ChainId(9), counter };
    let mut signers = Signer::generate_many((0..5).map(from).collect(), window);
    let signed = sign_many(signers.iter_mut().map(|s| (s, transfer(0))).collect());
    for (signer, signed) in signers.iter().zip(signed) {
        let signed = signed.expect("an epoch is left");
        let key = signer.public_key().digest();
        assert_eq!(verify(&key, Epoch(0), &signed.transaction.digest(), &signed.signature), Ok(()));
        assert_eq!(signer.key().next_epoch(), Epoch(1));
    }
}

#[test]
fn seeds_are_not_printed() {
    let signer = Signer::new(key(4, 0));
    let text = format!("{signer:?}");
    assert!(text.contains("next_epoch") && !text.contains("3, 3, 3"), "{text}");
}
