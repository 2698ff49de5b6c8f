//! What forgers hash again after they edited rows, so that nothing but the crime is left over.

use aludel_circuits::transaction::columns::TransactionColumns;
use aludel_protocol::hash::{Tag, absorb, iv, roll, rolling_start};
use aludel_protocol::records::{HEADER_FIELDS, WithdrawalTree, no_withdrawals};
use aludel_protocol::{BatchNumber, Digest, F};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};

use super::forgery::Forgery;

/// Elements of a hash call's record.
const BLOCK: usize = 16;

impl Forgery {
    /// Hashes the headers again, through every row to the statement.
    pub fn reseal(&mut self) {
        let mut headers = Digest(self.row(0).state.headers);
        for row in 0..self.height() {
            self.edit(row, |r| {
                r.state.headers = headers.0;
                if r.seal == F::ONE {
                    let fields = header_fields(r);
                    let inner = absorb(Digest(iv(Tag::Header, HEADER_FIELDS as u32)), &fields[..BLOCK]);
                    let digest = absorb(inner, &fields[BLOCK..]);
                    headers = roll(headers, digest);
                    (r.inner, r.digest, r.rolled) = (inner.0, digest.0, headers.0);
                }
            });
        }
        self.says.next.headers = headers;
    }

    /// Publishes the entries again, each by what is told of its row and the digest before it, and reseals.
    pub fn republish(&mut self, publish: impl Fn(usize, &TransactionColumns<F>, Digest) -> Digest) {
        let mut pubdata = rolling_start(Tag::Pubdata);
        for row in 0..self.height() {
            self.edit(row, |r| {
                r.state.pubdata = pubdata.0;
                if r.seal == F::ONE {
                    pubdata = rolling_start(Tag::Pubdata);
                } else if r.padding == F::ZERO {
                    pubdata = publish(row, r, pubdata);
                    r.pubdata_after = pubdata.0;
                }
            });
        }
        self.reseal();
    }

    /// Hashes the queue again from the items that the rows hold.
    pub fn requeue(&mut self) {
        let mut queue = Digest(self.row(0).state.queue);
        for row in 0..self.height() {
            self.edit(row, |r| {
                r.state.queue = queue.0;
                if is_item(r) {
                    let fields = item_fields(r);
                    let inner = absorb(queue, &fields[..BLOCK]);
                    let digest = absorb(inner, &fields[BLOCK..2 * BLOCK]);
                    queue = absorb(digest, &fields[2 * BLOCK..]);
                    (r.inner, r.digest, r.rolled) = (inner.0, digest.0, queue.0);
                }
            });
        }
        self.says.next.queue = queue;
    }

    /// Puts the roots of [`Forgery::trees`] into the seals, without a glance at the rows, and reseals.
    pub fn replant(&mut self) {
        for row in 0..self.height() {
            let r = self.row(row);
            if r.seal == F::ONE {
                let leaves = self.leaves_of(number(&r)).cloned();
                self.edit(row, |r| {
                    r.has_withdrawals = F::from_bool(leaves.is_some());
                    let count = leaves.as_ref().and_then(|_| r.state.withdrawals.try_inverse());
                    r.inverse = count.unwrap_or(F::ZERO);
                    r.leaf = leaves.map_or(no_withdrawals(), |l| WithdrawalTree::new(l).root()).0;
                });
            }
        }
        self.reseal();
    }

    /// Has a row add another leaf, which its batch's tree takes up.
    pub fn plant(&mut self, row: usize, leaf: Digest) {
        let r = self.row(row);
        let index = r.state.withdrawals.as_canonical_u32() as usize;
        let of = number(&r);
        let tree = self.trees.iter_mut().find(|(n, _)| *n == of);
        tree.expect("the batch has withdrawals").1[index] = leaf;
        self.edit(row, |r| r.leaf = leaf.0);
        self.replant();
    }

    fn leaves_of(&self, number: BatchNumber) -> Option<&Vec<Digest>> {
        self.trees.iter().find(|(n, _)| *n == number).map(|(_, leaves)| leaves)
    }
}

/// The batch of a row.
pub fn number(r: &TransactionColumns<F>) -> BatchNumber {
    let [lo, hi] = r.number.map(|x| x.as_canonical_u32());
    BatchNumber(hi << 16 | lo)
}

fn header_fields(r: &TransactionColumns<F>) -> Vec<F> {
    let s = &r.state;
    let counts = [s.transactions, s.queue_items, s.withdrawals];
    [&r.number[..], &s.operator, &counts, &s.pubdata, &r.leaf].concat()
}

fn item_fields(r: &TransactionColumns<F>) -> Vec<F> {
    [&[r.item_kind, r.token][..], &r.amount, &r.account, &r.l1, &r.key].concat()
}

fn is_item(r: &TransactionColumns<F>) -> bool {
    let others = [r.transfer, r.withdraw, r.rotate, r.seal, r.padding];
    others.iter().all(|kind| *kind == F::ZERO)
}
