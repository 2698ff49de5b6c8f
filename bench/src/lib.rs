//! Small honest chains, for benches and for tests that need a whole one.

#![forbid(unsafe_code)]

use aludel_ledger::keys::Signer;
use aludel_ledger::xmss::{Derivation, Window, verify_batch};
use aludel_ledger::{BatchBuilder, Chain, SealedBatch};
use aludel_protocol::records::transfer_version;
use aludel_protocol::{
    AccountId, Amount, BatchNumber, ChainId, Deposit, Entry, Epoch, L1Address, QueueItem, Sequence,
    SignedTransfer, TokenId, Transfer,
};

/// The rollup of every scenario.
pub const CHAIN: ChainId = ChainId(0xa1);

/// The account that receives the fees: the first wallet's.
pub const OPERATOR: AccountId = AccountId(1);

/// What each wallet is funded with, in each of two tokens.
pub const FUNDS: u128 = 1 << 70;

/// Wallets with real keys on a chain of their own. Wallet `i` has account `i + 1`.
pub struct Scenario {
    /// The chain.
    pub chain: Chain,
    /// The wallets.
    pub wallets: Vec<Signer>,
    sequences: Vec<u32>,
}

impl Scenario {
    /// An empty chain and the keys of `wallets`, each of `2^log_window` epochs.
    pub fn new(wallets: usize, log_window: u8) -> Self {
        let window = Window::new(Epoch(0), log_window).expect("a window at the beginning exists");
        let from = |counter| Derivation { seed: [7; 32], chain_id: CHAIN, counter };
        let wallets: Vec<_> = Signer::generate_many((0..wallets as u64).map(from).collect(), window);
        Self { chain: Chain::genesis(CHAIN), sequences: vec![0; wallets.len()], wallets }
    }

    /// One deposit a wallet that creates its account.
    pub fn openings(&self) -> Vec<Entry> {
        let opening = |signer: &Signer| QueueItem {
            token: TokenId(0),
            amount: Amount(FUNDS),
            deposit: Deposit::ToKey { key: signer.public_key().digest(), l1_owner: L1Address([9; 20]) },
        };
        self.wallets.iter().map(opening).map(Entry::Queue).collect()
    }

    /// One deposit a wallet in another token.
    pub fn top_ups(&self) -> Vec<Entry> {
        let top_up = |i| QueueItem {
            token: TokenId(3),
            amount: Amount(FUNDS),
            deposit: Deposit::ToAccount { account: account(i) },
        };
        (0..self.wallets.len()).map(top_up).map(Entry::Queue).collect()
    }

    /// A transfer with its sender's next epoch and sequence.
    pub fn pay(&mut self, from: usize, to: usize, token: u16, amount: u128, fee: u64) -> SignedTransfer {
        let sequence = self.sequences[from];
        self.sequences[from] += 1;
        let transfer = Transfer {
            chain_id: CHAIN,
            protocol_version: transfer_version(),
            from: account(from),
            to: account(to),
            token: TokenId(token),
            amount: Amount(amount),
            fee,
            sequence: Sequence(sequence),
            epoch: Epoch(0),
            expiry: BatchNumber(u32::MAX),
        };
        self.wallets[from].sign(transfer).expect("the window has an epoch left")
    }

    /// Executes entries as one batch; all of them must be accepted.
    pub fn seal(&mut self, entries: Vec<Entry>) -> SealedBatch {
        let limit = entries.len();
        let mut builder = BatchBuilder::new(&mut self.chain, OPERATOR, limit).expect("numbers are left");
        let refused = builder.extend(entries, &verify_batch);
        assert!(refused.is_empty(), "refused: {refused:?}");
        builder.seal()
    }

    /// Two batches that use every kind of entry: wallets are opened and topped up, then pay in both tokens, one
    /// of them itself, one of them the operator.
    pub fn every_kind(&mut self) -> Vec<SealedBatch> {
        let deposits = [self.openings(), self.top_ups()].concat();
        let first = self.seal(deposits);
        let n = self.wallets.len();
        let mut payments = vec![self.pay(1, 1, 0, 5, 1), self.pay(1, 0, 3, 6, 2), self.pay(0, 2, 0, 7, 3)];
        payments.extend((0..n).map(|i| self.pay(i, (i + 1) % n, if i % 2 == 0 { 0 } else { 3 }, 100, 4)));
        let second = self.seal(payments.into_iter().map(Entry::Transfer).collect());
        vec![first, second]
    }
}

/// The account of a wallet.
pub fn account(wallet: usize) -> AccountId {
    AccountId(wallet as u32 + OPERATOR.0)
}
