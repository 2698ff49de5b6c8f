//! Each row of a table of the page names a field, its bytes and its elements: a change of the field changes just those.

use aludel_protocol::hash::Tag;
use aludel_protocol::*;

use super::{block, rows};
use crate::make::{digest, header, l1, statement, withdrawal};

/// A field of a record and a change of all of its bits.
type Field<T> = (&'static str, fn(&mut T));

/// `a..b`, or `a` alone.
fn range(text: &str) -> core::ops::Range<usize> {
    let number = |x: &str| x.parse::<usize>().unwrap_or_else(|e| panic!("{text:?} is no range: {e}"));
    match text.split_once("..") {
        Some((a, b)) => number(a)..number(b),
        None => number(text)..number(text) + 1,
    }
}

/// The first and the last position that differ.
fn differ<T: PartialEq>(a: &[T], b: &[T]) -> Option<(usize, usize)> {
    assert_eq!(a.len(), b.len());
    let differs: Vec<_> = (0..a.len()).filter(|i| a[*i] != b[*i]).collect();
    Some((*differs.first()?, *differs.last()?))
}

fn check<T: Packed + Clone>(name: &str, record: &T, fields: &[Field<T>], elements: fn(&T) -> Vec<F>) {
    let mut next = 0;
    let rows = rows(name);
    assert_eq!(
        rows.iter().map(|row| row[3]).collect::<Vec<_>>(),
        fields.iter().map(|f| f.0).collect::<Vec<_>>()
    );
    for (row, (field, change)) in rows.iter().zip(fields) {
        let (offset, width) = (range(row[0]).start, range(row[1]).start);
        assert_eq!(offset, next, "{field} begins where the one before it ends");
        next += width;
        let mut changed = record.clone();
        change(&mut changed);
        let bytes = differ(&record.to_packed(), &changed.to_packed());
        assert_eq!(bytes, Some((offset, offset + width - 1)), "the bytes of {field}");
        let at = range(row[4]);
        let elements = differ(&elements(record), &elements(&changed));
        assert_eq!(elements, Some((at.start, at.end - 1)), "the elements of {field}");
    }
    assert_eq!(next, T::BYTES, "the bytes of {name}");
}

fn flip(digest: &mut Digest) {
    digest.0 = digest.0.map(|x| x + fe(0x0101_0101));
}

#[test]
fn queue_items_are_laid_out_as_the_page_says() {
    let item = QueueItem::to_key(digest(1), l1(9), TokenId(2), Amount(3));
    let fields: [Field<QueueItem>; 6] = [
        ("kind", |i| i.kind = !i.kind),
        ("token", |i| i.token.0 = !i.token.0),
        ("amount", |i| i.amount.0 = !i.amount.0),
        ("account", |i| i.account.0 = !i.account.0),
        ("l1", |i| i.l1.0 = i.l1.0.map(|b| !b)),
        ("key", |i| i.key.0 = i.key.0.map(|b| !b)),
    ];
    check("queue item", &item, &fields, |i| i.fields().to_vec());
}

#[test]
fn withdrawals_are_laid_out_as_the_page_says() {
    let fields: [Field<Withdrawal>; 5] = [
        ("number", |w| w.number.0 = !w.number.0),
        ("index", |w| w.index = !w.index),
        ("token", |w| w.token.0 = !w.token.0),
        ("amount", |w| w.amount.0 = !w.amount.0),
        ("to", |w| w.to.0 = w.to.0.map(|b| !b)),
    ];
    check("withdrawal", &withdrawal(3, 4), &fields, |w| w.leaf_input().to_vec());
}

#[test]
fn headers_are_laid_out_as_the_page_says() {
    let fields: [Field<Header>; 7] = [
        ("number", |h| h.number.0 = !h.number.0),
        ("operator", |h| h.operator.0 = !h.operator.0),
        ("transactions", |h| h.transactions = !h.transactions),
        ("queue_items", |h| h.queue_items = !h.queue_items),
        ("withdrawals", |h| h.withdrawals = !h.withdrawals),
        ("pubdata", |h| flip(&mut h.pubdata)),
        ("withdrawals_root", |h| flip(&mut h.withdrawals_root)),
    ];
    check("header", &header(3), &fields, |h| h.fields().to_vec());
}

#[test]
fn statements_are_laid_out_as_the_page_says() {
    let fields: [Field<Statement>; 13] = [
        ("chain_id", |s| s.chain_id.0 = !s.chain_id.0),
        ("protocol_version", |s| s.protocol_version = !s.protocol_version),
        ("config", |s| flip(&mut s.config)),
        ("prev.number", |s| s.prev.number.0 = !s.prev.number.0),
        ("prev.state_root", |s| flip(&mut s.prev.state_root)),
        ("prev.headers", |s| flip(&mut s.prev.headers)),
        ("prev.queue", |s| flip(&mut s.prev.queue)),
        ("prev.queue_index", |s| s.prev.queue_index.0 = !s.prev.queue_index.0),
        ("next.number", |s| s.next.number.0 = !s.next.number.0),
        ("next.state_root", |s| flip(&mut s.next.state_root)),
        ("next.headers", |s| flip(&mut s.next.headers)),
        ("next.queue", |s| flip(&mut s.next.queue)),
        ("next.queue_index", |s| s.next.queue_index.0 = !s.next.queue_index.0),
    ];
    check("statement", &statement(3), &fields, |s| s.fields().to_vec());
}

#[test]
fn tags_are_those_of_the_page() {
    use Tag::*;
    let tags = [
        (Transfer, "transfer"),
        (Withdraw, "withdrawal, as it is signed"),
        (Rotate, "rotation"),
        (QueueItem, "queue item, in published data"),
        (Queue, "rolling digest of the queue"),
        (Pubdata, "rolling digest of published data"),
        (Header, "header"),
        (Headers, "rolling digest of headers"),
        (Statement, "statement"),
        (Withdrawal, "withdrawal, as a leaf"),
    ];
    let expected: Vec<_> = tags.iter().map(|(tag, of)| format!("| {} | {of} |", *tag as u32)).collect();
    assert_eq!(block("tags")[2..], expected);
}

/// Of each row of the table: a transaction that has the field, and a change of all of its bits.
type Part = (Action, fn(&mut Transaction));

const TRANSFER: Action = Action::Transfer { to: AccountId(9), amount: Amount(10) };
const WITHDRAW: Action = Action::Withdraw { to: L1Address([9; 20]), amount: Amount(10) };

const PARTS: [Part; 9] = [
    (TRANSFER, |t| t.from.0 = !t.from.0),
    (TRANSFER, |t| t.token.0 = !t.token.0),
    (WITHDRAW, |t| t.fee = !t.fee),
    (TRANSFER, |t| t.epoch.0 += 1),
    (TRANSFER, |t| t.action = Action::Transfer { to: AccountId(9), amount: Amount(!10) }),
    (TRANSFER, |t| t.sequence.0 = !t.sequence.0),
    (WITHDRAW, |t| t.expiry.0 = !t.expiry.0),
    (TRANSFER, |t| t.action = Action::Transfer { to: AccountId(!9), amount: Amount(10) }),
    (WITHDRAW, |t| t.action = Action::Withdraw { to: L1Address([!9; 20]), amount: Amount(10) }),
];

#[test]
fn transactions_are_laid_out_as_the_page_says() {
    let rows = rows("transaction");
    assert_eq!(rows.len(), PARTS.len());
    for (row, (action, change)) in rows.iter().zip(PARTS) {
        let honest = crate::transactions::transaction(action);
        let mut changed = honest;
        change(&mut changed);
        let at = range(row[0]);
        let elements = differ(&honest.fields(), &changed.fields());
        assert_eq!(elements, Some((at.start, at.end - 1)), "the elements of {}", row[1]);
    }
    let rotations = [1, 2].map(|n| crate::transactions::transaction(Action::Rotate { key: digest(n) }));
    assert_eq!(differ(&rotations[0].fields(), &rotations[1].fields()), Some((8, 15)));
}

#[test]
fn claims_are_laid_out_as_the_page_says() {
    let later = vec![digest(8), digest(9)];
    let path = core::array::from_fn(|i| digest(20 + i as u32));
    let (withdrawal, header, prev_headers) = (withdrawal(3, 4), header(3), digest(7));
    let digests = |digests: &[Digest]| digests.iter().flat_map(Digest::to_bytes).collect::<Vec<_>>();
    let count = 2_u32.to_le_bytes().to_vec();
    let before = prev_headers.to_bytes().to_vec();
    let parts = [withdrawal.to_packed(), digests(&path), header.to_packed(), before, count, digests(&later)];
    let claim = Claim { withdrawal, path, header, prev_headers, later };
    assert_eq!(claim.to_bytes()[8..], parts.concat());
    let mut next = 0;
    for (row, part) in rows("claim").iter().zip(&parts) {
        let each = row[1].trim_end_matches(" each");
        assert_eq!(
            (range(row[0]).start, range(each).start * if each == row[1] { 1 } else { 2 }),
            (next, part.len())
        );
        next += part.len();
    }
    assert_eq!(rows("claim").len(), parts.len());
}
