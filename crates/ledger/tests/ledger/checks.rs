//! A rebuilt chain against the statements that are proven of it.

use aludel_ledger::batch::{CheckpointField, Checks, StatementError};
use aludel_protocol::statement::Checkpoint;
use aludel_protocol::{BatchNumber, ChainId, Digest, Statement};

use crate::public::*;
use crate::stub::*;

/// Feeds every checkpoint of a history; how many ends were met.
fn feed(history: &History, statements: &[Statement]) -> Result<usize, StatementError> {
    let mut checks = Checks::new(CHAIN, statements)?;
    let mut met = 0;
    for batches in 0..=history.batches.len() {
        met += checks.at(&history.checkpoint(batches))?;
    }
    checks.finish().map(|()| met)
}

#[test]
fn statements_meet_the_chain_at_both_ends() {
    let history = sample();
    let s = |from, to| history.statement(from, to);
    assert_eq!(feed(&history, &[]), Ok(0));
    assert_eq!(feed(&history, &[s(0, 4)]), Ok(2));
    assert_eq!(feed(&history, &[s(2, 4), s(0, 2), s(1, 3)]), Ok(6));
}

#[test]
fn another_chain_or_version_is_refused_at_once() {
    let history = sample();
    let mut other = history.statement(0, 4);
    other.chain_id = ChainId(1);
    let (expected, found) = (CHAIN, ChainId(1));
    let error = StatementError::Chain { statement: 1, expected, found };
    assert_eq!(feed(&history, &[history.statement(0, 4), other]), Err(error));
    let mut other = history.statement(0, 4);
    other.protocol_version = 9;
    assert_eq!(feed(&history, &[other]), Err(StatementError::Rules { statement: 0, found: 9 }));
    let mut other = history.statement(0, 4);
    other.config = Digest::ZERO;
    assert_eq!(feed(&history, &[other]), Err(StatementError::Rules { statement: 0, found: 1 }));
}

#[test]
fn the_first_part_that_differs_is_named() {
    type Change = fn(&mut Checkpoint);
    let changes: [(CheckpointField, Change); 5] = [
        (CheckpointField::QueueIndex, |c| c.queue_index.0 += 1),
        (CheckpointField::Queue, |c| c.queue = Digest::ZERO),
        (CheckpointField::Headers, |c| c.headers = Digest::ZERO),
        (CheckpointField::StateRoot, |c| c.state_root = Digest::ZERO),
        (CheckpointField::Queue, |c| (c.queue, c.headers, c.state_root) = Default::default()),
    ];
    let history = sample();
    for (field, change) in changes {
        let mut wrong = history.statement(1, 3);
        change(&mut wrong.next);
        let Err(StatementError::Differs { statement: 1, misfit }) =
            feed(&history, &[history.statement(0, 2), wrong, history.statement(2, 4)])
        else {
            panic!("{field} passes")
        };
        assert_eq!((misfit.field, misfit.fits_until), (field, Some(BatchNumber(2))));
        assert_eq!((misfit.expected, misfit.found), (wrong.next, history.checkpoint(3)));
        let mut wrong = history.statement(0, 3);
        change(&mut wrong.prev);
        let error = feed(&history, &[wrong]).expect_err("its beginning is false");
        assert!(
            matches!(error, StatementError::Differs { statement: 0, misfit } if misfit.fits_until.is_none())
        );
    }
}

#[test]
fn what_is_not_reached_is_not_checked() {
    let history = sample();
    let mut checks = Checks::new(CHAIN, &[history.statement(0, 4)]).expect("of this chain");
    assert_eq!(checks.at(&history.checkpoint(0)), Ok(1));
    assert_eq!(checks.at(&history.checkpoint(1)), Ok(0));
    let unreached = |number| Err(StatementError::Unreached { statement: 0, number: BatchNumber(number) });
    assert_eq!(checks.finish(), unreached(4));
    let mut checks = Checks::new(CHAIN, &[history.statement(1, 4)]).expect("of this chain");
    assert_eq!(checks.at(&history.checkpoint(2)), unreached(1).map(|()| 0));
}
