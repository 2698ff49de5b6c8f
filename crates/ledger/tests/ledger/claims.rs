//! Claims from sealed batches, and from published data and the queue: the same, and they hold.

use aludel_ledger::batch::{Claims, Gap, Left, Rebuild};
use aludel_protocol::claim::{Claim, ClaimError};
use aludel_protocol::{BatchNumber, Digest, Withdrawal};

use crate::public::*;
use crate::stub::*;

fn sealed(history: &History) -> Vec<Left> {
    history.batches.iter().map(|sealed| sealed.left().expect("replays")).collect()
}

fn rebuilt(history: &History) -> Vec<Left> {
    let mut rebuild = Rebuild::new(CHAIN);
    let mut queue = history.queue.iter().copied();
    history.published.iter().map(|b| rebuild.batch(b, &mut queue).expect("rebuilds").into()).collect()
}

fn claims(left: &[Left], wanted: impl Fn(&Withdrawal) -> bool) -> Vec<Claim> {
    let mut claims = Claims::new(wanted);
    left.iter().for_each(|left| claims.batch(left).expect("follows"));
    claims.finish()
}

#[test]
fn public_data_are_enough_to_leave() {
    let history = sample();
    assert_eq!(rebuilt(&history), sealed(&history));
}

#[test]
fn every_withdrawal_has_a_claim_under_every_later_statement() {
    let history = sample();
    let left = rebuilt(&history);
    let mut total = 0;
    for end in 1..=4 {
        let claims = claims(&left[..end], |_| true);
        let expected: Vec<_> = left[..end].iter().flat_map(|left| left.withdrawals.clone()).collect();
        assert_eq!(claims.iter().map(|claim| claim.withdrawal).collect::<Vec<_>>(), expected);
        for claim in &claims {
            let found = u64::from(claim.header.number.0) + claim.later.len() as u64;
            // Where the statement begins does not matter.
            for from in 0..end {
                assert_eq!(claim.verify(&history.statement(from, end)), Ok(()));
            }
            for other in (0..=4).filter(|other| *other != end) {
                let expected = BatchNumber(other as u32);
                let error = claim.verify(&history.statement(0, other));
                assert_eq!(error, Err(ClaimError::End { expected, found }));
            }
        }
        total += claims.len();
    }
    assert_eq!(total, 5 + 5 + 6);
}

#[test]
fn runs_may_begin_anywhere_and_wanted_ones_alone_are_made() {
    let history = sample();
    let left = sealed(&history);
    let all = claims(&left, |_| true);
    let own = claims(&left[1..], |withdrawal| withdrawal.to == ABROAD);
    assert_eq!(own.len(), 2);
    assert!(own.iter().all(|claim| all.contains(claim) && claim.withdrawal.to == ABROAD));
    assert_eq!(claims(&left, |_| false), []);
}

#[test]
fn withdrawals_are_those_that_the_batch_paid() {
    let paid: Vec<_> = sealed(&sample())
        .iter()
        .flat_map(|left| &left.withdrawals)
        .map(|w| (w.number.0, w.index, w.token.0, w.amount.0, w.to))
        .collect();
    let expected = [
        (2, 0, 4, 70, REFUND_TO),
        (2, 1, 4, 1, REFUND_TO),
        (2, 2, 5, 6, owner(1)),
        (2, 3, 0, 1000, owner(3)),
        (2, 4, 4, 30, ABROAD),
        (4, 0, 0, 10, ABROAD),
    ];
    assert_eq!(paid, expected);
}

#[test]
fn gaps_are_refused() {
    let left = sealed(&sample());
    let mut claims = Claims::new(|_: &Withdrawal| true);
    claims.batch(&left[0]).expect("may begin anywhere");
    let (last, found) = (BatchNumber(1), BatchNumber(3));
    assert_eq!(claims.batch(&left[2]), Err(Gap { last, found }));
    let again = Gap { last, found: last };
    assert_eq!(claims.batch(&left[0]), Err(again));
    let fork = Left { prev_headers: Digest::ZERO, ..left[1].clone() };
    assert_eq!(claims.batch(&fork), Err(Gap { last, found: BatchNumber(2) }));
    claims.batch(&left[1]).expect("a gap leaves no trace");
    assert_eq!(claims.finish().len(), 5);
}
