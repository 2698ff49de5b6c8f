//! A key in memory, with the count of the epochs that it has used.

use aludel_protocol::{AccountId, SignedTransaction, Transaction};
use rayon::prelude::*;

use super::error::SignerError;
use super::order::{Consent, Order};
use super::record::{Record, Reservation};
use crate::xmss::{Derivation, PublicKey, SecretKey, Window, generate_many};

/// A key with the record of its use.
///
/// The record lives in memory: for keys that end with the process, or that go into a keystore
/// ([`super::NewKeys::signers`]) before any of their signatures leaves. Everything else signs through
/// [`super::Keystore`]. Not `Clone`, so that no copy repeats an epoch.
#[derive(Debug)]
pub struct Signer {
    // Boxed, so that moving a signer leaves no copy of the seed.
    pub(super) from: Box<Derivation>,
    pub(super) record: Record,
    secret: SecretKey,
}

impl Signer {
    /// A key that has signed nothing: some 0.05 ms an epoch of its window and core. The caller vouches that this
    /// derivation and window were never used before.
    pub fn new(from: Derivation, window: Window) -> Self {
        let secret = SecretKey::generate(&from, window);
        Self::unused(from, secret)
    }

    /// Makes many unused keys with one window, in order, in parallel.
    pub fn generate_many(from: Vec<Derivation>, window: Window) -> Vec<Self> {
        let secrets = generate_many(&from, window);
        from.into_iter().zip(secrets).map(|(from, secret)| Self::unused(from, secret)).collect()
    }

    fn unused(from: Derivation, secret: SecretKey) -> Self {
        let record = Record::new(secret.key_digest(), &from, secret.window(), None);
        Self { from: Box::new(from), record, secret }
    }

    /// The same key, for one account only. Without it that of its first signature binds it.
    #[must_use]
    pub const fn of_account(mut self, account: AccountId) -> Self {
        self.record.account = Some(account);
        self
    }

    /// How far the key is used.
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// What others may see.
    pub const fn public_key(&self) -> &PublicKey {
        self.secret.public_key()
    }

    /// Signs the transaction at the next unused epoch, whatever epoch it came with. The epoch is spent even when
    /// what follows fails. The window's last epoch, and so the lifetime's, is kept for a rotation.
    ///
    /// # Errors
    /// When the key is bound to another chain or account, was rotated away, has signed a later sequence, or has
    /// only the last epoch left.
    pub fn sign(&mut self, transaction: Transaction) -> Result<SignedTransaction, SignerError> {
        let Reservation { epoch, .. } = self.record.take(&Order::from(&transaction), &Consent::default())?;
        sign_at(&self.secret, Transaction { epoch, ..transaction })
    }
}

/// Signs at the transaction's epoch, which was reserved for it.
pub(super) fn sign_at(
    secret: &SecretKey,
    transaction: Transaction,
) -> Result<SignedTransaction, SignerError> {
    let signature = Box::new(secret.sign(transaction.epoch, &transaction.digest())?);
    Ok(SignedTransaction { transaction, signature })
}

/// Signs one transaction with each signer, in order and in parallel.
pub fn sign_many(jobs: Vec<(&mut Signer, Transaction)>) -> Vec<Result<SignedTransaction, SignerError>> {
    jobs.into_par_iter().map(|(signer, transaction)| signer.sign(transaction)).collect()
}
