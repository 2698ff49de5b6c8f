//! The five hash calls of a row, as constraints and trace generation both use them.
//!
//! | call | signed | item | seal |
//! |---|---|---|---|
//! | `inner` | public part | first block into `queue` | first block of the header |
//! | `digest` | rest: what is signed | second block | second block: the header's digest |
//! | `rolled` | | third block: the new `queue` | into `headers` |
//! | `pubdata` | public digest and `to` | its tag | |
//! | `leaf` | of a withdrawal | of a forced one or a refund | |
//!
//! What a row leaves out has no call, so columns that only its kind reads count nowhere else.

use aludel_protocol::hash::{DIGEST, Tag, rolling_start};
use aludel_protocol::params::PROTOCOL_VERSION;
use aludel_protocol::records::{HEADER_FIELDS, ROTATE_FIELDS, TRANSFER_FIELDS, WITHDRAW_FIELDS};
use aludel_protocol::{F, Payload, fe};
use p3_field::Algebra;

use super::columns::TransactionColumns;
use crate::builder::ChipBuilder;
use crate::bus::Bus;

/// Elements of a record that one call absorbs.
const BLOCK: usize = 16;

impl<E: Algebra<F>> TransactionColumns<E> {
    /// First block of a transaction's, the item's or the header's record, chained from where that begins.
    pub(super) fn inner_call(&self) -> [E; 24] {
        let start = self.transaction_start();
        let record = self.block(0);
        let (item, seal) = (self.item(), self.seal.clone());
        let header = [Tag::Header.fe(), fe(HEADER_FIELDS as u32)];
        core::array::from_fn(|i| match i {
            0..8 => {
                let header = header.get(i).map_or(E::ZERO, |x| seal.clone() * *x);
                start[i].clone() + item.clone() * self.state.queue[i].clone() + header
            }
            _ => record[i - 8].clone(),
        })
    }

    /// Second block.
    pub(super) fn digest_call(&self) -> [E; 24] {
        chained(&self.inner, self.block(1))
    }

    /// Third block of an item, or the header's entry into `headers`.
    pub(super) fn rolled_call(&self) -> [E; 24] {
        let third = self.block(2);
        let (item, seal) = (self.item(), self.seal.clone());
        core::array::from_fn(|i| match i {
            0..8 => item.clone() * self.digest[i].clone() + seal.clone() * self.state.headers[i].clone(),
            8..16 => third[i - 8].clone() + seal.clone() * self.digest[i - 8].clone(),
            _ => third[i - 8].clone(),
        })
    }

    /// The entry enters the batch's published data, as `publish` and `publish_item` have it.
    pub(super) fn pubdata_call(&self) -> [E; 24] {
        let mut public: [E; BLOCK] = core::array::from_fn(|i| match i {
            0..8 => self.signed() * self.inner[i].clone(),
            8..10 => self.transfer.clone() * self.to[i - 8].clone(),
            _ => E::ZERO,
        });
        public[0] += self.item() * Tag::QueueItem.fe();
        chained(&self.state.pubdata, public)
    }

    /// As `Withdrawal::leaf_input`. A forced withdrawal pays out the balance, any other leaf the row's amount.
    pub(super) fn leaf_call(&self) -> [E; 24] {
        let (before, forced) = (&self.balances[0].before, &self.forced);
        let paid = core::array::from_fn::<E, 8, _>(|i| {
            self.amount[i].clone() + forced.clone() * (before[i].clone() - self.amount[i].clone())
        });
        let index = [self.state.withdrawals.clone(), self.token.clone()];
        let fields =
            [&[E::from(Tag::Withdrawal.fe())], &self.number[..], &index, &paid, &self.l1, &[E::ZERO]]
                .concat();
        core::array::from_fn(|i| fields[i].clone())
    }

    /// As `Transaction::start`; zero on other rows. Degree 2. What is signed is the chain's id and this build's version.
    fn transaction_start(&self) -> [E; DIGEST] {
        let (transfer, withdraw, rotate) = (&self.transfer, &self.withdraw, &self.rotate);
        let each = |x: F, y: F, z: F| transfer.clone() * x + withdraw.clone() * y + rotate.clone() * z;
        let length = |n: usize| fe(n as u32);
        core::array::from_fn(|i| match i {
            0 => each(Tag::Transfer.fe(), Tag::Withdraw.fe(), Tag::Rotate.fe()),
            1 => each(length(TRANSFER_FIELDS), length(WITHDRAW_FIELDS), length(ROTATE_FIELDS)),
            2 => self.signed() * fe(PROTOCOL_VERSION),
            3..7 => self.signed() * self.state.chain_id[i - 3].clone(),
            _ => E::ZERO,
        })
    }

    /// Block `n` of the row's record; zero where it has none. Degree 2.
    fn block(&self, n: usize) -> [E; BLOCK] {
        let records = [
            (self.transfer.clone(), self.transaction_fields(&self.amount, &self.to)),
            (self.withdraw.clone(), self.transaction_fields(&self.amount, &self.l1)),
            (self.rotate.clone(), self.transaction_fields(&self.accounts[0].new[..Payload::SEQUENCE], &[])),
            (self.item(), self.item_fields()),
            (self.seal.clone(), self.header_fields()),
        ];
        core::array::from_fn(|i| {
            let field =
                |(kind, fields): &(E, Vec<E>)| Some(kind.clone() * fields.get(n * BLOCK + i)?.clone());
            records.iter().filter_map(field).fold(E::ZERO, |sum, x| sum + x)
        })
    }

    /// As `Transaction::fields`. The sequence has no column of its own: what is signed is that of the sender's account.
    fn transaction_fields(&self, eight: &[E], rest: &[E]) -> Vec<E> {
        let sequence = &self.accounts[0].old[Payload::SEQUENCE..Payload::NEXT_EPOCH];
        let token = core::slice::from_ref(&self.token);
        let epoch = core::slice::from_ref(&self.epoch);
        [&self.from[..], token, &self.fee, epoch, eight, sequence, &self.expiry, rest].concat()
    }

    /// As `QueueItem::fields`.
    ///
    /// Only the amount's limbs are range-checked. The queue's rolling digest is L1's, which it computes from limbs of
    /// 16 bits, so any other elements here are a collision.
    fn item_fields(&self) -> Vec<E> {
        let head = [self.item_kind.clone(), self.token.clone()];
        [&head[..], &self.amount, &self.account, &self.l1, &self.key].concat()
    }

    /// As `Header::fields`.
    pub(super) fn header_fields(&self) -> Vec<E> {
        let s = &self.state;
        let counts = [s.transactions.clone(), s.queue_items.clone(), s.withdrawals.clone()];
        [&self.number[..], &s.operator, &counts, &s.pubdata, &self.leaf].concat()
    }
}

/// A call that goes on from a state.
fn chained<E: Algebra<F>>(state: &[E; DIGEST], block: [E; BLOCK]) -> [E; 24] {
    core::array::from_fn(|i| if i < DIGEST { &state[i] } else { &block[i - DIGEST] }.clone())
}

/// Where a batch's published data begin.
pub(super) fn pubdata_start<E: Algebra<F>>() -> [E; DIGEST] {
    rolling_start(Tag::Pubdata).0.map(E::from)
}

/// Asks for every call. All have inputs of degree 2, so each has an auxiliary column of its own.
pub(super) fn hashes<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let calls = [
        (r.inner_call(), &r.inner, r.real()),
        (r.digest_call(), &r.digest, r.real()),
        (r.rolled_call(), &r.rolled, r.item() + r.seal.clone()),
        (r.pubdata_call(), &r.pubdata_after, r.entry()),
        (r.leaf_call(), &r.leaf, r.leaves()),
    ];
    for (x, y, count) in calls {
        b.lookup(Bus::Hash24, [&x[..], &y[..]].concat(), count);
    }
}
