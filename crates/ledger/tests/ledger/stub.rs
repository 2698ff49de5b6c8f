//! A signature scheme for tests: it binds key, message and epoch and hides nothing.

use aludel_ledger::{BatchBuilder, Chain, Claim, SealedBatch};
use aludel_protocol::params::{XMSS_CHAINS, XMSS_DEPTH, XMSS_PARAMETER};
use aludel_protocol::records::transaction_version;
use aludel_protocol::{
    AccountId, Action, Amount, BatchNumber, ChainId, Digest, Entry, Epoch, F, L1Address, QueueItem, Sequence,
    Signature, SignedTransaction, TokenId, Transaction, fe,
};

pub const CHAIN: ChainId = ChainId(77);

pub fn verify(claims: &[Claim<'_>]) -> Vec<Result<(), &'static str>> {
    let verdict = |c: &Claim<'_>| match *c.signature == made(&c.key, &c.message, &c.epoch) {
        true => Ok(()),
        false => Err("not made by this key"),
    };
    claims.iter().map(verdict).collect()
}

/// That a transaction is signed by a key.
pub fn claim<'a>(key: &Digest, signed: &'a SignedTransaction) -> Claim<'a> {
    let t = &signed.transaction;
    Claim { key: *key, epoch: t.epoch, message: t.digest(), signature: &signed.signature }
}

fn made(key: &Digest, message: &Digest, epoch: &Epoch) -> Signature {
    Signature {
        parameter: [fe(epoch.0); XMSS_PARAMETER],
        randomness: core::array::from_fn(|i| key.0[i] + message.0[i]),
        chains: [Digest::ZERO; XMSS_CHAINS],
        path: [*key; XMSS_DEPTH],
    }
}

/// The key of the account with this number, in tests that create accounts in order.
pub fn key(n: u32) -> Digest {
    Digest(core::array::from_fn(|i| F::new(1000 * n + i as u32)))
}

pub fn owner(n: u32) -> L1Address {
    L1Address([n as u8; 20])
}

/// Whom the ledger pays back what it cannot credit, in tests.
pub const REFUND_TO: L1Address = L1Address([0xee; 20]);

pub fn sign_with(key: &Digest, transaction: Transaction) -> SignedTransaction {
    let signature = Box::new(made(key, &transaction.digest(), &transaction.epoch));
    SignedTransaction { transaction, signature }
}

pub fn sign(transaction: Transaction) -> SignedTransaction {
    sign_with(&key(transaction.from.0), transaction)
}

/// At the epoch of the sequence, as accounts have it that never skipped one.
pub fn transaction(from: u32, token: u16, fee: u64, sequence: u32, action: Action) -> Transaction {
    Transaction {
        chain_id: CHAIN,
        protocol_version: transaction_version(),
        from: AccountId(from),
        token: TokenId(token),
        fee,
        sequence: Sequence(sequence),
        epoch: Epoch(sequence),
        expiry: BatchNumber(1000),
        action,
    }
}

pub fn transfer(from: u32, to: u32, token: u16, amount: u128, fee: u64, sequence: u32) -> Transaction {
    let action = Action::Transfer { to: AccountId(to), amount: Amount(amount) };
    transaction(from, token, fee, sequence, action)
}

pub fn withdraw(from: u32, to: L1Address, token: u16, amount: u128, fee: u64, sequence: u32) -> Transaction {
    transaction(from, token, fee, sequence, Action::Withdraw { to, amount: Amount(amount) })
}

pub fn rotate(from: u32, key: Digest, token: u16, fee: u64, sequence: u32) -> Transaction {
    transaction(from, token, fee, sequence, Action::Rotate { key })
}

pub fn to_key(n: u32, token: u16, amount: u128) -> QueueItem {
    QueueItem::to_key(key(n), owner(n), TokenId(token), Amount(amount))
}

pub fn to_account(n: u32, token: u16, amount: u128) -> QueueItem {
    QueueItem::to_account(AccountId(n), TokenId(token), Amount(amount), REFUND_TO)
}

/// Asked for by the owner.
pub fn forced(n: u32, token: u16) -> QueueItem {
    QueueItem::forced(AccountId(n), TokenId(token), owner(n))
}

/// Seals entries that must all enter.
pub fn seal(chain: &mut Chain, operator: u32, entries: Vec<Entry>) -> SealedBatch {
    let mut builder = BatchBuilder::new(chain, AccountId(operator), usize::MAX).expect("numbers are left");
    assert_eq!(builder.extend(entries, &verify), []);
    builder.seal()
}

/// A chain whose first batch makes `accounts` accounts, from 1, each with native tokens.
pub fn funded(accounts: u32, amount: u128) -> (Chain, SealedBatch) {
    let mut chain = Chain::genesis(CHAIN);
    let deposits = (1..=accounts).map(|n| Entry::Queue(to_key(n, 0, amount))).collect();
    let first = seal(&mut chain, 1, deposits);
    (chain, first)
}

pub fn signed(transaction: Transaction) -> Entry {
    Entry::Transaction(sign(transaction))
}
