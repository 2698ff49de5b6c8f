//! A row of `transaction`.

use aludel_protocol::hash::DIGEST;
use aludel_protocol::params::PAYLOAD;

use crate::columns;
use crate::columns::Columns;

columns! {
    /// The chain before the row's entry. Integers are 16-bit limbs, least significant first.
    pub struct State<T> {
        /// The rollup; constant.
        chain_id: [T; 4],
        /// The last sealed batch.
        sealed: [T; 2],
        /// Operator of the batch that is being built.
        operator: [T; 2],
        /// Transactions in it so far.
        transactions: T,
        /// Queue items in it so far.
        queue_items: T,
        /// Leaves of its tree of withdrawals so far: the index of the next.
        withdrawals: T,
        /// Rolling digest of what is published of its entries.
        pubdata: [T; DIGEST],
        /// Rolling digest of sealed headers.
        headers: [T; DIGEST],
        /// Rolling digest of consumed queue items.
        queue: [T; DIGEST],
        /// Number of consumed queue items.
        queue_index: [T; 2],
        /// `8 (row + 1)`: access `j` of the row happens at `clock + j`.
        clock: T,
    }
}

columns! {
    /// Access of a cell whose whole payload matters.
    pub struct CellAccess<T> {
        /// When the cell was last accessed.
        previous: T,
        /// What it held.
        old: [T; PAYLOAD],
        /// What it holds from then on.
        new: [T; PAYLOAD],
    }
}

columns! {
    /// The balance that moves: in the account's cell for the native token, in a cell of its own otherwise.
    pub struct Balance<T> {
        /// Not native: when the balance's cell was last accessed.
        previous: T,
        /// Not native: whether that cell was ever written.
        exists: T,
        /// Balance before.
        before: [T; 8],
        /// Balance after; range-checked. Overflow: the sum without its carry, which is not written.
        after: [T; 8],
        /// What limb `i + 1` gains (recipient, operator) or loses (sender) to limb `i`. The last limb has none, but for
        /// the recipient's where the row is an overflow.
        carry: [T; 7],
    }
}

columns! {
    /// A row: one entry of a batch, the end of a batch, or padding.
    ///
    /// *Signed* are the first three kinds, *items* of the L1 queue the next nine. A *leaf* of the batch's withdrawals have
    /// `withdraw`, `forced`, `no_account`, `overflow`, `no_number` and `unknown_kind`.
    pub struct TransactionColumns<T> {
        /// A signed payment to an account.
        transfer: T,
        /// A signed payment to an address on L1.
        withdraw: T,
        /// A signed change of key.
        rotate: T,
        /// A deposit to an existing account.
        to_account: T,
        /// A deposit that creates an account.
        to_key: T,
        /// A forced withdrawal.
        forced: T,
        /// Refund of a deposit to an account that does not exist.
        no_account: T,
        /// Refund of a deposit for which the balance has no room.
        overflow: T,
        /// Refund of a deposit for which there is no account number left.
        no_number: T,
        /// Refund of an item of no known kind.
        unknown_kind: T,
        /// A forced withdrawal from an account that does not exist: nothing happens.
        forced_no_account: T,
        /// A forced withdrawal that the owner did not ask for: nothing happens.
        not_owner: T,
        /// The batch ends here.
        seal: T,
        /// Nothing happens.
        padding: T,
        /// The chain before the row.
        state: {State},
        /// `sealed + 1`: the batch that is being built.
        number: [T; 2],
        /// Carry of that sum.
        number_carry: T,
        /// Carry of `queue_index + 1`.
        queue_carry: T,
        /// Signed: the sender. Forced withdrawal: who is forced. Deposit to a key: 0, the system.
        from: [T; 2],
        /// Transfer, deposit: the account that is credited.
        to: [T; 2],
        /// Signed: the operator. New account: the account itself. Forced withdrawal: who is forced.
        third: [T; 2],
        /// The token.
        token: T,
        /// Whether it is the native one.
        native: T,
        /// `1 / token` unless native.
        token_inverse: T,
        /// What is paid, withdrawn or deposited; of a rotation 0.
        amount: [T; 8],
        /// What the operator gets.
        fee: [T; 4],
        /// Item: its kind as L1 wrote it.
        item_kind: T,
        /// `(item_kind - 1) (item_kind - 2) (item_kind - 3)`.
        kind_product: T,
        /// Item: the account that it names.
        account: [T; 2],
        /// Withdrawal: its destination. Item: its L1 address.
        l1: [T; 10],
        /// Item: its key, two limbs an element.
        key: [T; 16],
        /// Not the owner: factors with which the differences to the `l1_owner`, and what its existence lacks, sum to 1.
        difference: [T; 11],
        /// The one-time key that signs.
        epoch: T,
        /// `epoch - next epoch of the account`, 16 and 4 bits.
        epoch_gap: [T; 2],
        /// `1 / x`, for an `x` that must not be 0. Transfer, withdrawal: `epoch - (2^20 - 1)`, as the last epoch admits only a
        /// rotation. Unknown kind: `kind_product`. Seal of a batch with withdrawals: their number.
        inverse: T,
        /// The last batch that may include the transaction.
        expiry: [T; 2],
        /// `expiry - number`.
        slack: [T; 2],
        /// Borrow of that difference.
        slack_borrow: T,
        /// Signed: the sender's sequence plus one. New account: the account counter plus one.
        increment: [T; 2],
        /// Carry of that sum.
        increment_carry: T,
        /// Accesses 0, 1, 2: account `from` or the counter; account `to`; the operator's account or an `l1_owner`.
        accounts: {CellAccess; 3},
        /// Balances of `from`, `to` and the operator; where not native, accesses 3, 4, 5.
        balances: {Balance; 3},
        /// Signed: the public digest. Item, header: the state after the first block.
        inner: [T; DIGEST],
        /// Signed: what is signed. Item: the state after the second block. Seal: digest of the header.
        digest: [T; DIGEST],
        /// Item: `queue` with it. Seal: `headers` with this header.
        rolled: [T; DIGEST],
        /// Entry: `pubdata` with this entry.
        pubdata_after: [T; DIGEST],
        /// Leaf kinds: the leaf. Seal: root of the batch's tree of withdrawals.
        leaf: [T; DIGEST],
        /// Seal: whether the batch has withdrawals.
        has_withdrawals: T,
    }
}

columns! {
    /// Preprocessed columns.
    pub struct Flags<T> {
        /// One on the first row only.
        first: T,
        /// One on the last row only.
        last: T,
    }
}

impl<T: Clone> TransactionColumns<T> {
    /// The row's cells as polynomials, or as themselves.
    pub(super) fn lift<E>(self) -> TransactionColumns<E>
    where
        T: Into<E>,
    {
        TransactionColumns::take(&mut self.to_row().into_iter().map(Into::into))
    }
}
