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
        /// Transfers in it so far.
        transfers: T,
        /// Queue items in it so far.
        queue_items: T,
        /// Rolling digest of its entries.
        body: [T; DIGEST],
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
    /// The balance that changes: in the account's cell for the native token, in a cell of its own otherwise.
    pub struct Balance<T> {
        /// Not native: when the balance's cell was last accessed.
        previous: T,
        /// Not native: whether that cell was ever written.
        exists: T,
        /// Balance before.
        before: [T; 8],
        /// Balance after; range-checked.
        after: [T; 8],
        /// What limb `i + 1` gains (recipient, operator) or loses (sender) to limb `i`; the last has none.
        carry: [T; 7],
    }
}

columns! {
    /// A row: one entry of a batch, the end of a batch, or padding.
    pub struct TransactionColumns<T> {
        /// The entry is a transfer.
        transfer: T,
        /// The entry is a deposit to an existing account.
        to_account: T,
        /// The entry is a deposit that creates an account.
        to_key: T,
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
        /// Transfer: the sender. New account: 0, the system.
        from: [T; 2],
        /// The account that is credited.
        to: [T; 2],
        /// Transfer: the operator. New account: the account itself.
        third: [T; 2],
        /// The token.
        token: T,
        /// Whether it is the native one.
        native: T,
        /// `1 / token` unless native.
        token_inverse: T,
        /// What the recipient gets.
        amount: [T; 8],
        /// What the operator gets.
        fee: [T; 4],
        /// The one-time key that signs.
        epoch: T,
        /// `epoch - next epoch of the account`, 16 and 4 bits.
        epoch_gap: [T; 2],
        /// `1 / (epoch - (2^20 - 1))`: the last epoch admits no transfer.
        epoch_inverse: T,
        /// The last batch that may include the transfer.
        expiry: [T; 2],
        /// `expiry - number`.
        slack: [T; 2],
        /// Borrow of that difference.
        slack_borrow: T,
        /// Transfer: the sender's sequence plus one. New account: the account counter plus one.
        increment: [T; 2],
        /// Carry of that sum.
        increment_carry: T,
        /// Accesses 0, 1, 2: sender's account or the counter; recipient's or new account; operator's account
        /// or the new account's `l1_owner`.
        accounts: {CellAccess; 3},
        /// Balances of sender, recipient and operator; where not native, accesses 3, 4, 5.
        balances: {Balance; 3},
        /// Entry: first block of its digest. Seal: digest of the header.
        inner: [T; DIGEST],
        /// Entry: its digest. Seal: `headers` with this header.
        digest: [T; DIGEST],
        /// Entry: `body` with this entry.
        body_after: [T; DIGEST],
        /// Deposit: `queue` with this item.
        queue_after: [T; DIGEST],
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
