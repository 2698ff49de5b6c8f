//! How far one key is used, and the rules by which it is used further.

use aludel_protocol::{AccountId, ChainId, Epoch, KeyDigest, Sequence};
use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use super::error::SignerError;
use super::order::{Consent, Order, Purpose};
use crate::xmss::{Derivation, Window};

/// The use of one key so far. Nothing in it is secret. It only ever moves forwards.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize)]
pub struct Record {
    pub(super) key: KeyDigest,
    pub(super) chain_id: ChainId,
    pub(super) account: Option<AccountId>,
    pub(super) counter: u64,
    pub(super) window: Window,
    pub(super) next_epoch: u32,
    /// False after a usage record was lost: `next_epoch` is then the least that the key has used.
    pub(super) is_known: bool,
    pub(super) last: Option<LastSigned>,
    pub(super) rotated_to: Option<KeyDigest>,
}

/// What a key signed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize)]
pub struct LastSigned {
    /// The account's sequence.
    pub sequence: Sequence,
    /// The one-time key.
    pub epoch: Epoch,
}

/// An epoch that one signature may use, and what its owner should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The one-time key.
    pub epoch: Epoch,
    /// Epoch of the pending transaction with the same sequence, which this one replaces: one of them at most is
    /// ever included.
    pub replaces: Option<Epoch>,
    /// Signatures left, the last epoch not counted: it is kept for a rotation.
    pub left: u32,
    /// Signatures that the window had.
    pub of: u32,
}

impl Reservation {
    /// Whether 90% of the window are used: time to rotate.
    pub const fn is_running_out(&self) -> bool {
        10 * (self.of - self.left) as u64 >= 9 * self.of as u64
    }
}

impl Record {
    /// Of a key that has signed nothing.
    pub(super) const fn new(
        key: KeyDigest,
        from: &Derivation,
        window: Window,
        account: Option<AccountId>,
    ) -> Self {
        Self {
            key,
            chain_id: from.chain_id,
            account,
            counter: from.counter,
            window,
            next_epoch: window.start().0,
            is_known: true,
            last: None,
            rotated_to: None,
        }
    }

    /// Whether it is of a key with this derivation and window.
    pub(super) fn is_of(&self, from: &Derivation, window: Window) -> bool {
        (self.chain_id, self.counter, self.window) == (from.chain_id, from.counter, window)
    }

    /// The key.
    pub const fn key(&self) -> &KeyDigest {
        &self.key
    }

    /// The rollup for which it signs.
    pub const fn chain_id(&self) -> ChainId {
        self.chain_id
    }

    /// The account for which it signs: given when it was made, or that of its first signature.
    pub const fn account(&self) -> Option<AccountId> {
        self.account
    }

    /// Tells the keys of one seed apart.
    pub const fn counter(&self) -> u64 {
        self.counter
    }

    /// The epochs at which it can sign.
    pub const fn window(&self) -> Window {
        self.window
    }

    /// The first epoch that is unused, one past the window when there is none; `None` when it is not known,
    /// because a usage record was lost.
    pub const fn next_epoch(&self) -> Option<Epoch> {
        if self.is_known { Some(Epoch(self.next_epoch)) } else { None }
    }

    /// What it signed last.
    pub const fn last(&self) -> Option<LastSigned> {
        self.last
    }

    /// The key that took its account over.
    pub const fn rotated_to(&self) -> Option<&KeyDigest> {
        self.rotated_to.as_ref()
    }

    /// Signatures left, the epoch that is kept for a rotation not counted.
    pub const fn left(&self) -> u32 {
        self.window.last().0.saturating_sub(self.next_epoch)
    }

    /// Whether it never signed and belongs to nobody else than `account`.
    pub(super) fn is_fresh_for(&self, account: AccountId) -> bool {
        let unused = self.next_epoch == self.window.start().0 && self.is_known && self.last.is_none();
        unused && self.rotated_to.is_none() && self.account.is_none_or(|own| own == account)
    }

    /// What cannot be, however it was written.
    pub(super) fn fault(&self) -> Option<String> {
        let (start, end) = (self.window.start().0, self.window.last().0 + 1);
        if !(start..=end).contains(&self.next_epoch) {
            return Some(format!("next epoch {} is not in the window {start}..={end}", self.next_epoch));
        }
        let last = self.last?;
        (last.epoch.0 >= self.next_epoch)
            .then(|| format!("epoch {} is used and {} is the next", last.epoch, self.next_epoch))
    }

    /// Spends the next epoch on an order. Nothing changes where it is refused.
    pub(super) fn take(&mut self, order: &Order, consent: &Consent) -> Result<Reservation, SignerError> {
        self.check_binding(order)?;
        let replaces = self.check_sequence(order.sequence, consent)?;
        let epoch = self.next(order.purpose, consent)?;
        self.next_epoch = epoch.0 + 1;
        self.is_known = true;
        self.account = Some(order.from);
        self.last = Some(LastSigned { sequence: order.sequence, epoch });
        if let Purpose::Rotation { to } = order.purpose {
            self.rotated_to = Some(to);
        }
        Ok(Reservation { epoch, replaces, left: self.left(), of: self.window.size() as u32 - 1 })
    }

    fn check_binding(&self, order: &Order) -> Result<(), SignerError> {
        let (expected, found) = (self.chain_id, order.chain_id);
        if expected != found {
            return Err(SignerError::Chain { expected, found });
        }
        if let Some(expected) = self.account.filter(|own| *own != order.from) {
            return Err(SignerError::Account { expected, found: order.from });
        }
        match (self.rotated_to, order.purpose) {
            // The same rotation once more, as when the first was not included in time.
            (Some(own), Purpose::Rotation { to }) if own == to => Ok(()),
            (Some(to), _) => Err(SignerError::Rotated { to }),
            (None, Purpose::Rotation { to }) if to == self.key => Err(SignerError::Successor {
                to,
                reason: "an account does not rotate to the key that it has",
            }),
            (None, _) => Ok(()),
        }
    }

    /// The epoch of the transaction that is replaced.
    fn check_sequence(&self, found: Sequence, consent: &Consent) -> Result<Option<Epoch>, SignerError> {
        match self.last {
            Some(last) if found < last.sequence && !consent.lower_sequence => {
                Err(SignerError::Sequence { last: last.sequence, found })
            }
            Some(last) if found == last.sequence => Ok(Some(last.epoch)),
            _ => Ok(None),
        }
    }

    fn next(&self, purpose: Purpose, consent: &Consent) -> Result<Epoch, SignerError> {
        let (next, last) = (self.next_epoch, self.window.last().0);
        let epoch = match consent.skip_to {
            Some(Epoch(asked)) if asked > last => return Err(SignerError::Beyond { asked, next, last }),
            Some(Epoch(asked)) => next.max(asked),
            None if self.is_known => next,
            None => return Err(SignerError::Unknown { least: next }),
        };
        match purpose {
            _ if epoch > last => Err(SignerError::UsedUp { last }),
            Purpose::Ordinary if epoch == last => Err(SignerError::LastEpoch { last }),
            _ => Ok(Epoch(epoch)),
        }
    }
}
