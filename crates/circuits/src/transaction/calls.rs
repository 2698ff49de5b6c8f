//! Inputs of the row's hash calls, as constraints and trace generation both use them.
//!
//! An entry's digest takes two calls, a header's takes one; each kind of row has its own inputs at the same
//! two places. What a kind lacks is zero: all selectors are boolean and at most one of them is one.

use aludel_protocol::hash::{DIGEST, Tag, rolling_start};
use aludel_protocol::params::PROTOCOL_VERSION;
use aludel_protocol::records::{HEADER_FIELDS, QUEUE_ITEM_FIELDS, TRANSFER_FIELDS};
use aludel_protocol::{F, QueueItem, fe};
use p3_field::Algebra;

use super::columns::TransactionColumns;

/// Elements of a record that one call absorbs.
const BLOCK: usize = 16;

impl<E: Algebra<F>> TransactionColumns<E> {
    /// Whether the row is a queue item.
    pub(super) fn deposit(&self) -> E {
        self.to_account.clone() + self.to_key.clone()
    }

    /// Whether the row is an entry of a batch.
    pub(super) fn entry(&self) -> E {
        self.transfer.clone() + self.deposit()
    }

    /// Whether anything happens on the row.
    pub(super) fn real(&self) -> E {
        self.entry() + self.seal.clone()
    }

    /// First block of the entry's or the header's digest, chained from the record's start.
    pub(super) fn inner_call(&self) -> [E; 24] {
        let header = self.header_fields();
        let start = |transfer: F, item: F, header: F| {
            self.transfer.clone() * transfer + self.deposit() * item + self.seal.clone() * header
        };
        let length = |n: usize| fe(n as u32);
        let record = self.entry_block(0);
        core::array::from_fn(|i| match i {
            0 => start(Tag::Transfer.fe(), Tag::QueueItem.fe(), Tag::Header.fe()),
            1 => start(length(TRANSFER_FIELDS), length(QUEUE_ITEM_FIELDS), length(HEADER_FIELDS)),
            2..8 => E::ZERO,
            _ => record[i - 8].clone() + self.seal.clone() * or_zero(&header, i - 8),
        })
    }

    /// Second block of the entry's digest, or the header's entry into `headers`.
    pub(super) fn digest_call(&self) -> [E; 24] {
        let record = self.entry_block(BLOCK);
        core::array::from_fn(|i| match i {
            0..8 => self.entry() * self.inner[i].clone() + self.seal.clone() * self.state.headers[i].clone(),
            _ => record[i - 8].clone() + self.seal.clone() * or_zero(&self.inner, i - 8),
        })
    }

    /// The entry's digest enters the batch's body.
    pub(super) fn body_call(&self) -> [E; 24] {
        self.rolled(&self.state.body)
    }

    /// The item's digest enters the queue.
    pub(super) fn queue_call(&self) -> [E; 24] {
        self.rolled(&self.state.queue)
    }

    fn rolled(&self, state: &[E; DIGEST]) -> [E; 24] {
        core::array::from_fn(|i| match i {
            0..8 => state[i].clone(),
            8..16 => self.digest[i - 8].clone(),
            _ => E::ZERO,
        })
    }

    /// Sixteen elements of the entry's record from `from` on; zero on other rows. Degree 2.
    fn entry_block(&self, from: usize) -> [E; BLOCK] {
        let (transfer, item) = (self.transfer_fields(), self.item_fields());
        core::array::from_fn(|i| {
            self.transfer.clone() * or_zero(&transfer, from + i) + or_zero(&item, from + i)
        })
    }

    /// As `Transfer::fields`. Chain id, version and sequence have no columns of their own: what is signed is
    /// the chain's id, this build's version and the sequence that the sender's account holds.
    fn transfer_fields(&self) -> Vec<E> {
        let sequence = &self.accounts[0].old[8..10];
        [
            &self.state.chain_id[..],
            &[E::from(fe(PROTOCOL_VERSION))],
            &self.from,
            &self.to,
            core::slice::from_ref(&self.token),
            &self.amount,
            &self.fee,
            sequence,
            core::slice::from_ref(&self.epoch),
            &self.expiry,
        ]
        .concat()
    }

    /// As `QueueItem::fields`, times the kind's selector. Owner and key are what the new cells hold.
    ///
    /// Their limbs are not range-checked: the digest enters the queue, whose rolling digest L1 computes from
    /// canonical records (another record of one digest is a collision), and nothing here computes with them.
    fn item_fields(&self) -> Vec<E> {
        let times = |by: &E, x: &[E]| x.iter().map(|x| by.clone() * x.clone()).collect::<Vec<_>>();
        let kind =
            self.to_account.clone() * fe(QueueItem::TO_ACCOUNT) + self.to_key.clone() * fe(QueueItem::TO_KEY);
        let deposit = self.deposit();
        [
            vec![kind],
            times(&deposit, core::slice::from_ref(&self.token)),
            times(&deposit, &self.amount),
            times(&self.to_account, &self.to),
            times(&self.to_key, &self.accounts[2].new[..10]),
            times(&self.to_key, &self.accounts[1].new[..8]),
        ]
        .concat()
    }

    /// As `Header::fields`.
    pub(super) fn header_fields(&self) -> Vec<E> {
        [
            &self.number[..],
            &self.state.operator,
            core::slice::from_ref(&self.state.transfers),
            core::slice::from_ref(&self.state.queue_items),
            &self.state.body,
        ]
        .concat()
    }
}

fn or_zero<E: Algebra<F>>(fields: &[E], i: usize) -> E {
    fields.get(i).cloned().unwrap_or(E::ZERO)
}

/// Where a batch's body begins.
pub(super) fn body_start<E: Algebra<F>>() -> [E; DIGEST] {
    rolling_start(Tag::Body).0.map(E::from)
}
