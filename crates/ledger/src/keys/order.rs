//! What a signer needs to know of what it signs, taken from a transaction in one place.

use aludel_protocol::{AccountId, Action, ChainId, Epoch, KeyDigest, Sequence, Transaction};

/// A transaction as its signer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The rollup.
    pub chain_id: ChainId,
    /// The account that signs.
    pub from: AccountId,
    /// The account's sequence that it takes.
    pub sequence: Sequence,
    /// What the key is used for.
    pub purpose: Purpose,
}

/// What a key is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Everything but a rotation. It never takes a window's last epoch.
    Ordinary,
    /// Hands the account to another key. It may take the last epoch, and the key signs nothing else afterwards.
    Rotation {
        /// The key that takes over.
        to: KeyDigest,
    },
}

impl From<&Transaction> for Order {
    fn from(t: &Transaction) -> Self {
        let purpose = match t.action {
            Action::Rotate { key } => Purpose::Rotation { to: key },
            Action::Transfer { .. } | Action::Withdraw { .. } => Purpose::Ordinary,
        };
        Self { chain_id: t.chain_id, from: t.from, sequence: t.sequence, purpose }
    }
}

/// What a signer does only when asked for explicitly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// Sign at this epoch or later, as when the chain is known to be there. Without it a key whose usage was
    /// lost signs nothing.
    pub skip_to: Option<Epoch>,
    /// Sign at a sequence below the last one. When it is included, later transactions that were signed before it
    /// have epochs that are past: sign them again.
    pub lower_sequence: bool,
}
