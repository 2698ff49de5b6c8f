//! Small honest chains, for benches and for tests that need a whole one; and benches of kernels.

#![forbid(unsafe_code)]

use aludel_ledger::keys::Signer;
use aludel_ledger::xmss::{Derivation, Window, verify_batch};
use aludel_ledger::{BatchBuilder, Chain, SealedBatch};
use aludel_protocol::records::transaction_version;
use aludel_protocol::{
    AccountId, Action, Amount, BatchNumber, ChainId, Entry, Epoch, Fee, KeyDigest, L1Address, QueueItem,
    Sequence, SignedTransaction, TokenId, Transaction,
};

pub mod kernels;
mod share;

pub use share::Share;

/// The rollup of every scenario.
pub const CHAIN: ChainId = ChainId(0xa1);

/// The account that receives the fees: the first wallet's.
pub const OPERATOR: AccountId = AccountId(1);

/// What each wallet is funded with, in each of two tokens.
pub const FUNDS: u128 = 1 << 70;

/// Wallets with real keys on a chain of their own. Wallet `i` has account `i + 1` and the L1 owner [`owner`]`(i)`.
pub struct Scenario {
    /// The chain.
    pub chain: Chain,
    /// The wallets.
    pub wallets: Vec<Signer>,
    sequences: Vec<u32>,
    keys: u64,
    window: Window,
}

impl Scenario {
    /// An empty chain and the keys of `wallets`, each of `2^log_window` epochs.
    pub fn new(wallets: usize, log_window: u8) -> Self {
        let window = Window::new(Epoch(0), log_window).expect("a window at the beginning exists");
        let keys = wallets as u64;
        let wallets = Signer::generate_many((0..keys).map(derivation).collect(), window);
        Self { chain: Chain::genesis(CHAIN), sequences: vec![0; wallets.len()], wallets, keys, window }
    }

    /// One deposit a wallet that creates its account.
    pub fn openings(&self) -> Vec<Entry> {
        let opening = |i| QueueItem::to_key(self.key(i), owner(i), TokenId(0), Amount(FUNDS));
        (0..self.wallets.len()).map(opening).map(Entry::Queue).collect()
    }

    /// One deposit a wallet in another token.
    pub fn top_ups(&self) -> Vec<Entry> {
        let top_up = |i| QueueItem::to_account(account(i), TOKEN, Amount(FUNDS), owner(i));
        (0..self.wallets.len()).map(top_up).map(Entry::Queue).collect()
    }

    /// A transfer with its sender's next epoch and sequence.
    pub fn pay(&mut self, from: usize, to: usize, token: u16, amount: u128, fee: u64) -> SignedTransaction {
        self.sign(from, token, fee, Action::Transfer { to: account(to), amount: Amount(amount) })
    }

    /// A withdrawal to the wallet's L1 owner.
    pub fn withdraw(&mut self, from: usize, token: u16, amount: u128, fee: u64) -> SignedTransaction {
        self.sign(from, token, fee, Action::Withdraw { to: owner(from), amount: Amount(amount) })
    }

    /// A rotation to a fresh key, with which the wallet signs from then on.
    pub fn rotate(&mut self, from: usize, token: u16, fee: u64) -> SignedTransaction {
        let fresh = self.fresh();
        let signed = self.sign(from, token, fee, Action::Rotate { key: fresh.public_key().digest() });
        self.wallets[from] = fresh;
        signed
    }

    /// The key that a wallet signs with.
    pub fn key(&self, wallet: usize) -> KeyDigest {
        self.wallets[wallet].public_key().digest()
    }

    fn fresh(&mut self) -> Signer {
        self.keys += 1;
        Signer::generate_many(vec![derivation(self.keys - 1)], self.window).remove(0)
    }

    fn sign(&mut self, from: usize, token: u16, fee: Fee, action: Action) -> SignedTransaction {
        let sequence = self.sequences[from];
        self.sequences[from] += 1;
        let transaction = Transaction {
            chain_id: CHAIN,
            protocol_version: transaction_version(),
            from: account(from),
            token: TokenId(token),
            fee,
            sequence: Sequence(sequence),
            epoch: Epoch(0),
            expiry: BatchNumber(u32::MAX),
            action,
        };
        self.wallets[from].sign(transaction).expect("the window has an epoch left")
    }

    /// Executes entries as one batch; all of them must be accepted.
    pub fn seal(&mut self, entries: Vec<Entry>) -> SealedBatch {
        let limit = entries.len();
        let mut builder = BatchBuilder::new(&mut self.chain, OPERATOR, limit).expect("numbers are left");
        let refused = builder.extend(entries, &verify_batch);
        assert!(refused.is_empty(), "refused: {refused:?}");
        builder.seal()
    }

    /// Two batches of transfers and the deposits that pay for them: wallets are opened and topped up, then pay in both
    /// tokens, one of them itself, one of them the operator.
    pub fn payments(&mut self) -> Vec<SealedBatch> {
        let deposits = [self.openings(), self.top_ups()].concat();
        let first = self.seal(deposits);
        let n = self.wallets.len();
        let mut payments = vec![self.pay(1, 1, 0, 5, 1), self.pay(1, 0, 3, 6, 2), self.pay(0, 2, 0, 7, 3)];
        payments.extend((0..n).map(|i| self.pay(i, (i + 1) % n, if i % 2 == 0 { 0 } else { 3 }, 100, 4)));
        let second = self.seal(payments.into_iter().map(Entry::Transaction).collect());
        vec![first, second]
    }

    /// [`Scenario::payments`], then a batch with every other kind of entry and every outcome that a queue item can
    /// have on a chain with account numbers left. At least three wallets.
    pub fn every_kind(&mut self) -> Vec<SealedBatch> {
        let mut batches = self.payments();
        let signed = [
            self.withdraw(0, 0, 9, 2),
            self.rotate(1, 3, 1),
            self.pay(1, 2, 0, 4, 1),
            self.withdraw(2, 3, 8, 1),
        ];
        let entries =
            signed.map(Entry::Transaction).into_iter().chain(self.odd_items().into_iter().map(Entry::Queue));
        let last = self.seal(entries.collect());
        batches.push(last);
        batches
    }

    /// What a batch of the workload W1 holds: each wallet pays the next.
    pub fn w1(&mut self) -> Vec<Entry> {
        let n = self.wallets.len();
        (0..n).map(|i| Entry::Transaction(self.pay(i, (i + 1) % n, 0, 5, 1))).collect()
    }

    /// What a batch of the workload W2 holds, an entry a wallet, in the shares of [`Share::of_w2`].
    pub fn w2(&mut self) -> Vec<Entry> {
        let n = self.wallets.len();
        (0..n).map(|i| self.w2_entry(i, (i + 1) % n)).collect()
    }

    fn w2_entry(&mut self, i: usize, next: usize) -> Entry {
        let native = TokenId(0);
        match Share::of_w2(i) {
            Share::TopUp => Entry::Queue(QueueItem::to_account(account(i), native, Amount(5), owner(i))),
            Share::Open => {
                let key = self.fresh().public_key().digest();
                Entry::Queue(QueueItem::to_key(key, owner(i), native, Amount(5)))
            }
            Share::Withdraw => Entry::Transaction(self.withdraw(i, 0, 5, 1)),
            Share::Force => Entry::Queue(QueueItem::forced(account(i), native, owner(i))),
            Share::Rotate => Entry::Transaction(self.rotate(i, 0, 1)),
            Share::Transfer => Entry::Transaction(self.pay(i, next, 0, 5, 1)),
        }
    }

    /// Forced withdrawals that take effect, then items of every reason not to, `no_number` excepted.
    pub fn odd_items(&self) -> Vec<QueueItem> {
        let nobody = AccountId(u32::MAX);
        let deposit = |to, token, amount| QueueItem::to_account(to, token, Amount(amount), owner(1));
        vec![
            QueueItem::forced(account(2), TOKEN, owner(2)),
            QueueItem::forced(account(2), TokenId(0), owner(2)),
            deposit(nobody, TOKEN, 5),
            deposit(account(1), TokenId(0), u128::MAX),
            deposit(account(1), TOKEN, u128::MAX),
            QueueItem { kind: 77, ..deposit(account(1), TOKEN, 3) },
            QueueItem::forced(nobody, TOKEN, owner(1)),
            QueueItem::forced(account(1), TokenId(0), owner(0)),
        ]
    }
}

/// The second token of every scenario.
pub const TOKEN: TokenId = TokenId(3);

/// The account of a wallet.
pub fn account(wallet: usize) -> AccountId {
    AccountId(wallet as u32 + OPERATOR.0)
}

/// Who may force a wallet's withdrawals.
pub fn owner(wallet: usize) -> L1Address {
    L1Address([wallet as u8 + 9; 20])
}

/// What the key of a wallet derives from: wallet `i` begins with the key of counter `i`.
pub const fn derivation(counter: u64) -> Derivation {
    Derivation { seed: [7; 32], chain_id: CHAIN, counter }
}
