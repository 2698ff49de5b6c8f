//! Attacks on what becomes of an item of the L1 queue: of each state and item just one outcome has a trace.

use std::collections::BTreeSet;

use aludel_protocol::cell::Access;
use aludel_protocol::{AccountId, CellAddress, F, L1Address, NoOp, Payload, QueueItem, Request};
use p3_field::PrimeCharacteristicRing;

use super::history::{FORCED, NO_ACCOUNT, OVERFLOW, TO_ACCOUNT, UNKNOWN_KIND, batch, honest, trace};
use super::judge::{edit, forge, refusals, refused, refused_only};
use super::world::{World, forced, l1, of_kind, to_account, to_key};

const LAST: u32 = u32::MAX;
const FREE: u32 = 5;

/// Items, the counter, and what becomes of them.
fn scenarios() -> Vec<(u32, QueueItem, Option<NoOp>)> {
    let nobodys = QueueItem { l1: L1Address::default(), ..forced(4, 7, 4) };
    vec![
        (FREE, to_account(2, 0, 1), None),
        (FREE, to_account(1, 7, 1 << 127), None),
        (FREE, to_account(2, 0xffff, u128::MAX), None),
        (FREE, to_account(3, 0, u128::MAX - (1 << 100)), None),
        (FREE, to_account(3, 0, u128::MAX - (1 << 100) + 1), Some(NoOp::Overflow)),
        (FREE, to_account(2, 7, u128::MAX), Some(NoOp::Overflow)),
        (FREE, to_account(0, 0, 1), Some(NoOp::NoAccount)),
        (FREE, to_account(77, 7, u128::MAX), Some(NoOp::NoAccount)),
        (FREE, to_key(9, 0, 1), None),
        (LAST - 1, to_key(9, 7, u128::MAX), None),
        (LAST, to_key(9, 0, 1), Some(NoOp::NoNumber)),
        (FREE, forced(1, 0, 1), None),
        (FREE, forced(2, 7, 2), None),
        (FREE, forced(3, 7, 3), None),
        (FREE, forced(1, 7, 2), Some(NoOp::NotOwner)),
        (FREE, forced(4, 0, 4), Some(NoOp::NotOwner)),
        (FREE, nobodys, Some(NoOp::NotOwner)),
        (FREE, forced(0, 0, 1), Some(NoOp::ForcedNoAccount)),
        (FREE, forced(77, 7, 1), Some(NoOp::ForcedNoAccount)),
        (FREE, of_kind(0, 1), Some(NoOp::UnknownKind)),
        (FREE, of_kind(4, 1), Some(NoOp::UnknownKind)),
        (FREE, of_kind(0xffff, 1), Some(NoOp::UnknownKind)),
    ]
}

#[test]
fn each_outcome_is_accepted_where_it_is_due() {
    let mut seen = BTreeSet::new();
    for (next, item, expected) in scenarios() {
        let mut w = World::new(next);
        assert_eq!(w.reason(&item), expected, "{item:?}");
        let entry = w.queue(item);
        assert_eq!(refusals(&w, &batch(&w, vec![entry])), Default::default(), "{item:?}");
        seen.insert((item.kind, expected));
    }
    assert_eq!(seen.len(), 3 + NoOp::ALL.len() + 2);
}

/// The kind of item for which an outcome is meant; 0 is any other.
fn kind_of(claim: Option<NoOp>, item: &QueueItem) -> u16 {
    match claim {
        None => item.kind,
        Some(NoOp::NoAccount | NoOp::Overflow) => QueueItem::TO_ACCOUNT,
        Some(NoOp::NoNumber) => QueueItem::TO_KEY,
        Some(NoOp::ForcedNoAccount | NoOp::NotOwner) => QueueItem::FORCED,
        Some(NoOp::UnknownKind) => 0,
    }
}

/// Who refuses a claim that is not true.
fn guard(claim: Option<NoOp>, truth: Option<NoOp>, item: &QueueItem) -> &'static str {
    match (claim, truth) {
        (Some(NoOp::UnknownKind), _) => "an unknown kind is none of the known",
        _ if kind_of(claim, item) != item.kind => "the row is of the item's kind",
        (None | Some(NoOp::Overflow), Some(NoOp::NoAccount)) => "recipient exists",
        (None, Some(NoOp::Overflow)) => "recipient gains the amount",
        (None, Some(NoOp::NoNumber)) => "counter advances",
        (None, Some(NoOp::NotOwner)) => "the owner asks",
        (None | Some(NoOp::NotOwner), Some(NoOp::ForcedNoAccount)) => "sender exists",
        (Some(NoOp::NoAccount), _) => "no account to credit",
        (Some(NoOp::Overflow), _) => "range16",
        (Some(NoOp::NoNumber), _) => "the counter is at its end",
        (Some(NoOp::ForcedNoAccount), _) => "no account to force",
        (Some(NoOp::NotOwner), _) => "another owner than who asks",
        (None, _) => unreachable!("an item of an unknown kind has no row that credits"),
    }
}

#[test]
fn no_other_outcome_is_accepted() {
    let claims = || [None].into_iter().chain(NoOp::ALL.map(Some));
    let mut tried = 0;
    for (next, item, truth) in scenarios() {
        let unknown = item.request() == Request::Unknown;
        for claim in claims().filter(|c| *c != truth && !(unknown && c.is_none())) {
            let mut w = World::new(next);
            let entry = w.claim(item, claim);
            let main = trace(&w, &[(3, vec![entry])]);
            let by = refusals(&w, &main);
            let guard = guard(claim, truth, &item);
            assert!(by.contains(guard), "{claim:?} of {item:?}: refused by {by:?}, not by {guard:?}");
            tried += 1;
        }
    }
    assert_eq!(tried, 22 * 6 - 3);
}

/// The carry that makes a sum overflow, taken where there is none: the last limb goes below zero.
#[test]
fn an_overflow_has_a_sum() {
    let mut w = World::new(FREE);
    let entry = w.claim(to_account(2, 0, 5), Some(NoOp::Overflow));
    refused_only(&w, &batch(&w, vec![entry]), &["range16"]);
}

/// A sum of `2^128` and more is credited without it.
#[test]
fn a_credit_does_not_wrap() {
    let mut w = World::new(FREE);
    let entry = w.deposit(to_account(2, 7, u128::MAX));
    let mut main = batch(&w, vec![entry]);
    refused_only(&w, &main, &["recipient gains the amount"]);
    edit(&mut main, 0, |r| r.balances[1].after[7] += F::from_u32(1 << 16));
    refused_only(&w, &main, &["range16"]);
}

/// What is refunded is not credited as well.
#[test]
fn nothing_is_refunded_and_credited() {
    let (w, main) = honest();
    let mut bad = main.clone();
    edit(&mut bad, OVERFLOW, |r| r.accounts[1].new[12..].copy_from_slice(&r.balances[1].after));
    refused(&w, &bad, "no effect on the account that is named");
    let mut bad = main.clone();
    edit(&mut bad, NO_ACCOUNT, |r| {
        r.accounts[1].new[Payload::BALANCE] = r.amount[0];
        r.accounts[1].new[Payload::EXISTS] = F::ONE;
    });
    refused_only(&w, &bad, &["no effect on the account that is named"]);
    let mut bad = main.clone();
    forge(&mut bad, TO_ACCOUNT, |r| r.no_account = F::ONE);
    refused(&w, &bad, "one kind a row");
    let mut bad = main;
    forge(&mut bad, TO_ACCOUNT, |r| (r.no_account, r.padding) = (F::ONE, -F::ONE));
    refused(&w, &bad, "kind is boolean");
    // The cell of another token: a later payment spends what was refunded.
    let mut w = World::new(FREE);
    let mut refund = w.claim(to_account(2, 7, u128::MAX), Some(NoOp::Overflow));
    let at = CellAddress::slot(AccountId(2), 7);
    let mut credited = w.payload(at);
    credited.0[Payload::BALANCE..].fill(F::ONE);
    w.state.insert(at, credited);
    refund.accesses[4] = refund.accesses[4].map(|a| Access { new: credited, ..a });
    let entries = vec![refund, w.pay(2, 1, 7, 1 << 100, 0)];
    refused_only(&w, &trace(&w, &[(3, entries)]), &["cell"]);
}

/// Who is refunded, and how much, is what the item says.
#[test]
fn a_refund_is_the_items() {
    for at in [NO_ACCOUNT, OVERFLOW, UNKNOWN_KIND] {
        let (w, mut main) = honest();
        forge(&mut main, at, |r| r.l1 = l1(99).limbs());
        refused_only(&w, &main, &["boundary"]);
    }
    for at in [NO_ACCOUNT, UNKNOWN_KIND] {
        let (w, mut main) = honest();
        forge(&mut main, at, |r| r.amount[5] += F::ONE);
        refused_only(&w, &main, &["boundary"]);
    }
    // Of a forced withdrawal the amount is the balance, whatever the item says.
    let (w, mut main) = honest();
    forge(&mut main, FORCED, |r| r.balances[0].before[0] += F::ONE);
    refused_only(&w, &main, &["native balance before"]);
}
