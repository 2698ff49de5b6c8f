//! Who says whether a signature is good.
//!
//! The rules ask one question, *is this a signature of that key?*, and signature schemes answer many at once:
//! verification is packed across signatures. So a batch's claims are collected first, against the keys that the
//! accounts will hold if every transaction in its sender's order enters: an account may be created, and its key
//! changed, earlier in the same batch. Where the guess was wrong the claim is verified again, against the key that
//! the account holds when its turn comes; so the guess decides about speed and about nothing else.

use core::fmt::Display;
use std::collections::HashMap;

use aludel_protocol::cell::{AccountCell, CellAddress, CounterCell};
use aludel_protocol::hash::Digest;
use aludel_protocol::ids::{AccountId, Sequence};
use aludel_protocol::records::{
    Action, Entry, KeyDigest, QueueItem, Request, SignedTransaction, Transaction, TransactionDigests,
};
use rayon::prelude::*;

use super::Cells;
use crate::xmss::Claim;

/// Judges claims; any function from claims to verdicts is one, [`crate::xmss::verify_batch`] for instance.
pub trait Authority {
    /// One verdict a claim, in order: nothing, or what is wrong. A claim without verdict counts as refused.
    fn verify(&self, claims: &[Claim<'_>]) -> Vec<Result<(), String>>;
}

impl<V, E> Authority for V
where
    V: Fn(&[Claim<'_>]) -> Vec<Result<(), E>>,
    E: Display,
{
    fn verify(&self, claims: &[Claim<'_>]) -> Vec<Result<(), String>> {
        self(claims).into_iter().map(|verdict| verdict.map_err(|e| e.to_string())).collect()
    }
}

/// What was computed of an entry ahead of its turn: nothing for items of the L1 queue.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    digests: Option<TransactionDigests>,
    verdict: Option<(KeyDigest, Result<(), String>)>,
}

impl Prepared {
    /// Of an item of the L1 queue.
    pub const fn item() -> Self {
        Self { digests: None, verdict: None }
    }

    /// Of a transaction that counts as signed by `key`.
    pub fn trusted(transaction: &Transaction, key: KeyDigest) -> Self {
        Self { digests: Some(transaction.digests()), verdict: Some((key, Ok(()))) }
    }

    /// Whether the entry is signed by `key`.
    pub fn authorise(&self, key: &KeyDigest, entry: &Entry, by: &impl Authority) -> Result<(), String> {
        match (&self.verdict, entry) {
            (Some((of, verdict)), _) if of == key => verdict.clone(),
            (_, Entry::Transaction(signed)) => {
                let message = self.digests(&signed.transaction).message;
                verdicts(by, &[claim(*key, message, signed)]).remove(0)
            }
            (_, Entry::Queue(_)) => Err("an item of the L1 queue bears no signature".to_owned()),
        }
    }

    /// The digests of the entry's transaction.
    pub fn digests(&self, transaction: &Transaction) -> TransactionDigests {
        self.digests.unwrap_or_else(|| transaction.digests())
    }
}

/// Digests of all transactions, and the verdicts on their signatures.
pub(crate) fn prepare(cells: &impl Cells, entries: &[Entry], by: &impl Authority) -> Vec<Prepared> {
    let digests: Vec<_> = entries.par_iter().with_min_len(64).map(digests).collect();
    let keys = likely_keys(cells, entries);
    let signed = entries.iter().zip(&digests).zip(&keys);
    let claims: Vec<_> = signed
        .filter_map(|((entry, digests), key)| match entry {
            Entry::Transaction(signed) => Some(claim((*key)?, (*digests)?.message, signed)),
            Entry::Queue(_) => None,
        })
        .collect();
    let mut verdicts = verdicts(by, &claims).into_iter();
    let verdict = |key: Option<KeyDigest>| key.and_then(|key| Some((key, verdicts.next()?)));
    let verdicts: Vec<_> = keys.into_iter().map(verdict).collect();
    digests.into_iter().zip(verdicts).map(|(digests, verdict)| Prepared { digests, verdict }).collect()
}

fn digests(entry: &Entry) -> Option<TransactionDigests> {
    match entry {
        Entry::Transaction(signed) => Some(signed.transaction.digests()),
        Entry::Queue(_) => None,
    }
}

fn claim(key: KeyDigest, message: Digest, signed: &SignedTransaction) -> Claim<'_> {
    Claim { key, epoch: signed.transaction.epoch, message, signature: &signed.signature }
}

/// As many verdicts as claims.
fn verdicts(by: &impl Authority, claims: &[Claim<'_>]) -> Vec<Result<(), String>> {
    let mut verdicts = if claims.is_empty() { Vec::new() } else { by.verify(claims) };
    verdicts.resize(claims.len(), Err("the signature was not judged".to_owned()));
    verdicts
}

/// The key that the sender of each transaction will hold: nothing for other entries and unknown accounts.
fn likely_keys(cells: &impl Cells, entries: &[Entry]) -> Vec<Option<KeyDigest>> {
    let mut guess = Guess::new(cells);
    let key = |entry: &Entry| match entry {
        Entry::Queue(item) => {
            guess.create(item);
            None
        }
        Entry::Transaction(signed) => guess.advance(&signed.transaction),
    };
    entries.iter().map(key).collect()
}

/// Keys and sequences as they will be if every entry enters that its sender's sequence admits.
struct Guess<'a, C> {
    cells: &'a C,
    /// The number that the next new account gets.
    next: Option<AccountId>,
    accounts: HashMap<AccountId, Option<(KeyDigest, Sequence)>>,
}

impl<'a, C: Cells> Guess<'a, C> {
    fn new(cells: &'a C) -> Self {
        let counter = cells.get(&CellAddress::COUNTER).ok().and_then(|p| CounterCell::read(&p).ok());
        Self { cells, next: counter.map(|c| c.0), accounts: HashMap::new() }
    }

    fn create(&mut self, item: &QueueItem) {
        if let (Request::ToKey { key, .. }, Some(account)) = (item.request(), self.next) {
            self.accounts.insert(account, Some((key, Sequence(0))));
            self.next = account.0.checked_add(1).map(AccountId);
        }
    }

    /// The key that signs the transaction. Out of its sender's order it will be refused, and changes nothing.
    fn advance(&mut self, t: &Transaction) -> Option<KeyDigest> {
        let account = self.accounts.entry(t.from).or_insert_with(|| stored(self.cells, t.from));
        let (key, sequence) = account.as_mut()?;
        let signer = *key;
        if *sequence == t.sequence {
            sequence.0 = sequence.0.saturating_add(1);
            if let Action::Rotate { key: new } = t.action {
                *key = new;
            }
        }
        Some(signer)
    }
}

fn stored(cells: &impl Cells, account: AccountId) -> Option<(KeyDigest, Sequence)> {
    let payload = cells.get(&CellAddress::account(account)).ok()?;
    AccountCell::read(&payload).ok()?.map(|cell| (cell.key, cell.sequence))
}

#[cfg(test)]
mod tests {
    use aludel_protocol::params::{XMSS_CHAINS, XMSS_DEPTH, XMSS_PARAMETER};
    use aludel_protocol::{Amount, BatchNumber, ChainId, Epoch, Signature, TokenId, fe};

    use super::*;

    fn entry() -> Entry {
        let transaction = Transaction {
            chain_id: ChainId(1),
            protocol_version: 1,
            from: AccountId(1),
            token: TokenId(0),
            fee: 0,
            sequence: Sequence(0),
            epoch: Epoch(5),
            expiry: BatchNumber(9),
            action: Action::Transfer { to: AccountId(2), amount: Amount(3) },
        };
        let signature = Box::new(Signature {
            parameter: [fe(0); XMSS_PARAMETER],
            randomness: [fe(0); 8],
            chains: [Digest::ZERO; XMSS_CHAINS],
            path: [Digest::ZERO; XMSS_DEPTH],
        });
        Entry::Transaction(SignedTransaction { transaction, signature })
    }

    #[test]
    fn a_verdict_on_another_key_counts_for_nothing() {
        let [holds, guessed] = [1, 2].map(|i| Digest([fe(i); 8]));
        let entry = entry();
        let only = |good: KeyDigest| {
            move |claims: &[Claim<'_>]| -> Vec<Result<(), String>> {
                let message = digests(&super::tests::entry()).expect("a transaction").message;
                assert!(claims.iter().all(|c| c.message == message && c.epoch == Epoch(5)));
                claims.iter().map(|c| if c.key == good { Ok(()) } else { Err("bad".to_owned()) }).collect()
            }
        };
        for (verdict, good, expected) in [
            (Some((guessed, Ok(()))), guessed, false),
            (Some((guessed, Err("bad".to_owned()))), holds, true),
            (None, holds, true),
            (None, guessed, false),
            (Some((holds, Ok(()))), guessed, true),
        ] {
            let prepared = Prepared { digests: digests(&entry), verdict };
            assert_eq!(prepared.authorise(&holds, &entry, &only(good)).is_ok(), expected);
        }
    }
}
