//! A signer repeats no epoch, whatever happens to it and to its files.

mod damage;
mod files;
mod killed;
mod losses;
mod power;
mod rules;
mod signer;

use std::path::Path;

use aludel_protocol::records::transaction_version;
use aludel_protocol::{
    AccountId, Action, Amount, BatchNumber, ChainId, Epoch, KeyDigest, Sequence, TokenId, Transaction,
};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::*;
use crate::xmss::{Derivation, Window};

const CHAIN: ChainId = ChainId(9);

fn transfer(sequence: u32) -> Transaction {
    Transaction {
        chain_id: CHAIN,
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

fn window(start: u32, log_size: u8) -> Window {
    Window::new(Epoch(start), log_size).expect("aligned")
}

fn derivation(counter: u64) -> Derivation {
    Derivation { seed: [3; 32], chain_id: CHAIN, counter }
}

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse").expect("neither empty nor long")
}

fn skip_to(epoch: u32) -> Consent {
    Consent { skip_to: Some(Epoch(epoch)), ..Consent::default() }
}

/// A folder of its own, which goes away with the result.
fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn create(path: &Path, signers: &[Signer]) -> Keystore {
    let new = NewKeys {
        seed: Zeroizing::new([3; 32]),
        counter: 0,
        work: Work::LEAST,
        signers: signers.iter().collect(),
    };
    Keystore::create(path, &passphrase(), new).expect("created")
}

/// Two keys of four epochs, 0 to 3.
fn two_keys(path: &Path) -> (Keystore, [KeyDigest; 2]) {
    let mut keystore = create(path, &[]);
    let keys = keystore.add(CHAIN, window(0, 2), None, 2).expect("added");
    (keystore, [keys[0].digest(), keys[1].digest()])
}

fn open(path: &Path) -> Result<Keystore, KeystoreError> {
    Keystore::open(path, &passphrase(), OnLoss::Refuse)
}

/// Signs a transfer with a sequence; its epoch.
fn sign(keystore: &mut Keystore, key: &KeyDigest, sequence: u32) -> Result<u32, SignerError> {
    let signed = keystore.sign(key, transfer(sequence), &Consent::default()).expect("the disk takes it");
    signed.map(|signed| signed.reservation.epoch.0)
}
