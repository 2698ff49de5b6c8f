//! The whole slice: wallets sign, the ledger executes, the witness is generated, the machine is proven and the
//! verifier accepts the proof and nothing else.

use aludel_adversary::honest::{BATCHES, PROOF, PROVER, SHARD};
use aludel_bench::CHAIN;
use aludel_circuits::Shape;
use aludel_circuits::columns::Columns;
use aludel_circuits::transaction::columns::TransactionColumns;
use aludel_protocol::{ChainId, F, Statement};
use aludel_verifier::VerifyError;
use aludel_verifier::verify::{Expectations, verify};
use aludel_witness::Shard;
use p3_field::PrimeCharacteristicRing;

#[test]
fn an_honest_shard_is_accepted_as_what_it_is() {
    let statement = verify(&PROOF.bytes, &Expectations::default()).expect("accepted");
    assert_eq!(statement, SHARD.statement);
    assert_eq!(statement.chain_id, CHAIN);
    assert_eq!((statement.prev.number.0, statement.next.number.0), (1, 4));
    assert_eq!(statement.next, BATCHES[2].next().expect("replays"));
    assert_eq!((statement.prev.queue_index.0, statement.next.queue_index.0), (4, 18));
}

/// What the tests of this crate say of the shard, they say of every kind.
#[test]
fn the_shard_holds_every_kind_of_row_and_every_outcome() {
    let main = &SHARD.traces[6];
    let rows = main.values.chunks(main.width).map(TransactionColumns::<F>::read);
    let mut found = [0; 14];
    for r in rows {
        let signed = [r.transfer, r.withdraw, r.rotate];
        let items = [r.to_account, r.to_key, r.forced, r.no_account, r.overflow, r.no_number];
        let others = [r.unknown_kind, r.forced_no_account, r.not_owner, r.seal, r.padding];
        let kinds = signed.into_iter().chain(items).chain(others);
        kinds.zip(&mut found).for_each(|(is, count)| *count += usize::from(is == F::ONE));
    }
    assert_eq!(found[..13], [5, 2, 2, 4, 1, 2, 1, 2, 1, 1, 1, 1, 3]);
}

#[test]
fn an_empty_run_is_proven() {
    let run = &BATCHES[2..];
    let shard = Shard::generate(run, Some(Shape::Tiny)).expect("an empty batch has a witness");
    let proof = PROVER.prove(&shard.traces, &shard.statement).expect("an honest shard proves");
    let statement = verify(&proof.bytes, &Expectations::default()).expect("accepted");
    assert_eq!(statement, shard.statement);
    assert_eq!((statement.prev.number.0, statement.next.number.0), (3, 4));
    assert_eq!(statement.prev.state_root, statement.next.state_root);
    assert_ne!(statement.prev.headers, statement.next.headers);
}

#[test]
fn another_chain_or_statement_is_refused() {
    let wants = Expectations { chain_id: Some(ChainId(CHAIN.0 + 1)), statement: None };
    assert!(matches!(verify(&PROOF.bytes, &wants), Err(VerifyError::Chain { .. })));
    let mut other: Statement = SHARD.statement;
    other.next.queue_index.0 += 1;
    let wants = Expectations { chain_id: None, statement: Some(other) };
    assert!(matches!(verify(&PROOF.bytes, &wants), Err(VerifyError::Statement { .. })));
}
