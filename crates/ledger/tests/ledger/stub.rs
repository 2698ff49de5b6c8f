//! A signature scheme for tests: it binds key, message and epoch and hides nothing.

use aludel_ledger::{BatchBuilder, Chain, Claim, SealedBatch};
use aludel_protocol::params::{XMSS_CHAINS, XMSS_DEPTH, XMSS_PARAMETER};
use aludel_protocol::records::transfer_version;
use aludel_protocol::{
    AccountId, Amount, BatchNumber, ChainId, Deposit, Digest, Entry, Epoch, F, L1Address, QueueItem,
    Sequence, Signature, SignedTransfer, TokenId, Transfer, fe,
};

pub const CHAIN: ChainId = ChainId(77);

pub fn verify(claims: &[Claim<'_>]) -> Vec<Result<(), &'static str>> {
    let verdict = |c: &Claim<'_>| match *c.signature == made(&c.key, &c.message, &c.epoch) {
        true => Ok(()),
        false => Err("not made by this key"),
    };
    claims.iter().map(verdict).collect()
}

/// That a transfer is signed by a key.
pub fn claim<'a>(key: &Digest, signed: &'a SignedTransfer) -> Claim<'a> {
    let t = &signed.transfer;
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

pub fn sign_with(key: &Digest, transfer: Transfer) -> SignedTransfer {
    let signature = Box::new(made(key, &transfer.digest(), &transfer.epoch));
    SignedTransfer { transfer, signature }
}

pub fn sign(transfer: Transfer) -> SignedTransfer {
    sign_with(&key(transfer.from.0), transfer)
}

pub fn transfer(from: u32, to: u32, token: u16, amount: u128, fee: u64, sequence: u32) -> Transfer {
    Transfer {
        chain_id: CHAIN,
        protocol_version: transfer_version(),
        from: AccountId(from),
        to: AccountId(to),
        token: TokenId(token),
        amount: Amount(amount),
        fee,
        sequence: Sequence(sequence),
        epoch: Epoch(sequence),
        expiry: BatchNumber(1000),
    }
}

pub fn to_key(n: u32, token: u16, amount: u128) -> QueueItem {
    let deposit = Deposit::ToKey { key: key(n), l1_owner: owner(n) };
    QueueItem { token: TokenId(token), amount: Amount(amount), deposit }
}

pub fn to_account(n: u32, token: u16, amount: u128) -> QueueItem {
    let deposit = Deposit::ToAccount { account: AccountId(n) };
    QueueItem { token: TokenId(token), amount: Amount(amount), deposit }
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

pub fn signed(transfer: Transfer) -> Entry {
    Entry::Transfer(sign(transfer))
}
