//! The whole slice: wallets sign, the ledger executes, the witness is generated, the machine is proven and the
//! verifier accepts the proof and nothing else.

use std::sync::LazyLock;

use aludel_bench::{CHAIN, Scenario, TOKEN, owner};
use aludel_circuits::Shape;
use aludel_circuits::columns::Columns;
use aludel_circuits::transaction::columns::TransactionColumns;
use aludel_ledger::{Chain, SealedBatch};
use aludel_protocol::cell::CounterCell;
use aludel_protocol::{
    AccountId, Amount, CellAddress, ChainId, Entry, F, QueueItem, SignedTransaction, Statement, TokenId,
};
use aludel_prover::{Prover, ShardProof};
use aludel_verifier::VerifyError;
use aludel_verifier::verify::{Expectations, verify, verify_with};
use aludel_witness::Shard;
use p3_field::PrimeCharacteristicRing;

/// A run with every kind of entry and every outcome of an item.
pub static BATCHES: LazyLock<Vec<SealedBatch>> = LazyLock::new(everything);

pub static SHARD: LazyLock<Shard> =
    LazyLock::new(|| Shard::generate(&BATCHES, Some(Shape::Tiny)).expect("honest batches have a witness"));

pub static PROVER: LazyLock<Prover> = LazyLock::new(|| Prover::new(Shape::Tiny).expect("the key is pinned"));

pub static PROOF: LazyLock<ShardProof> =
    LazyLock::new(|| PROVER.prove(&SHARD.traces, &SHARD.statement).expect("an honest shard proves"));

/// What the verifier says under the prover's key, which is the pinned one.
pub fn verdict(bytes: &[u8]) -> Result<Statement, VerifyError> {
    verify_with(PROVER.key(), bytes, &Expectations::default())
}

/// Four wallets whose accounts are open and funded, on a chain that has one account number left: so that one run can
/// give out a number and refuse one.
pub fn opened() -> Scenario {
    let mut scenario = Scenario::new(4, 3);
    let openings = scenario.openings();
    scenario.seal(openings);
    number_from(&mut scenario.chain, AccountId(u32::MAX - 1));
    scenario
}

/// Moves the counter of account numbers, as if all those before had been given out.
pub fn number_from(chain: &mut Chain, next: AccountId) {
    chain.state.apply(&[(CellAddress::COUNTER, CounterCell(next).payload())]);
    chain.checkpoint.state_root = chain.state.root();
}

/// A batch from which nothing leaves, one with withdrawals, and an empty one.
fn everything() -> Vec<SealedBatch> {
    let mut s = opened();
    let to_key = |s: &Scenario, token| Entry::Queue(QueueItem::to_key(s.key(3), owner(3), token, Amount(12)));
    let payments = [s.pay(1, 1, 0, 5, 1), s.pay(1, 0, 3, 6, 2), s.pay(0, 2, 0, 7, 3), s.pay(3, 0, 3, 9, 0)];
    let first = [vec![to_key(&s, TokenId(0))], s.top_ups(), payments.map(Entry::Transaction).to_vec()];
    let signed: [SignedTransaction; 5] = [
        s.withdraw(0, 0, 9, 2),
        s.rotate(1, 3, 1),
        s.pay(1, 2, 0, 4, 1),
        s.withdraw(2, 3, 8, 1),
        s.rotate(2, 0, 0),
    ];
    let odd = s.odd_items().into_iter().map(Entry::Queue).chain([to_key(&s, TOKEN)]);
    let second: Vec<Entry> = signed.map(Entry::Transaction).into_iter().chain(odd).collect();
    [first.concat(), second, Vec::new()].map(|entries| s.seal(entries)).into()
}

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
