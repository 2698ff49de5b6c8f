//! What leaves: one leaf each, in order, under the root that the header names.

use aludel_ledger::batch::{HeaderField, PushError};
use aludel_ledger::{BatchBuilder, Chain, ReplayError, SealedBatch, replay};
use aludel_protocol::hash::hash_fields;
use aludel_protocol::params::WITHDRAWAL_BITS;
use aludel_protocol::records::{WithdrawalTree, no_withdrawals};
use aludel_protocol::{
    AccountId, Amount, Digest, Entry, L1Address, NoOp, QueueItem, TokenId, Withdrawal, cell::node,
};

use crate::stub::*;

const ABROAD: L1Address = L1Address([7; 20]);

/// A batch in which everything leaves that can, with entries between from which nothing does.
fn leaving() -> (Chain, SealedBatch, Vec<Withdrawal>) {
    let (mut chain, _) = funded(3, 1000);
    let entries = vec![
        Entry::Queue(to_account(9, 4, 70)),
        signed(transfer(1, 2, 0, 10, 1, 0)),
        signed(withdraw(1, ABROAD, 0, 30, 1, 1)),
        Entry::Queue(forced(2, 0)),
        Entry::Queue(forced(9, 0)),
        Entry::Queue(QueueItem { kind: 8, ..to_key(1, 5, 6) }),
        Entry::Queue(to_account(3, 4, 20)),
        signed(withdraw(3, ABROAD, 4, 20, 0, 0)),
        Entry::Queue(forced(2, 4)),
    ];
    let mut builder = BatchBuilder::new(&mut chain, AccountId(3), usize::MAX).expect("numbers are left");
    assert_eq!(builder.extend(entries, &verify), []);
    let expected = [
        (4, 70, REFUND_TO),
        (0, 30, ABROAD),
        (0, 1010, owner(2)),
        (5, 6, owner(1)),
        (4, 20, ABROAD),
        (4, 0, owner(2)),
    ];
    let number = aludel_protocol::BatchNumber(2);
    let expected: Vec<_> = (0..)
        .zip(expected)
        .map(|(index, (token, amount, to))| Withdrawal {
            number,
            index,
            token: TokenId(token),
            amount: Amount(amount),
            to,
        })
        .collect();
    assert_eq!(builder.withdrawals(), expected);
    let no_ops: Vec<_> = builder.executed().iter().filter_map(|e| e.no_op).collect();
    assert_eq!(no_ops, [NoOp::NoAccount, NoOp::ForcedNoAccount, NoOp::UnknownKind]);
    let sealed = builder.seal();
    (chain, sealed, expected)
}

/// The root from its definition: every subtree by recursion.
fn naive_root(leaves: &[Digest], height: usize) -> Digest {
    match (height, leaves) {
        (0, []) => Digest::ZERO,
        (0, [leaf, ..]) => *leaf,
        _ => {
            let half = (1 << (height - 1)).min(leaves.len());
            node(naive_root(&leaves[..half], height - 1), naive_root(&leaves[half..], height - 1))
        }
    }
}

#[test]
fn the_header_commits_to_what_left() {
    let (chain, sealed, expected) = leaving();
    let header = sealed.batch.header;
    assert_eq!((header.transactions, header.queue_items, header.withdrawals), (3, 6, 6));
    let leaves: Vec<_> = expected.iter().map(Withdrawal::digest).collect();
    assert_eq!(header.withdrawals_root, naive_root(&leaves, WITHDRAWAL_BITS));
    let tree = WithdrawalTree::new(leaves);
    for withdrawal in &expected {
        assert_eq!(withdrawal.root(&tree.path(withdrawal.index)), header.withdrawals_root);
    }
    let replayed = replay(&sealed, &verify).expect("replays");
    assert_eq!((replayed.next, &replayed.withdrawals), (chain.checkpoint, &vec![expected]));
}

#[test]
fn nothing_left_is_a_constant() {
    let (_, sealed) = funded(3, 1000);
    let header = sealed.batch.header;
    assert_eq!((header.withdrawals, header.withdrawals_root), (0, no_withdrawals()));
    assert_eq!(no_withdrawals(), naive_root(&[], WITHDRAWAL_BITS));
}

#[test]
fn each_part_of_a_withdrawal_is_in_the_root() {
    let (_, sealed, expected) = leaving();
    type Change = fn(&mut Withdrawal);
    let changes: [Change; 5] = [
        |w| w.number.0 += 1,
        |w| w.index += 7,
        |w| w.token.0 += 1,
        |w| w.amount.0 += 1 << 127,
        |w| w.to.0[19] ^= 1,
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut other = expected.clone();
        change(&mut other[i]);
        let mut false_header = sealed.clone();
        let leaves = other.iter().map(Withdrawal::digest).collect();
        false_header.batch.header.withdrawals_root = WithdrawalTree::new(leaves).root();
        match replay(&false_header, &verify) {
            Err(ReplayError::Header { field, .. }) => assert_eq!(field, HeaderField::WithdrawalsRoot),
            other => panic!("{other:?}"),
        }
    }
    assert_ne!(expected[0].digest(), hash_fields(aludel_protocol::hash::Tag::Withdrawal, &[]));
}

#[test]
fn a_batch_has_as_many_withdrawals_as_its_header_counts() {
    let (mut chain, _) = funded(1, 1000);
    let mut builder = BatchBuilder::new(&mut chain, AccountId(1), usize::MAX).expect("numbers are left");
    let refunds = usize::from(u16::MAX) - 1;
    let nobody = vec![Entry::Queue(to_account(99, 0, 1)); refunds];
    assert_eq!(builder.extend(nobody, &verify), []);
    let entries = vec![
        signed(withdraw(1, ABROAD, 0, 5, 0, 0)),
        signed(withdraw(1, ABROAD, 0, 6, 0, 1)),
        signed(transfer(1, 1, 0, 7, 0, 1)),
        Entry::Queue(forced(1, 0)),
        // It would fit, but the queue is consumed in order.
        Entry::Queue(to_account(1, 0, 8)),
    ];
    let refused = builder.extend(entries.clone(), &verify);
    let full = [1, 3, 4].map(|i: usize| (entries[i].clone(), PushError::Full));
    assert_eq!(refused, full);
    assert_eq!(builder.withdrawals().len(), usize::from(u16::MAX));
    let sealed = builder.seal();
    assert_eq!(sealed.batch.header.withdrawals, u16::MAX);
    assert_eq!(usize::from(sealed.batch.header.queue_items), refunds);
    assert_eq!(replay(&sealed, &verify).expect("replays").next, chain.checkpoint);
    // A batch that does count beyond is not accepted.
    let mut beyond = sealed;
    beyond.batch.entries.push(Entry::Queue(forced(99, 0)));
    beyond.batch.entries.push(Entry::Queue(to_account(99, 0, 1)));
    assert!(matches!(replay(&beyond, &verify), Err(ReplayError::Count { .. })));
}
