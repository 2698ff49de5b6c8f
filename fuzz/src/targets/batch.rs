//! Sealed batches: decoded, then replayed, with real signatures and with signatures taken to be good.

use std::collections::HashMap;

use aludel_ledger::xmss::verify_batch;
use aludel_ledger::{ProofError, Replay, ReplayError, SealedBatch, replay, replay_run};
use aludel_protocol::cell::{AccountCell, BalanceCell, CellAddress};
use aludel_protocol::{Entry, Payload, QueueItem, Space, TokenId};

use crate::world::{WORLD, trusting};
use crate::{Kind, Target, Verdict, round_trip};

/// The family.
pub const TARGETS: &[Target] = &[
    Target { name: "batch", kind: Kind::Batch, run: one, seeds },
    Target { name: "batch_run", kind: Kind::Batch, run: after_another, seeds: seeds_after_another },
];

fn seeds() -> Vec<Vec<u8>> {
    let largest = WORLD.batches.last().into_iter();
    largest.chain(&WORLD.small).map(SealedBatch::to_bytes).collect()
}

fn decode(data: &[u8]) -> Option<SealedBatch> {
    round_trip::binary(data, SealedBatch::from_bytes, SealedBatch::to_bytes)
}

/// What decodes replays or is refused, whoever judges its signatures.
fn one(data: &[u8]) -> Verdict {
    let Some(mut sealed) = decode(data) else { return Verdict::Refused };
    if let Ok(replayed) = replay(&sealed, &verify_batch) {
        check(&sealed, &replayed);
        assert_eq!(sealed.next().as_ref(), Ok(&replayed.next));
    }
    // A mutant is refused by its first digest. With that corrected it gets further.
    for _ in 0..6 {
        match replay(&sealed, &trusting) {
            Ok(replayed) => check(&sealed, &replayed),
            Err(error) if repair(&mut sealed, &error) => continue,
            Err(_) => (),
        }
        break;
    }
    Verdict::Accepted
}

fn seeds_after_another() -> Vec<Vec<u8>> {
    WORLD.small[1..2].iter().map(SealedBatch::to_bytes).collect()
}

/// Behind an honest batch it is accepted where it is accepted alone, and leads to the same point.
fn after_another(data: &[u8]) -> Verdict {
    let Some(mut sealed) = decode(data) else { return Verdict::Refused };
    let first = &WORLD.small[0];
    sealed.chain_id = first.chain_id;
    sealed.prev = first.next().expect("an honest batch");
    let alone = replay(&sealed, &trusting);
    let run = replay_run(&[first.clone(), sealed], &trusting);
    let next = |replayed: &Result<Replay, ReplayError>| replayed.as_ref().map(|replayed| replayed.next).ok();
    assert_eq!(next(&alone), next(&run), "{:?}", run.err());
    if let Ok(replayed) = run {
        assert_eq!(replayed.prev, first.prev);
        assert_eq!(replayed.state.root(), replayed.next.state_root);
    }
    Verdict::Accepted
}

/// Corrects what the error names, where that can be; the batch is then another one.
fn repair(sealed: &mut SealedBatch, error: &ReplayError) -> bool {
    match error {
        ReplayError::Proof { error: ProofError::Root { found, .. }, .. } => {
            sealed.prev.state_root = *found;
            true
        }
        ReplayError::Header { expected, .. } => {
            sealed.batch.header = **expected;
            true
        }
        ReplayError::Entry { position, .. } => {
            sealed.batch.entries.remove(*position);
            true
        }
        _ => false,
    }
}

/// What an accepted batch says of itself is what its replay did.
fn check(sealed: &SealedBatch, replayed: &Replay) {
    let (header, entries) = (&sealed.batch.header, &sealed.batch.entries);
    let items = entries.iter().filter(|entry| matches!(entry, Entry::Queue(_))).count();
    let counts = (entries.len() - items, items, replayed.withdrawals[0].len());
    let said = (header.transactions, header.queue_items, header.withdrawals);
    assert_eq!(counts, (said.0.into(), said.1.into(), said.2.into()));
    assert_eq!(replayed.executed[0].len(), entries.len());
    let (prev, next) = (&replayed.prev, &replayed.next);
    assert_eq!((next.number, next.number.0 - 1), (header.number, prev.number.0));
    assert_eq!((next.queue_index.0 - prev.queue_index.0) as usize, items);
    assert_eq!((replayed.state.old_root(), replayed.state.root()), (prev.state_root, next.state_root));
    assert_eq!(supply_change(sealed, replayed), HashMap::new(), "supply");
}

/// By token, what balances gained beyond deposits less withdrawals, modulo `2^128`: nothing, where money is neither
/// made nor lost.
pub(crate) fn supply_change(sealed: &SealedBatch, replayed: &Replay) -> HashMap<TokenId, u128> {
    let mut change = HashMap::<TokenId, u128>::new();
    let mut add = |token: TokenId, amount: u128| {
        let sum = change.entry(token).or_default();
        *sum = sum.wrapping_add(amount);
    };
    for cell in replayed.state.cells() {
        let (token, [old, new]) = balances(&cell.at, [&cell.old, &cell.new]);
        add(token, new.wrapping_sub(old));
    }
    for entry in &sealed.batch.entries {
        match entry {
            Entry::Queue(item) if item.kind != QueueItem::FORCED => {
                add(item.token, item.amount.0.wrapping_neg())
            }
            Entry::Queue(_) | Entry::Transaction(_) => (),
        }
    }
    for withdrawal in replayed.withdrawals.iter().flatten() {
        add(withdrawal.token, withdrawal.amount.0);
    }
    change.retain(|_, amount| *amount != 0);
    change
}

/// The token of a cell, and what payloads of it hold of that: nothing, where it holds no balance.
fn balances(at: &CellAddress, payloads: [&Payload; 2]) -> (TokenId, [u128; 2]) {
    let read = |payload: &Payload| match (at.space, at.slot) {
        (Space::Account, _) => {
            AccountCell::read(payload).expect("touched, so read").map_or(0, |cell| cell.balance.0)
        }
        (Space::Slot, 0) => 0,
        (Space::Slot, _) => BalanceCell::read(payload).expect("touched, so read").0.0,
    };
    (TokenId(at.slot), payloads.map(read))
}
