//! Claims: every leaf of several batches, and nothing else.

use aludel_protocol::cell::node;
use aludel_protocol::hash::{Tag, roll, rolling_start};
use aludel_protocol::records::WithdrawalTree;
use aludel_protocol::*;
use proptest::prelude::*;

use crate::make::*;

/// Batches of a chain: their headers and trees.
struct Chain {
    headers: Vec<Header>,
    trees: Vec<WithdrawalTree>,
    counts: Vec<u16>,
}

fn chain(counts: &[u16]) -> Chain {
    let numbers = 1..=counts.len() as u32;
    let trees: Vec<_> = numbers
        .zip(counts)
        .map(|(n, count)| WithdrawalTree::new((0..*count).map(|i| withdrawal(n, i).digest()).collect()))
        .collect();
    let headers = (1..).zip(counts).zip(&trees).map(|((n, count), tree)| Header {
        number: BatchNumber(n),
        withdrawals: *count,
        withdrawals_root: tree.root(),
        ..header(n)
    });
    Chain { headers: headers.collect(), trees, counts: counts.to_vec() }
}

impl Chain {
    /// Rolling digest after as many batches.
    fn rolled(&self, batches: usize) -> Digest {
        self.headers[..batches].iter().map(Header::digest).fold(rolling_start(Tag::Headers), roll)
    }

    /// The claim of a leaf, up to the batch `end`, both numbers from 1.
    fn claim(&self, number: usize, index: u16, end: usize) -> Claim {
        Claim {
            withdrawal: withdrawal(number as u32, index),
            path: self.trees[number - 1].path(index),
            header: self.headers[number - 1],
            prev_headers: self.rolled(number - 1),
            later: self.headers[number..end].iter().map(Header::digest).collect(),
        }
    }

    fn statement(&self, end: usize) -> Statement {
        let mut statement = statement(3);
        statement.next.number = BatchNumber(end as u32);
        statement.next.headers = self.rolled(end);
        statement
    }
}

fn sample() -> Chain {
    chain(&[3, 0, 1, 5])
}

#[test]
fn every_leaf_has_a_claim_under_every_later_statement() {
    let chain = sample();
    let mut checked = 0;
    for (number, count) in (1..).zip(&chain.counts) {
        for (index, end) in (0..*count).flat_map(|i| (number..=4).map(move |end| (i, end))) {
            let claim = chain.claim(number, index, end);
            assert_eq!(claim.verify(&chain.statement(end)), Ok(()));
            assert_eq!(Claim::from_bytes(&claim.to_bytes()), Ok(claim));
            checked += 1;
        }
    }
    assert_eq!(checked, 3 * 4 + 2 + 5);
}

fn refused(change: impl FnOnce(&mut Claim)) -> ClaimError {
    let chain = sample();
    let mut claim = chain.claim(1, 1, 4);
    assert_eq!(claim.verify(&chain.statement(4)), Ok(()));
    change(&mut claim);
    claim.verify(&chain.statement(4)).expect_err("it is false")
}

#[test]
fn a_false_withdrawal_has_no_path() {
    let changes: [fn(&mut Claim); 7] = [
        |c| c.withdrawal.index = 0,
        |c| c.withdrawal.index = 2,
        |c| c.withdrawal.token.0 += 1,
        |c| c.withdrawal.amount.0 += 1,
        |c| c.withdrawal.amount.0 ^= 1 << 127,
        |c| c.withdrawal.to.0[0] ^= 1,
        |c| c.withdrawal.to.0[19] ^= 1,
    ];
    for change in changes {
        let error = refused(change);
        assert!(matches!(error, ClaimError::Path { number: BatchNumber(1), .. }), "{error}");
    }
}

#[test]
fn a_false_path_leads_elsewhere() {
    for level in 0..16 {
        let error = refused(|c| c.path[level] = digest(99));
        let expected = sample().headers[0].withdrawals_root;
        assert!(
            matches!(error, ClaimError::Path { expected: e, .. } if e == expected),
            "level {level}: {error}"
        );
    }
}

#[test]
fn withdrawal_and_header_are_of_one_batch() {
    let (expected, found) = (BatchNumber(1), BatchNumber(2));
    assert_eq!(refused(|c| c.withdrawal.number.0 = 2), ClaimError::Number { expected, found });
    let (expected, found) = (found, expected);
    assert_eq!(refused(|c| c.header.number.0 = 2), ClaimError::Number { expected, found });
}

#[test]
fn a_false_header_is_not_the_chains() {
    let changes: [fn(&mut Claim); 5] = [
        |c| c.header.operator.0 ^= 1,
        |c| c.header.transactions ^= 1,
        |c| c.header.queue_items ^= 1,
        |c| c.header.withdrawals += 1,
        |c| c.header.pubdata = Digest::ZERO,
    ];
    for change in changes {
        let error = refused(change);
        let expected = sample().rolled(4);
        assert!(matches!(error, ClaimError::Headers { expected: e, .. } if e == expected), "{error}");
    }
    let number = BatchNumber(1);
    assert_eq!(refused(|c| c.header.withdrawals = 1), ClaimError::Index { number, index: 1, count: 1 });
    assert!(matches!(refused(|c| c.header.withdrawals_root = digest(1)), ClaimError::Path { .. }));
    // Root and path of a tree of one's own: only the rolling digest refuses them.
    let own = refused(|c| {
        c.withdrawal.amount = Amount(u128::MAX);
        c.header.withdrawals_root = c.withdrawal.root(&c.path);
    });
    assert!(matches!(own, ClaimError::Headers { .. }), "{own}");
}

#[test]
fn headers_before_and_after_are_the_chains() {
    assert!(matches!(refused(|c| c.prev_headers = digest(1)), ClaimError::Headers { .. }));
    for later in 0..3 {
        assert!(matches!(refused(|c| c.later[later] = digest(1)), ClaimError::Headers { .. }));
    }
    assert!(matches!(refused(|c| c.later.swap(0, 1)), ClaimError::Headers { .. }));
    let expected = BatchNumber(4);
    assert_eq!(refused(|c| c.later.truncate(2)), ClaimError::End { expected, found: 3 });
    assert_eq!(refused(|c| c.later.push(digest(1))), ClaimError::End { expected, found: 5 });
    // The same rolling digest from a later point: the number tells.
    let skipped = refused(|c| {
        c.prev_headers = sample().rolled(1);
        c.later.remove(0);
    });
    assert_eq!(skipped, ClaimError::End { expected, found: 3 });
}

#[test]
fn another_statement_refuses() {
    let chain = sample();
    let claim = chain.claim(3, 0, 4);
    let expected = BatchNumber(3);
    assert_eq!(claim.verify(&chain.statement(3)), Err(ClaimError::End { expected, found: 4 }));
    let before = Err(ClaimError::End { expected: BatchNumber(2), found: 4 });
    assert_eq!(claim.verify(&chain.statement(2)), before);
    let mut other = chain.statement(4);
    other.next.headers = digest(1);
    let found = chain.rolled(4);
    assert_eq!(claim.verify(&other), Err(ClaimError::Headers { expected: digest(1), found }));
}

#[test]
fn the_leaf_of_another_batch_refuses() {
    let chain = chain(&[3, 3]);
    let other = chain.claim(2, 1, 2);
    let claim = Claim { withdrawal: other.withdrawal, path: other.path, ..chain.claim(1, 1, 2) };
    let (expected, found) = (BatchNumber(1), BatchNumber(2));
    assert_eq!(claim.verify(&chain.statement(2)), Err(ClaimError::Number { expected, found }));
    let renamed = Withdrawal { number: BatchNumber(1), ..other.withdrawal };
    let claim = Claim { withdrawal: renamed, ..claim };
    assert!(matches!(claim.verify(&chain.statement(2)), Err(ClaimError::Path { .. })));
}

#[test]
fn what_is_empty_or_no_leaf_refuses() {
    let chain = sample();
    let beyond = chain.claim(1, 3, 4);
    let number = BatchNumber(1);
    let index = Err(ClaimError::Index { number, index: 3, count: 3 });
    assert_eq!(beyond.verify(&chain.statement(4)), index);
    let none = chain.claim(2, 0, 4);
    let number = BatchNumber(2);
    assert_eq!(none.verify(&chain.statement(4)), Err(ClaimError::Index { number, index: 0, count: 0 }));
    // The path of the node above leaves 0 and 1, taken for a leaf: what hangs below it has no room.
    let honest = chain.claim(1, 0, 4);
    let tree = &chain.trees[0];
    let inner = node(honest.withdrawal.digest(), honest.path[0]);
    assert_eq!(inner, tree.node(1, 0));
    let mut path = honest.path;
    path.rotate_left(1);
    let claim = Claim { path, ..honest };
    assert!(matches!(claim.verify(&chain.statement(4)), Err(ClaimError::Path { .. })));
}

#[test]
fn counts_beyond_batch_numbers_are_no_panic() {
    let chain = sample();
    let mut claim = chain.claim(4, 0, 4);
    claim.header.number = BatchNumber(u32::MAX);
    claim.withdrawal.number = BatchNumber(u32::MAX);
    claim.header.withdrawals_root = claim.withdrawal.root(&claim.path);
    claim.later = vec![digest(1); 5];
    let (expected, found) = (BatchNumber(4), u64::from(u32::MAX) + 5);
    assert_eq!(claim.verify(&chain.statement(4)), Err(ClaimError::End { expected, found }));
}

/// Headers begin with batch 1: nothing lies before what the chain's rolling digest begins with.
#[test]
fn no_batch_lies_before_the_first() {
    let chain = sample();
    let mut claim = chain.claim(1, 0, 4);
    claim.header.number = BatchNumber(0);
    claim.withdrawal.number = BatchNumber(0);
    claim.header.withdrawals_root = claim.withdrawal.root(&claim.path);
    claim.later = chain.headers.iter().map(Header::digest).collect();
    for prev_headers in [Digest::ZERO, chain.rolled(0), digest(1)] {
        claim.prev_headers = prev_headers;
        assert!(matches!(claim.verify(&chain.statement(4)), Err(ClaimError::Headers { .. })));
    }
}

/// A statement says nothing of the batches before its first but that their headers roll to `prev.headers`. Whoever takes a
/// statement with a beginning of the prover's making takes its withdrawals.
#[test]
fn a_claim_before_the_statement_rests_on_where_it_begins() {
    let (ours, theirs) = (chain(&[1, 0]), chain(&[3, 0]));
    let claim = theirs.claim(1, 2, 2);
    let mut statement = ours.statement(2);
    assert!(matches!(claim.verify(&statement), Err(ClaimError::Headers { .. })));
    statement.prev.number = BatchNumber(1);
    statement.prev.headers = theirs.rolled(1);
    statement.next.headers = roll(theirs.rolled(1), ours.headers[1].digest());
    assert_eq!(claim.verify(&statement), Ok(()));
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn damaged_claims(at: prop::sample::Index, bit in 0..8u8, cut in prop::bool::weighted(0.2)) {
        let chain = sample();
        let honest = chain.claim(1, 2, 4);
        let mut bytes = honest.to_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        if let Ok(other) = Claim::from_bytes(&bytes) {
            prop_assert!(!cut && other != honest);
            prop_assert_eq!(other.to_bytes(), bytes);
            prop_assert!(other.verify(&chain.statement(4)).is_err());
        }
    }

    #[test]
    fn a_count_without_digests_is_an_error(count: u32, bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut claim = sample().claim(1, 2, 1).to_bytes();
        claim.truncate(claim.len() - 4);
        let claim = [&claim[..], &count.to_le_bytes(), &bytes].concat();
        match Claim::from_bytes(&claim) {
            Ok(claim) => prop_assert_eq!(32 * claim.later.len(), bytes.len()),
            Err(_) => prop_assert!(count > 0 || !bytes.is_empty()),
        }
    }
}
