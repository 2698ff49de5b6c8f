//! That the hash calls of a row are the protocol's, element by element. Trace and constraints have these calls from one place,
//! so what both left out only the protocol knows.

use aludel_protocol::hash::{compress24, roll};
use aludel_protocol::records::{publish, publish_item};
use aludel_protocol::{
    AccountId, Action, Amount, BatchNumber, ChainId, Digest, Epoch, F, L1Address, Sequence, TokenId,
    Transaction, fe,
};
use p3_field::{Field, PrimeCharacteristicRing};

use super::history::{EMPTY, FORCED, LEAVES, SEAL, batch, history, honest};
use super::judge::row;
use super::world::{World, key, l1, withdrawals};
use crate::transaction::columns::TransactionColumns;
use crate::transaction::{Event, ExecutedBatch};

/// Each with another field than the transaction has.
fn others(t: Transaction) -> Vec<Transaction> {
    let moved = match t.action {
        Action::Transfer { to, amount } => vec![
            Action::Transfer { to: AccountId(to.0 + 1), amount },
            Action::Transfer { to: AccountId(to.0 | 1 << 31), amount },
            Action::Transfer { to, amount: Amount(amount.0 ^ 1 << 127) },
        ],
        Action::Withdraw { to, amount } => vec![
            Action::Withdraw { to: L1Address(to.0.map(|x| x ^ 1)), amount },
            Action::Withdraw { to, amount: Amount(amount.0 + 1) },
        ],
        Action::Rotate { .. } => vec![Action::Rotate { key: key(51) }],
    };
    let fields = [
        Transaction { chain_id: ChainId(t.chain_id.0 ^ 1), ..t },
        Transaction { chain_id: ChainId(t.chain_id.0 ^ 1 << 63), ..t },
        Transaction { protocol_version: t.protocol_version + 1, ..t },
        Transaction { from: AccountId(t.from.0 ^ 1 << 16), ..t },
        Transaction { token: TokenId(t.token.0 ^ 1), ..t },
        Transaction { fee: t.fee ^ 1 << 63, ..t },
        Transaction { sequence: Sequence(t.sequence.0 ^ 1 << 31), ..t },
        Transaction { epoch: Epoch(t.epoch.0 + 1), ..t },
        Transaction { expiry: BatchNumber(t.expiry.0 ^ 1 << 31), ..t },
    ];
    let actions = moved.into_iter().map(|action| Transaction { action, ..t });
    fields.into_iter().chain(actions).collect()
}

fn actions() -> [Action; 3] {
    let (to, amount) = (AccountId(2), Amount(5));
    [Action::Transfer { to, amount }, Action::Withdraw { to: l1(9), amount }, Action::Rotate { key: key(50) }]
}

/// The digests of a signed row are those of its transaction, and of no other.
#[test]
fn what_is_signed_is_all_of_the_transaction() {
    for action in actions() {
        let mut w = World::new(5);
        let t = w.act(1, 7, 1, action);
        let entry = w.submit(t);
        let r = row(&batch(&w, vec![entry]), 0);
        let digests = t.digests();
        assert_eq!((Digest(compress24(r.inner_call())), Digest(r.inner)), (digests.public, digests.public));
        assert_eq!(
            (Digest(compress24(r.digest_call())), Digest(r.digest)),
            (digests.message, digests.message)
        );
        for other in others(t) {
            assert_ne!(other.digest(), digests.message, "{other:?}");
        }
    }
}

fn published(r: &TransactionColumns<F>) -> Digest {
    Digest(compress24(r.pubdata_call()))
}

/// Every entry's published part, in the history of every kind of row.
#[test]
fn what_is_published_is_the_protocols() {
    let (w, main) = honest();
    let batches = history().1;
    let rows = batches.iter().scan(0, |at, b| {
        let first = *at;
        *at += b.entries.len() + 1;
        Some(b.entries.iter().zip(first..))
    });
    for (entry, at) in rows.flatten() {
        let r = row(&main, at);
        let before = Digest(r.state.pubdata);
        let expected = match &entry.event {
            Event::Transaction(t) => publish(before, t.digests().public, &t.public_rest()),
            Event::Queue(_) => publish_item(before),
        };
        assert_eq!((published(&r), Digest(r.pubdata_after)), (expected, expected), "row {at}");
        if let Event::Queue(item) = &entry.event {
            assert_eq!(Digest(r.rolled), item.enqueue(Digest(r.state.queue)), "row {at}");
        }
    }
    assert_eq!(w.prev.number, history().0.prev.number);
}

/// Of two transfers that differ only in their recipient the published parts differ.
#[test]
fn recipients_are_published() {
    let to = |to: u32| {
        let mut w = World::new(5);
        let entry = w.pay(1, to, 7, 5, 1);
        row(&batch(&w, vec![entry]), 0)
    };
    let (two, four) = (to(2), to(4));
    assert_eq!(two.inner, four.inner);
    assert_ne!(published(&two), published(&four));
    for i in 0..2 {
        let mut other = two;
        other.to[i] += F::ONE;
        assert_ne!(published(&other), published(&two));
    }
}

/// Leaves with their number and index, and headers with their counts.
#[test]
fn what_leaves_and_what_is_sealed_are_the_protocols() {
    let (_, main) = honest();
    let (_, batches) = history();
    let mut at = 0;
    for ExecutedBatch { header, entries } in &batches {
        let leaving = (at..at + entries.len()).map(|i| row(&main, i)).filter(|r| r.leaves().is_one());
        let found: Vec<_> = leaving.map(|r| (r.leaf_call(), Digest(r.leaf))).collect();
        let expected = withdrawals(header.number, entries);
        assert_eq!(found, expected.iter().map(|x| (x.leaf_input(), x.digest())).collect::<Vec<_>>());
        at += entries.len();
        let seal = row(&main, at);
        assert_eq!(seal.header_fields(), header.fields());
        assert_eq!(seal.state.withdrawals, fe(u32::from(header.withdrawals)));
        assert_eq!(Digest(seal.rolled), roll(Digest(seal.state.headers), header.digest()));
        at += 1;
    }
    assert_eq!(at, EMPTY + 1);
    assert_eq!([SEAL, LEAVES].map(|at| row(&main, at).state.withdrawals), [fe(0), fe(6)]);
    assert_eq!(row(&main, FORCED).state.withdrawals, F::ONE);
}
