//! Cells: the uniform unit of state, and the tree over them.
//!
//! A cell is 20 field elements under an address. The tree has two spaces below its root: accounts (depth 32,
//! one cell each, which holds key, sequence, epoch and native balance) and slots (depth 48: account, then slot),
//! which holds every other cell. A cell that was never written is empty: its payload and its digest are zero.

use std::io::{self, Read, Write};
use std::sync::LazyLock;

use borsh::{BorshDeserialize, BorshSerialize};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::field::{F, Limbs, fe};
use crate::hash::{DIGEST, Digest, Tag, compress16, compress24};
use crate::ids::{AccountId, Amount, Epoch, L1Address, Sequence};
use crate::params::{ACCOUNT_BITS, PAYLOAD, SLOT_BITS, SYSTEM_ACCOUNT};
use crate::records::{KeyDigest, words};

/// Which of the two trees below the root a cell lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Space {
    /// One cell an account, at depth 32.
    Account = 0,
    /// `2^16` cells an account, at depth 48.
    Slot = 1,
}

/// Where a cell lies. In [`Space::Account`] the slot is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct CellAddress {
    /// Account cells or others.
    pub space: Space,
    /// The account.
    pub account: AccountId,
    /// 0 for the account cell; otherwise 0 holds the account's `l1_owner` and a token's number its balance.
    pub slot: u16,
}

impl CellAddress {
    /// The account's own cell.
    pub const fn account(account: AccountId) -> Self {
        Self { space: Space::Account, account, slot: 0 }
    }

    /// Another cell of the account.
    pub const fn slot(account: AccountId, slot: u16) -> Self {
        Self { space: Space::Slot, account, slot }
    }

    /// The counter from which account numbers come.
    pub const COUNTER: Self = Self::slot(AccountId(SYSTEM_ACCOUNT), 0);

    /// Levels between the cell's leaf and the root.
    pub const fn depth(&self) -> usize {
        match self.space {
            Space::Account => 1 + ACCOUNT_BITS,
            Space::Slot => 1 + ACCOUNT_BITS + SLOT_BITS,
        }
    }

    /// `space, account high limb, account low limb, slot`: how buses name a cell.
    pub fn fields(&self) -> [F; 4] {
        let [lo, hi]: [F; 2] = self.account.0.limbs();
        [fe(self.space as u32), hi, lo, F::from_u16(self.slot)]
    }
}

/// What a cell holds: 20 field elements, all zero or with [`Payload::EXISTS`] equal to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload(pub [F; PAYLOAD]);

impl Payload {
    /// Position of the key digest of an account.
    pub const KEY: usize = 0;
    /// Position of the two limbs of an account's sequence.
    pub const SEQUENCE: usize = 8;
    /// Position of an account's next epoch.
    pub const NEXT_EPOCH: usize = 10;
    /// Position of the flag that tells a written cell from an empty one, in every kind of cell.
    pub const EXISTS: usize = 11;
    /// Position of the eight limbs of a balance.
    pub const BALANCE: usize = 12;

    /// Nothing was ever written here.
    pub const EMPTY: Self = Self([fe(0); PAYLOAD]);

    /// Whether the cell was ever written.
    pub fn exists(&self) -> bool {
        self.0[Self::EXISTS] == F::ONE
    }

    /// The key digest of an account's payload.
    pub fn key(&self) -> KeyDigest {
        Digest(core::array::from_fn(|i| self.0[Self::KEY + i]))
    }

    /// Inputs of the hash call that makes the cell's digest: `tag, account high, account low, slot, payload`.
    pub fn leaf_input(&self, at: &CellAddress) -> [F; 24] {
        let mut x = [F::ZERO; 24];
        let [_, hi, lo, slot] = at.fields();
        let tag = match at.space {
            Space::Account => Tag::AccountCell,
            Space::Slot => Tag::SlotCell,
        };
        x[..4].copy_from_slice(&[tag.fe(), hi, lo, slot]);
        x[4..].copy_from_slice(&self.0);
        x
    }

    /// Digest of the cell: zero when empty.
    pub fn digest(&self, at: &CellAddress) -> Digest {
        match self.exists() {
            true => Digest(compress24(self.leaf_input(at))),
            false => Digest::ZERO,
        }
    }
}

impl BorshSerialize for Payload {
    fn serialize<W: Write>(&self, w: &mut W) -> io::Result<()> {
        words::write(&self.0, w)
    }
}

impl BorshDeserialize for Payload {
    fn deserialize_reader<R: Read>(r: &mut R) -> io::Result<Self> {
        words::read(r).map(Self)
    }
}

/// One read and write of a cell by an entry of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The cell.
    pub at: CellAddress,
    /// What it held.
    pub old: Payload,
    /// What it holds from then on.
    pub new: Payload,
}

/// What an entry of a batch touches, by role and in the order of time: 0 the account that pays, or the account
/// counter; 1 the account that is credited; 2 the operator's account, or the `l1_owner` of a new account or of one that is
/// forced to pay; 3, 4, 5 the balances of payer, recipient and operator where the token is not native. Which kinds of
/// entry touch what: `docs/decisions/0004-whole-ledger.md`.
pub type Accesses = [Option<Access>; 6];

/// A child of a touched node, before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Child {
    /// Whether a touched cell lies below it. Where not, `old` equals `new`.
    pub touched: bool,
    /// Digest before.
    pub old: Digest,
    /// Digest after.
    pub new: Digest,
}

/// An inner node above a touched cell or a withdrawal, or the root. Coordinates as in `docs/decisions/0001-chip-layout.md`,
/// "The tree": they are the node's own, that is, those of its left child with the walked one halved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeUpdate {
    /// 0 accounts, 1 slots, 2 withdrawals; 0 at the root.
    pub space: u8,
    /// What the step from the children walks: 0 a bit of the slot, 1 of the account's low limb, 2 of its high
    /// limb, 3 the two spaces (the root).
    pub stage: u8,
    /// Level of the children in that stage, `0..16`; 0 at the root.
    pub level: u8,
    /// Own slot: walked in stage 0, 0 above.
    pub slot: u16,
    /// Own low limb of the account: whole in stage 0, walked in stage 1, 0 above.
    pub lo: u16,
    /// Own high limb of the account: whole in stages 0 and 1, walked in stage 2, 0 above.
    pub hi: u16,
    /// The child whose bit is 0; at the root, the space of accounts.
    pub left: Child,
    /// The child whose bit is 1; at the root, the space of slots.
    pub right: Child,
}

/// Digest of an inner node of the state tree, and of a batch's tree of withdrawals.
pub fn node(left: Digest, right: Digest) -> Digest {
    let mut x = [F::ZERO; 2 * DIGEST];
    x[..DIGEST].copy_from_slice(&left.0);
    x[DIGEST..].copy_from_slice(&right.0);
    Digest(compress16(x))
}

/// Height of the tallest tree below the root: the space of slots.
pub const MAX_HEIGHT: usize = ACCOUNT_BITS + SLOT_BITS;

static EMPTY: LazyLock<[Digest; MAX_HEIGHT + 1]> = LazyLock::new(|| {
    let mut digests = [Digest::ZERO; MAX_HEIGHT + 1];
    for height in 1..digests.len() {
        digests[height] = node(digests[height - 1], digests[height - 1]);
    }
    digests
});

/// Digest of a subtree of a height of at most [`MAX_HEIGHT`] in which every leaf is empty.
pub fn empty_subtree(height: usize) -> Digest {
    EMPTY[height]
}

/// A payload that is not what its place demands: our own bug or a damaged store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cell's payload is no {expected}; the store is damaged: rebuild it")]
pub struct PayloadError {
    /// What should have been there.
    pub expected: &'static str,
}

fn small(x: F, expected: &'static str) -> Result<u16, PayloadError> {
    u16::try_from(x.as_canonical_u32()).map_err(|_| PayloadError { expected })
}

fn exactly(payload: Payload, expected: &'static str, again: Payload) -> Result<(), PayloadError> {
    if payload == again { Ok(()) } else { Err(PayloadError { expected }) }
}

/// What an account's own cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountCell {
    /// Digest of the public key that may sign.
    pub key: KeyDigest,
    /// Transactions so far.
    pub sequence: Sequence,
    /// The first epoch that was not used yet.
    pub next_epoch: Epoch,
    /// Balance of the native token.
    pub balance: Amount,
}

impl AccountCell {
    /// As a payload.
    pub fn payload(&self) -> Payload {
        let mut p = Payload::EMPTY;
        p.0[Payload::KEY..Payload::SEQUENCE].copy_from_slice(&self.key.0);
        p.0[Payload::SEQUENCE..Payload::NEXT_EPOCH].copy_from_slice(&self.sequence.0.limbs());
        p.0[Payload::NEXT_EPOCH] = fe(self.next_epoch.0);
        p.0[Payload::EXISTS] = F::ONE;
        p.0[Payload::BALANCE..].copy_from_slice(&self.balance.0.limbs());
        p
    }

    /// From a payload; `None` when empty.
    pub fn read(payload: &Payload) -> Result<Option<Self>, PayloadError> {
        const WHAT: &str = "account";
        if *payload == Payload::EMPTY {
            return Ok(None);
        }
        let p = &payload.0;
        let [lo, hi] = [small(p[8], WHAT)?, small(p[9], WHAT)?].map(u32::from);
        let cell = Self {
            key: payload.key(),
            sequence: Sequence(hi << 16 | lo),
            next_epoch: Epoch(p[Payload::NEXT_EPOCH].as_canonical_u32()),
            balance: balance(payload)?,
        };
        exactly(*payload, WHAT, cell.payload())?;
        Ok(Some(cell))
    }
}

fn balance(payload: &Payload) -> Result<Amount, PayloadError> {
    payload.0[Payload::BALANCE..]
        .iter()
        .rev()
        .try_fold(Amount(0), |acc, x| Ok(Amount(acc.0 << 16 | u128::from(small(*x, "balance")?))))
}

/// Balance of a token other than the native one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceCell(pub Amount);

impl BalanceCell {
    /// As a payload.
    pub fn payload(&self) -> Payload {
        let mut p = Payload::EMPTY;
        p.0[Payload::EXISTS] = F::ONE;
        p.0[Payload::BALANCE..].copy_from_slice(&self.0.0.limbs());
        p
    }

    /// From a payload; zero when empty.
    pub fn read(payload: &Payload) -> Result<Self, PayloadError> {
        if *payload == Payload::EMPTY {
            return Ok(Self(Amount(0)));
        }
        let cell = Self(balance(payload)?);
        exactly(*payload, "balance", cell.payload())?;
        Ok(cell)
    }
}

/// Slot 0 of an account: who may force its withdrawals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerCell(pub L1Address);

impl OwnerCell {
    /// As a payload: ten limbs from position 0.
    pub fn payload(&self) -> Payload {
        let mut p = Payload::EMPTY;
        p.0[..10].copy_from_slice(&self.0.limbs());
        p.0[Payload::EXISTS] = F::ONE;
        p
    }

    /// From a payload.
    pub fn read(payload: &Payload) -> Result<Self, PayloadError> {
        const WHAT: &str = "L1 owner";
        let mut address = [0; 20];
        for (bytes, limb) in address.chunks_exact_mut(2).zip(&payload.0) {
            bytes.copy_from_slice(&small(*limb, WHAT)?.to_be_bytes());
        }
        let cell = Self(L1Address(address));
        exactly(*payload, WHAT, cell.payload())?;
        Ok(cell)
    }
}

/// Slot 0 of the system account: the number that the next new account gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterCell(pub AccountId);

impl CounterCell {
    /// As a payload: two limbs from position 0.
    pub fn payload(&self) -> Payload {
        let mut p = Payload::EMPTY;
        p.0[..2].copy_from_slice(&self.0.0.limbs());
        p.0[Payload::EXISTS] = F::ONE;
        p
    }

    /// From a payload.
    pub fn read(payload: &Payload) -> Result<Self, PayloadError> {
        const WHAT: &str = "account counter";
        let [lo, hi] = [small(payload.0[0], WHAT)?, small(payload.0[1], WHAT)?].map(u32::from);
        let cell = Self(AccountId(hi << 16 | lo));
        exactly(*payload, WHAT, cell.payload())?;
        Ok(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_read_back() {
        let cell = AccountCell {
            key: crate::hash::hash_fields(Tag::XmssKey, &[F::ONE]),
            sequence: Sequence(u32::MAX),
            next_epoch: Epoch(1 << 20),
            balance: Amount(u128::MAX - 7),
        };
        assert_eq!(AccountCell::read(&cell.payload()), Ok(Some(cell)));
        let mut bad = cell.payload();
        bad.0[Payload::EXISTS] = fe(2);
        assert!(AccountCell::read(&bad).is_err());
        assert_eq!(AccountCell::read(&Payload::EMPTY), Ok(None));
    }

    #[test]
    fn a_zero_key_is_an_account_all_the_same() {
        let cell = AccountCell {
            key: Digest::ZERO,
            sequence: Sequence(0),
            next_epoch: Epoch(0),
            balance: Amount(0),
        };
        assert!(cell.payload().exists());
        let at = CellAddress::account(AccountId(1));
        assert_ne!(cell.payload().digest(&at), Payload::EMPTY.digest(&at));
    }
}
