//! Sealing, and every way in which a sealed batch may be false.

use std::cell::Cell;

use aludel_ledger::batch::{HeaderField, PushError};
use aludel_ledger::{
    BatchBuilder, Chain, Claim, ExecuteError, Multiproof, ProofError, Queue, Refusal, ReplayError,
    SealedBatch, replay, replay_run,
};
use aludel_protocol::cell::{BalanceCell, CellAddress};
use aludel_protocol::hash::{Tag, roll, rolling_start};
use aludel_protocol::records::{publish, publish_item};
use aludel_protocol::{
    AccountId, Action, Amount, BatchNumber, ChainId, Checkpoint, Digest, Entry, Epoch, NoOp, QueueIndex,
    Transaction,
};

use crate::stub::*;

/// Three batches; the middle one has two transfers and a deposit.
fn run() -> (Chain, Vec<SealedBatch>) {
    let (mut chain, first) = funded(3, 1000);
    let entries = vec![
        signed(transfer(1, 2, 0, 10, 1, 0)),
        Entry::Queue(to_account(3, 4, 70)),
        signed(transfer(3, 1, 4, 20, 2, 0)),
    ];
    let second = seal(&mut chain, 2, entries);
    let third = seal(&mut chain, 3, vec![signed(transfer(1, 2, 0, 10, 1, 1))]);
    (chain, vec![first, second, third])
}

fn middle() -> SealedBatch {
    run().1.swap_remove(1)
}

fn published(pubdata: Digest, entry: &Entry) -> Digest {
    match entry {
        Entry::Queue(_) => publish_item(pubdata),
        Entry::Transaction(signed) => {
            let t = &signed.transaction;
            publish(pubdata, t.digests().public, &t.public_rest())
        }
    }
}

#[test]
fn digests_roll_as_documented() {
    let (chain, batches) = run();
    let headers = batches.iter().map(|b| b.batch.header.digest()).fold(rolling_start(Tag::Headers), roll);
    assert_eq!(chain.checkpoint.headers, headers);
    let queue = Queue { items: (1..=3).map(|n| to_key(n, 0, 1000)).chain([to_account(3, 4, 70)]).collect() };
    assert_eq!(chain.checkpoint.queue_index, QueueIndex(4));
    assert_eq!(queue.digest(QueueIndex(4)), Some(chain.checkpoint.queue));
    assert_eq!(queue.digest(QueueIndex(5)), None);
    assert_eq!(queue.pending(batches[1].prev.queue_index), [to_account(3, 4, 70)]);
    let header = batches[1].batch.header;
    assert_eq!((header.transactions, header.queue_items, header.number), (2, 1, BatchNumber(2)));
    let pubdata = batches[1].batch.entries.iter().fold(rolling_start(Tag::Pubdata), published);
    assert_eq!(header.pubdata, pubdata);
}

#[test]
fn an_empty_batch_moves_only_the_headers() {
    let (mut chain, _) = funded(1, 5);
    let before = chain.checkpoint;
    let sealed = seal(&mut chain, 1, vec![]);
    let next = replay(&sealed, &verify).expect("replays").next;
    assert_eq!(next, chain.checkpoint);
    assert_eq!((next.state_root, next.queue, next.number.0), (before.state_root, before.queue, 2));
    assert_ne!(next.headers, before.headers);
}

#[test]
fn a_dropped_builder_leaves_no_trace() {
    let (mut chain, _) = run();
    let before = chain.clone();
    let mut builder = BatchBuilder::new(&mut chain, AccountId(1), 10).expect("numbers are left");
    builder.push(signed(transfer(2, 1, 0, 1, 1, 0)), &verify).expect("enters");
    drop(builder);
    assert_eq!(chain, before);
}

#[test]
fn full_batches_refuse() {
    let (mut chain, _) = run();
    let mut builder = BatchBuilder::new(&mut chain, AccountId(1), 3).expect("numbers are left");
    // An item without effect is an entry like any other.
    builder.push(Entry::Queue(to_account(99, 0, 1)), &verify).expect("enters");
    for sequence in 0..2 {
        builder.push(signed(transfer(2, 1, 0, 1, 1, sequence)), &verify).expect("enters");
    }
    assert_eq!(builder.room(), 0);
    for late in [signed(transfer(2, 1, 0, 1, 1, 2)), Entry::Queue(to_account(1, 0, 1))] {
        assert_eq!(builder.push(late, &verify), Err(PushError::Full));
    }
    let no_ops: Vec<_> = builder.executed().iter().map(|e| e.no_op).collect();
    assert_eq!(no_ops, [Some(NoOp::NoAccount), None, None]);
    let sealed = builder.seal();
    assert_eq!((sealed.batch.header.queue_items, sealed.batch.header.withdrawals), (1, 1));
    assert_eq!(replay(&sealed, &verify).expect("replays").next, chain.checkpoint);
}

#[test]
fn a_fault_stops_the_queue() {
    let (mut chain, _) = run();
    let owner_of = CellAddress::slot(AccountId(1), 0);
    // Something else lies there.
    chain.state.apply(&[(owner_of, BalanceCell(Amount(5)).payload())]);
    let mut builder = BatchBuilder::new(&mut chain, AccountId(1), 9).expect("numbers are left");
    let fault = builder.push(Entry::Queue(forced(1, 0)), &verify);
    assert!(matches!(fault, Err(PushError::Execute(ExecuteError::Fault(_)))));
    assert_eq!(builder.push(Entry::Queue(to_account(1, 0, 1)), &verify), Err(PushError::Full));
    builder.push(signed(transfer(2, 1, 0, 1, 1, 0)), &verify).expect("transactions go on");
}

#[test]
fn no_header_counts_more_than_it_can() {
    let (mut chain, _) = funded(1, 0);
    let mut builder = BatchBuilder::new(&mut chain, AccountId(1), usize::MAX).expect("numbers are left");
    let items = vec![Entry::Queue(to_account(1, 0, 1)); usize::from(u16::MAX) + 1];
    let refused = builder.extend(items, &verify);
    assert_eq!(refused.iter().map(|(_, e)| e.clone()).collect::<Vec<_>>(), [PushError::Full]);
    assert_eq!(builder.seal().batch.header.queue_items, u16::MAX);
}

#[test]
fn the_last_batch_number_has_no_next() {
    let mut chain = Chain::genesis(CHAIN);
    chain.checkpoint.number = BatchNumber(u32::MAX);
    assert!(BatchBuilder::new(&mut chain, AccountId(1), 1).is_err());
}

#[test]
fn signatures_are_judged_together_and_against_the_key_that_counts() {
    let (mut chain, _) = funded(1, 1000);
    let calls = Cell::new(0);
    let counting = |claims: &[Claim<'_>]| {
        calls.set(calls.get() + 1);
        verify(claims)
    };
    // Account 2 is created in this batch, so its key is known before its transfer is executed.
    let entries = vec![
        Entry::Queue(to_key(2, 0, 50)),
        signed(transfer(2, 1, 0, 5, 0, 0)),
        signed(transfer(1, 2, 0, 5, 0, 0)),
    ];
    let mut builder = BatchBuilder::new(&mut chain, AccountId(1), 10).expect("numbers are left");
    assert_eq!(builder.extend(entries, &counting), []);
    assert_eq!(calls.get(), 1);
    // Sequence 1 is account 1's next: the key is another's.
    let stolen = Entry::Transaction(sign_with(&key(2), transfer(1, 2, 0, 5, 0, 1)));
    let refused = builder.push(stolen, &counting);
    assert!(matches!(refused, Err(PushError::Execute(ExecuteError::Refused(Refusal::Signature { .. })))));
    assert_eq!(replay(&builder.seal(), &verify).expect("replays").next, chain.checkpoint);
}

/// A transfer of account 1 at epoch `epoch` of the key of `signer`.
fn after_rotation(signer: u32, sequence: u32, epoch: u32) -> Entry {
    let t = Transaction { epoch: Epoch(epoch), ..transfer(1, 2, 0, 5, 0, sequence) };
    Entry::Transaction(sign_with(&key(signer), t))
}

#[test]
fn rotated_keys_are_judged_together() {
    let (mut chain, _) = funded(2, 1000);
    let calls = Cell::new(0);
    let counting = |claims: &[Claim<'_>]| {
        calls.set(calls.get() + 1);
        verify(claims)
    };
    // A key handed on twice, also by an account that the batch creates.
    let again = Transaction { epoch: Epoch(1), ..rotate(1, key(12), 0, 0, 3) };
    let newcomer = Transaction { epoch: Epoch(0), ..transfer(3, 1, 0, 5, 0, 1) };
    let entries = vec![
        signed(transfer(1, 2, 0, 5, 0, 0)),
        signed(rotate(1, key(11), 0, 0, 1)),
        after_rotation(11, 2, 0),
        Entry::Transaction(sign_with(&key(11), again)),
        after_rotation(12, 4, 0),
        Entry::Queue(to_key(3, 0, 50)),
        signed(rotate(3, key(13), 0, 0, 0)),
        Entry::Transaction(sign_with(&key(13), newcomer)),
    ];
    let mut builder = BatchBuilder::new(&mut chain, AccountId(1), 10).expect("numbers are left");
    assert_eq!(builder.extend(entries, &counting), []);
    assert_eq!(calls.get(), 1, "every key was guessed");
    let sealed = builder.seal();
    calls.set(0);
    assert_eq!(replay(&sealed, &counting).expect("replays").next, chain.checkpoint);
    assert_eq!(calls.get(), 1);
}

#[test]
fn wrong_guesses_decide_nothing() {
    let (mut chain, _) = funded(2, 1000);
    let calls = Cell::new(0);
    let counting = |claims: &[Claim<'_>]| {
        calls.set(calls.get() + 1);
        verify(claims)
    };
    // Rotations which are refused: not signed, expired, beyond the balance. Out of order: not even guessed.
    let unsigned = Entry::Transaction(sign_with(&key(9), rotate(1, key(11), 0, 0, 0)));
    let early = signed(rotate(1, key(11), 0, 0, 5));
    let poor = signed(rotate(1, key(11), 0, 2000, 1));
    let late = signed(Transaction { expiry: BatchNumber(1), ..rotate(1, key(11), 0, 0, 2) });
    let entries = vec![
        early,
        signed(transfer(1, 2, 0, 5, 0, 0)),
        unsigned,
        poor,
        after_rotation(11, 1, 0),
        signed(transfer(1, 2, 0, 5, 0, 1)),
        late,
        after_rotation(1, 2, 2),
    ];
    let mut builder = BatchBuilder::new(&mut chain, AccountId(1), 10).expect("numbers are left");
    let refused = builder.extend(entries, &counting);
    let reasons: Vec<_> = refused.into_iter().map(|(_, error)| error.to_string()).collect();
    let words = ["sequence 0", "sequence 1", "lower them", "below 1", "expired"];
    assert_eq!(reasons.len(), words.len(), "{reasons:#?}");
    assert!(reasons.iter().zip(words).all(|(reason, word)| reason.contains(word)), "{reasons:#?}");
    assert_eq!(builder.entries().len(), 3);
    // Once for all, and once each for the two that a refused rotation made guess wrongly.
    assert_eq!(calls.get(), 3);
    assert_eq!(replay(&builder.seal(), &verify).expect("replays").next, chain.checkpoint);
}

#[test]
fn what_is_not_judged_is_refused() {
    let (mut chain, _) = funded(1, 1000);
    let mut builder = BatchBuilder::new(&mut chain, AccountId(1), 10).expect("numbers are left");
    let silent = |_: &[Claim<'_>]| Vec::<Result<(), String>>::new();
    let refused = builder.push(signed(transfer(1, 1, 0, 1, 0, 0)), &silent);
    assert!(matches!(refused, Err(PushError::Execute(ExecuteError::Refused(Refusal::Signature { .. })))));
}

#[test]
fn headers_say_what_entries_do() {
    type Change = fn(&mut SealedBatch);
    let changes: [(HeaderField, Change); 6] = [
        (HeaderField::Number, |b| b.batch.header.number.0 += 1),
        (HeaderField::Transactions, |b| b.batch.header.transactions += 1),
        (HeaderField::QueueItems, |b| b.batch.header.queue_items -= 1),
        (HeaderField::Withdrawals, |b| b.batch.header.withdrawals += 1),
        (HeaderField::Pubdata, |b| b.batch.header.pubdata = Digest::ZERO),
        (HeaderField::WithdrawalsRoot, |b| b.batch.header.withdrawals_root = Digest::ZERO),
    ];
    for (expected, change) in changes {
        let mut sealed = middle();
        change(&mut sealed);
        match replay(&sealed, &verify) {
            Err(ReplayError::Header { field, .. }) => assert_eq!(field, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn another_operator_touches_other_cells() {
    let mut sealed = middle();
    sealed.batch.header.operator = AccountId(3);
    // Account 3 and its balance of token 4 are open as a sender's; account 2's balance is then open for nothing.
    let at = CellAddress::slot(AccountId(2), 4);
    let error = replay(&sealed, &verify).err();
    assert_eq!(error, Some(ReplayError::Untouched { number: BatchNumber(2), at }));
}

#[test]
fn entries_are_bound() {
    let mut swapped = middle();
    swapped.batch.entries.swap(0, 1);
    assert!(matches!(
        replay(&swapped, &verify),
        Err(ReplayError::Header { field: HeaderField::Pubdata, .. })
    ));
    let mut altered = middle();
    let Entry::Transaction(signed) = &mut altered.batch.entries[2] else { panic!("a transfer") };
    signed.transaction.action = Action::Transfer { to: AccountId(1), amount: Amount(21) };
    let error = replay(&altered, &verify).expect_err("not signed");
    assert!(matches!(
        error,
        ReplayError::Entry { position: 2, error: ExecuteError::Refused(Refusal::Signature { .. }), .. }
    ));
    let mut repeated = middle();
    repeated.batch.entries.push(repeated.batch.entries[0].clone());
    let error = replay(&repeated, &verify).expect_err("replayed");
    assert!(matches!(
        error,
        ReplayError::Entry { position: 3, error: ExecuteError::Refused(Refusal::Sequence { .. }), .. }
    ));
    let nobody = |claims: &[Claim<'_>]| vec![Err::<(), _>("no"); claims.len()];
    assert!(matches!(replay(&middle(), &nobody), Err(ReplayError::Entry { position: 0, .. })));
}

#[test]
fn the_multiproof_opens_what_is_touched_and_no_more() {
    let (chain, _) = funded(3, 1000);
    let honest = middle();
    assert_eq!(chain.checkpoint, honest.prev);
    let addresses: Vec<_> = honest.witness.cells().iter().map(|(at, _)| *at).collect();
    let spare = CellAddress::slot(AccountId(1), 0);
    let more =
        SealedBatch { witness: chain.state.prove(addresses.iter().copied().chain([spare])), ..middle() };
    let number = BatchNumber(2);
    assert_eq!(replay(&more, &verify).err(), Some(ReplayError::Untouched { number, at: spare }));
    for missing in 0..addresses.len() {
        let mut fewer = addresses.clone();
        fewer.remove(missing);
        let fewer = SealedBatch { witness: chain.state.prove(fewer), ..middle() };
        assert!(matches!(replay(&fewer, &verify), Err(ReplayError::Entry { .. })));
    }
    let mut cells = honest.witness.cells().to_vec();
    cells[0].1.0[12] += aludel_protocol::fe(1);
    let witness = Multiproof::new(cells, honest.witness.siblings().to_vec()).expect("has the form");
    let rich = SealedBatch { witness, ..middle() };
    let error = replay(&rich, &verify).err();
    assert!(matches!(error, Some(ReplayError::Proof { error: ProofError::Root { .. }, .. })), "{error:?}");
}

#[test]
fn runs_are_of_one_chain_without_gaps() {
    let (_, batches) = run();
    assert_eq!(replay_run(&[], &verify).err(), Some(ReplayError::NoBatch));
    let gap = [batches[0].clone(), batches[2].clone()];
    assert!(matches!(replay_run(&gap, &verify), Err(ReplayError::Link { number: BatchNumber(3), .. })));
    let back = [batches[1].clone(), batches[0].clone()];
    assert!(matches!(replay_run(&back, &verify), Err(ReplayError::Link { .. })));
    type Change = fn(&mut Checkpoint);
    let changes: [Change; 5] = [
        |c| c.number.0 += 1,
        |c| c.state_root = Digest::ZERO,
        |c| c.headers = Digest::ZERO,
        |c| c.queue = Digest::ZERO,
        |c| c.queue_index.0 += 1,
    ];
    for change in changes {
        let mut elsewhere = batches.clone();
        change(&mut elsewhere[1].prev);
        assert!(matches!(replay_run(&elsewhere, &verify), Err(ReplayError::Link { .. })));
    }
    let mut foreign = batches.clone();
    foreign[1].chain_id = ChainId(1);
    assert!(matches!(replay_run(&foreign, &verify), Err(ReplayError::Chain { .. })));
    let mut alone = batches[1].clone();
    alone.chain_id = ChainId(1);
    let error = replay(&alone, &verify).err();
    assert!(matches!(error, Some(ReplayError::Entry { position: 0, .. })), "{error:?}");
    let tail = replay_run(&batches[1..], &verify).expect("a run may begin anywhere");
    assert_eq!(tail.executed.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1]);
}
