//! Who says whether a signature is good.
//!
//! The rules ask one question, *is this a signature of that key?*, and signature schemes answer many at once:
//! verification is packed across signatures. So a batch's claims are collected first, against the keys that the
//! accounts will hold. A key is never changed by a transaction so far, but an account may be created earlier in
//! the same batch. Where the guess was wrong the claim is verified again, against the key that the account holds
//! when its turn comes; so the guess decides about speed and about nothing else.

use core::fmt::Display;
use std::collections::HashMap;

use aludel_protocol::cell::{AccountCell, CellAddress, CounterCell};
use aludel_protocol::hash::Digest;
use aludel_protocol::ids::AccountId;
use aludel_protocol::records::{Deposit, Entry, KeyDigest, QueueItem, SignedTransfer};
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

/// An entry's digest and, for a transfer, the verdict on its signature.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub digest: Digest,
    verdict: Option<(KeyDigest, Result<(), String>)>,
}

impl Prepared {
    /// Whether the entry is signed by `key`.
    pub fn authorise(&self, key: &KeyDigest, entry: &Entry, by: &impl Authority) -> Result<(), String> {
        match (&self.verdict, entry) {
            (Some((of, verdict)), _) if of == key => verdict.clone(),
            (_, Entry::Transfer(signed)) => verdicts(by, &[claim(*key, self.digest, signed)]).remove(0),
            (_, Entry::Queue(_)) => Err("an item of the L1 queue bears no signature".to_owned()),
        }
    }
}

/// Digests of all entries, and the verdicts on their signatures.
pub(crate) fn prepare(cells: &impl Cells, entries: &[Entry], by: &impl Authority) -> Vec<Prepared> {
    let digests: Vec<_> = entries.par_iter().with_min_len(64).map(Entry::digest).collect();
    let keys = likely_keys(cells, entries);
    let signed = entries.iter().zip(&digests).zip(&keys);
    let claims: Vec<_> = signed
        .filter_map(|((entry, digest), key)| match entry {
            Entry::Transfer(signed) => key.map(|key| claim(key, *digest, signed)),
            Entry::Queue(_) => None,
        })
        .collect();
    let mut verdicts = verdicts(by, &claims).into_iter();
    let verdict = |key: Option<KeyDigest>| key.and_then(|key| Some((key, verdicts.next()?)));
    let verdicts: Vec<_> = keys.into_iter().map(verdict).collect();
    digests.into_iter().zip(verdicts).map(|(digest, verdict)| Prepared { digest, verdict }).collect()
}

fn claim(key: KeyDigest, message: Digest, signed: &SignedTransfer) -> Claim<'_> {
    Claim { key, epoch: signed.transfer.epoch, message, signature: &signed.signature }
}

/// As many verdicts as claims.
fn verdicts(by: &impl Authority, claims: &[Claim<'_>]) -> Vec<Result<(), String>> {
    let mut verdicts = if claims.is_empty() { Vec::new() } else { by.verify(claims) };
    verdicts.resize(claims.len(), Err("the signature was not judged".to_owned()));
    verdicts
}

/// The key that the sender of each transfer will hold: nothing for other entries and unknown accounts.
fn likely_keys(cells: &impl Cells, entries: &[Entry]) -> Vec<Option<KeyDigest>> {
    let counter = cells.get(&CellAddress::COUNTER).ok().and_then(|p| CounterCell::read(&p).ok());
    let mut next = counter.map_or(0, |c| c.0.0);
    let mut created = HashMap::new();
    let mut key = |entry: &Entry| match entry {
        Entry::Queue(QueueItem { deposit: Deposit::ToKey { key, .. }, .. }) => {
            created.insert(AccountId(next), *key);
            next = next.wrapping_add(1);
            None
        }
        Entry::Queue(_) => None,
        Entry::Transfer(signed) => {
            let from = signed.transfer.from;
            created.get(&from).copied().or_else(|| stored_key(cells, from))
        }
    };
    entries.iter().map(&mut key).collect()
}

fn stored_key(cells: &impl Cells, account: AccountId) -> Option<KeyDigest> {
    let payload = cells.get(&CellAddress::account(account)).ok()?;
    Some(AccountCell::read(&payload).ok()??.key)
}

#[cfg(test)]
mod tests {
    use aludel_protocol::params::{XMSS_CHAINS, XMSS_DEPTH, XMSS_PARAMETER};
    use aludel_protocol::{Amount, BatchNumber, ChainId, Epoch, Sequence, Signature, TokenId, Transfer, fe};

    use super::*;

    fn entry() -> Entry {
        let transfer = Transfer {
            chain_id: ChainId(1),
            protocol_version: 1,
            from: AccountId(1),
            to: AccountId(2),
            token: TokenId(0),
            amount: Amount(3),
            fee: 0,
            sequence: Sequence(0),
            epoch: Epoch(5),
            expiry: BatchNumber(9),
        };
        let signature = Box::new(Signature {
            parameter: [fe(0); XMSS_PARAMETER],
            randomness: [fe(0); 8],
            chains: [Digest::ZERO; XMSS_CHAINS],
            path: [Digest::ZERO; XMSS_DEPTH],
        });
        Entry::Transfer(SignedTransfer { transfer, signature })
    }

    #[test]
    fn a_verdict_on_another_key_counts_for_nothing() {
        let [holds, guessed] = [1, 2].map(|i| Digest([fe(i); 8]));
        let entry = entry();
        let only = |good: KeyDigest| {
            move |claims: &[Claim<'_>]| -> Vec<Result<(), String>> {
                assert!(
                    claims.iter().all(|c| c.message == super::tests::entry().digest() && c.epoch == Epoch(5))
                );
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
            let prepared = Prepared { digest: entry.digest(), verdict };
            assert_eq!(prepared.authorise(&holds, &entry, &only(good)).is_ok(), expected);
        }
    }
}
