//! The rollup's own side, from the ledger: what a sequencer and a wallet need before a prover is asked.
//!
//! | to | use |
//! |---|---|
//! | keep keys in files, sign so that no one-time key signs twice | [`Keystore`], [`Passphrase`] |
//! | sign with keys in memory, for tests and short-lived processes | [`Signer`], [`Derivation`], [`Window`] |
//! | write transactions and items of the L1 queue | [`Transaction`], [`Action`], [`QueueItem`] |
//! | hold the state, in memory or on disk | [`Chain`], [`DiskStore`] |
//! | execute entries, seal a batch | [`BatchBuilder`], [`verify_signatures`] |
//! | the bytes that a prover takes | [`SealedBatch::to_bytes`] |

pub use aludel_ledger::batch::{BatchError, PushError};
pub use aludel_ledger::keys::{
    Consent, Keystore, KeystoreError, NewKeys, OnLoss, Passphrase, PassphraseError, Signed, Signer,
    SignerError, Work, sign_many,
};
pub use aludel_ledger::xmss::{Derivation, Window, verify_batch as verify_signatures};
pub use aludel_ledger::{BatchBuilder, Chain, DiskStore, SealedBatch, Store, StoreError};
pub use aludel_protocol::records::transaction_version;
pub use aludel_protocol::{
    AccountId, Action, Amount, BatchNumber, ChainId, Checkpoint, Digest, Entry, Epoch, KeyDigest, L1Address,
    QueueItem, Sequence, SignedTransaction, Statement, TokenId, Transaction,
};
