//! Keys in a wallet's hands: the signer that never signs twice at one epoch, and the files that see to it.
//!
//! A keystore is two files. `KEYSTORE` holds the secrets of many keys, encrypted under a passphrase, and is
//! rewritten when keys are made or rotated away. `KEYSTORE.usage` holds what is public: account, next epoch, last
//! sequence; it is on the disk (written, synced, renamed, folder synced) before a signature leaves [`Keystore`].
//! `KEYSTORE.lock` is empty and held by the one process that signs.
//!
//! Killed at any moment a signer may skip epochs and repeats none. *What cannot be seen from these files*: that
//! both were brought back from one backup, or copied and used at two places. Then say [`Consent::skip_to`] with
//! the account's next epoch on the chain, plus what may be signed and not yet included; also with a key that is
//! made afterwards, which is the one that was made first after the backup, if any was.

mod check;
mod contents;
mod error;
mod folder;
mod keystore;
mod order;
mod passphrase;
mod record;
mod sealed;
mod signer;
mod usage;

#[cfg(test)]
mod tests;

pub use error::{KeystoreError, SignerError};
pub use keystore::{Keystore, NewKeys, OnLoss, Signed};
pub use order::{Consent, Order, Purpose};
pub use passphrase::{Passphrase, PassphraseError};
pub use record::{LastSigned, Record, Reservation};
pub use sealed::Work;
pub use signer::{Signer, sign_many};
pub use usage::{SelectError, Usage, usage_path};
