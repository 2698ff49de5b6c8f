//! The whole slice: wallets sign, the ledger executes, the witness is generated, the machine is proven and the
//! verifier accepts the proof and nothing else.

use std::sync::LazyLock;

use aludel_bench::{CHAIN, Scenario};
use aludel_circuits::Shape;
use aludel_ledger::SealedBatch;
use aludel_protocol::{ChainId, Statement};
use aludel_prover::{Prover, ShardProof};
use aludel_verifier::VerifyError;
use aludel_verifier::verify::{Expectations, verify, verify_with};
use aludel_witness::Shard;

pub static BATCHES: LazyLock<Vec<SealedBatch>> = LazyLock::new(|| Scenario::new(4, 3).every_kind());

pub static SHARD: LazyLock<Shard> =
    LazyLock::new(|| Shard::generate(&BATCHES, Some(Shape::Tiny)).expect("honest batches have a witness"));

pub static PROVER: LazyLock<Prover> = LazyLock::new(|| Prover::new(Shape::Tiny).expect("the key is pinned"));

pub static PROOF: LazyLock<ShardProof> =
    LazyLock::new(|| PROVER.prove(&SHARD.traces, &SHARD.statement).expect("an honest shard proves"));

/// What the verifier says under the prover's key, which is the pinned one.
pub fn verdict(bytes: &[u8]) -> Result<Statement, VerifyError> {
    verify_with(PROVER.key(), bytes, &Expectations::default())
}

#[test]
fn an_honest_shard_is_accepted_as_what_it_is() {
    let statement = verify(&PROOF.bytes, &Expectations::default()).expect("accepted");
    assert_eq!(statement, SHARD.statement);
    assert_eq!(statement.chain_id, CHAIN);
    assert_eq!((statement.prev.number.0, statement.next.number.0), (0, 2));
    assert_eq!(statement.next, BATCHES[1].next().expect("replays"));
    assert_eq!(statement.next.queue_index.0, 8);
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
