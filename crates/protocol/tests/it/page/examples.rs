//! One example of each record: a small batch 1 of chain 77, whose state roots are made up.

use aludel_protocol::cell::{empty_subtree, node};
use aludel_protocol::hash::{Tag, roll, rolling_start};
use aludel_protocol::records::{WithdrawalTree, publish, publish_item, transaction_version};
use aludel_protocol::*;
use p3_field::PrimeField32;

use super::block;

fn item() -> QueueItem {
    let mut key: [u8; 32] = core::array::from_fn(|i| i as u8);
    key[4..8].fill(0xff);
    let l1 = L1Address(core::array::from_fn(|i| 0x20 + i as u8));
    QueueItem {
        kind: QueueItem::TO_KEY,
        token: TokenId(3),
        amount: Amount(1_500_000_000_000_000_000),
        account: AccountId(0),
        l1,
        key: KeyBytes(key),
    }
}

fn transactions() -> [Transaction; 2] {
    let transfer = Transaction {
        chain_id: ChainId(77),
        protocol_version: transaction_version(),
        from: AccountId(70_000),
        token: TokenId(3),
        fee: 2_000_000,
        sequence: Sequence(4),
        epoch: Epoch(9),
        expiry: BatchNumber(100),
        action: Action::Transfer { to: AccountId(2), amount: Amount(1_250_000) },
    };
    let action = Action::Withdraw { to: withdrawal().to, amount: withdrawal().amount };
    [transfer, Transaction { sequence: Sequence(5), epoch: Epoch(10), action, ..transfer }]
}

fn withdrawal() -> Withdrawal {
    let to = L1Address(core::array::from_fn(|i| 0x40 + i as u8));
    Withdrawal { number: BatchNumber(1), index: 0, token: TokenId(3), amount: Amount(70_000), to }
}

fn published() -> PublishedBatch {
    let mut batch = PublishedBatch::new(BatchNumber(1), AccountId(1));
    batch.push_item();
    for (t, epoch_jump) in transactions().into_iter().zip([5, 0]) {
        let Transaction { from, token, fee, action, .. } = t;
        batch.push_transaction(PublishedTransaction { from, token, fee, epoch_jump, action });
    }
    batch
}

fn pubdata() -> Digest {
    transactions().iter().fold(publish_item(rolling_start(Tag::Pubdata)), |rolling, t| {
        publish(rolling, t.digests().public, &t.public_rest())
    })
}

fn withdrawals_root() -> Digest {
    WithdrawalTree::new(vec![withdrawal().digest()]).root()
}

fn header() -> Header {
    Header {
        number: BatchNumber(1),
        operator: AccountId(1),
        transactions: 2,
        queue_items: 1,
        withdrawals: 1,
        pubdata: pubdata(),
        withdrawals_root: withdrawals_root(),
    }
}

fn statement() -> Statement {
    let prev = Checkpoint::genesis(Digest(core::array::from_fn(|i| fe(i as u32))));
    let next = Checkpoint {
        number: BatchNumber(1),
        state_root: Digest(core::array::from_fn(|i| fe(100 + i as u32))),
        headers: roll(prev.headers, header().digest()),
        queue: item().enqueue(prev.queue),
        queue_index: QueueIndex(1),
    };
    Statement::new(ChainId(77), prev, next)
}

/// 32 bytes a line.
fn bytes(bytes: &[u8]) -> Vec<String> {
    bytes.chunks(32).map(hex::encode).collect()
}

/// A call a line.
fn elements(fields: &[F], a_line: usize) -> Vec<String> {
    let line =
        |call: &[F]| call.iter().map(|x| x.as_canonical_u32().to_string()).collect::<Vec<_>>().join(" ");
    fields.chunks(a_line).map(line).collect()
}

fn compare(name: &str, parts: &[(&str, Vec<String>)]) {
    let titled = |(title, lines): &(&str, Vec<String>)| [vec![format!("{title}:")], lines.clone()].concat();
    let lines: Vec<_> = parts.iter().flat_map(titled).collect();
    let expected = [vec!["```text".to_owned()], lines, vec!["```".to_owned()]].concat();
    assert!(block(name) == expected, "docs/records.md should have\n{}\n", expected.join("\n"));
}

fn digest(of: Digest) -> Vec<String> {
    vec![of.to_string()]
}

#[test]
fn the_queue_item() {
    let start = rolling_start(Tag::Queue);
    compare(
        "example queue item",
        &[
            ("bytes", bytes(&item().to_packed())),
            ("elements, a call a line", elements(&item().fields(), 16)),
            ("queue before", digest(start)),
            ("queue after", digest(item().enqueue(start))),
            ("the key that it names", digest(item().key.digest())),
        ],
    );
}

#[test]
fn the_transactions() {
    let [transfer, withdraw] = transactions();
    compare(
        "example transactions",
        &[
            ("transfer: where its hash begins", elements(&transfer.start(), 8)),
            ("its elements, a call a line", elements(&transfer.fields(), 16)),
            ("its public digest", digest(transfer.digests().public)),
            ("its digest, which is signed", digest(transfer.digest())),
            ("withdrawal: its elements, a call a line", elements(&withdraw.fields(), 16)),
            ("its public digest", digest(withdraw.digests().public)),
            ("its digest, which is signed", digest(withdraw.digest())),
        ],
    );
}

#[test]
fn the_withdrawal() {
    let leaf = withdrawal().digest();
    let above = node(leaf, empty_subtree(0));
    compare(
        "example withdrawal",
        &[
            ("bytes", bytes(&withdrawal().to_packed())),
            ("elements, one call", elements(&withdrawal().leaf_input(), 24)),
            ("leaf", digest(leaf)),
            ("the node above it and an empty leaf", digest(above)),
            ("root", digest(withdrawals_root())),
            ("root without withdrawals", digest(empty_subtree(16))),
        ],
    );
}

#[test]
fn the_published_data() {
    let start = rolling_start(Tag::Pubdata);
    compare(
        "example published data",
        &[
            ("file", bytes(&published().to_bytes())),
            ("pubdata before", digest(start)),
            ("after the item", digest(publish_item(start))),
            ("after the transactions", digest(pubdata())),
        ],
    );
}

#[test]
fn the_header() {
    let start = rolling_start(Tag::Headers);
    compare(
        "example header",
        &[
            ("bytes", bytes(&header().to_packed())),
            ("elements, a call a line", elements(&header().fields(), 16)),
            ("digest", digest(header().digest())),
            ("headers before", digest(start)),
            ("headers after", digest(roll(start, header().digest()))),
        ],
    );
}

#[test]
fn the_statement() {
    compare(
        "example statement",
        &[
            ("bytes", bytes(&statement().to_packed())),
            ("elements, a call a line", elements(&statement().fields(), 16)),
            ("digest", digest(statement().digest())),
        ],
    );
}
