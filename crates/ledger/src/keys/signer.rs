//! The signer that never signs twice at one epoch.

use aludel_protocol::{ChainId, Epoch, SignedTransaction, Transaction};
use rayon::prelude::*;

use super::file::Key;
use crate::xmss::{Derivation, PublicKey, SecretKey, SignError, Window, generate_many};

/// A key with the count of the epochs that it has used.
///
/// The count lives in memory: write [`Signer::key`] to the key's file before a signature leaves the machine, and
/// run one signer a file. Neither `Clone` nor made from a borrowed key, so that no copy repeats an epoch.
#[derive(Debug)]
pub struct Signer {
    key: Key,
    secret: SecretKey,
}

/// Why a signer does not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// The transaction is for another rollup.
    #[error(
        "this key is for chain {expected} and the transaction for chain {found}; use a key of that chain"
    )]
    Chain {
        /// The key's.
        expected: ChainId,
        /// The transaction's.
        found: ChainId,
    },
    /// Every epoch but the window's last is used, and that one is kept.
    #[error(
        "this key has used every epoch up to {last}, which it keeps for a rotation: rotate the account to a new key"
    )]
    LastEpoch {
        /// The window's last.
        last: u32,
    },
    /// An epoch may be skipped, never repeated.
    #[error("epoch {asked} is not one of {next} to {last}, which this key has left; nothing was signed")]
    Used {
        /// The epoch asked for.
        asked: u32,
        /// The first that is unused.
        next: u32,
        /// The window's last.
        last: u32,
    },
    /// The scheme refused.
    #[error(transparent)]
    Scheme(#[from] SignError),
}

impl Signer {
    /// Computes the key's tree: some 0.05 ms an epoch of its window and core.
    pub fn new(key: Key) -> Self {
        let secret = SecretKey::generate(&key.from, key.window);
        Self { key, secret }
    }

    /// Makes many unused keys with one window, in order, in parallel.
    pub fn generate_many(from: Vec<Derivation>, window: Window) -> Vec<Self> {
        let secrets = generate_many(&from, window);
        from.into_iter()
            .zip(secrets)
            .map(|(from, secret)| Self { key: Key::new(from, window), secret })
            .collect()
    }

    /// What goes into the key's file.
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// What others may see.
    pub const fn public_key(&self) -> &PublicKey {
        self.secret.public_key()
    }

    /// Skips to a later epoch, as when the chain is known to be past this one.
    ///
    /// # Errors
    /// When the epoch was passed already, or lies beyond the window.
    pub const fn skip_to(&mut self, epoch: Epoch) -> Result<(), SignerError> {
        let (next, last) = (self.key.next_epoch, self.key.window.last().0);
        if epoch.0 < next || epoch.0 > last {
            return Err(SignerError::Used { asked: epoch.0, next, last });
        }
        self.key.next_epoch = epoch.0;
        Ok(())
    }

    /// Signs the transaction at the next unused epoch, whatever epoch it came with. The epoch is spent even when
    /// what follows fails. The window's last epoch, and so the lifetime's, is kept for a rotation.
    ///
    /// # Errors
    /// When the transaction is for another chain, or no epoch is left for it.
    pub fn sign(&mut self, mut transaction: Transaction) -> Result<SignedTransaction, SignerError> {
        let (expected, found) = (self.key.from.chain_id, transaction.chain_id);
        if expected != found {
            return Err(SignerError::Chain { expected, found });
        }
        transaction.epoch = self.take_epoch(transaction.action.is_rotation())?;
        let signature = Box::new(self.secret.sign(transaction.epoch, &transaction.digest())?);
        Ok(SignedTransaction { transaction, signature })
    }

    const fn take_epoch(&mut self, rotates: bool) -> Result<Epoch, SignerError> {
        let (next, last) = (self.key.next_epoch, self.key.window.last().0);
        if next > last || (next == last && !rotates) {
            return Err(SignerError::LastEpoch { last });
        }
        self.key.next_epoch = next + 1;
        Ok(Epoch(next))
    }
}

/// Signs one transaction with each signer, in order and in parallel.
pub fn sign_many(jobs: Vec<(&mut Signer, Transaction)>) -> Vec<Result<SignedTransaction, SignerError>> {
    jobs.into_par_iter().map(|(signer, transaction)| signer.sign(transaction)).collect()
}
