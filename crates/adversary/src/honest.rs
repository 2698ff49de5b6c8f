//! An honest shard of the real machine, in shape `tiny`, with every kind of entry and every outcome of an item: what
//! forgeries begin with, and what tests of the prover say they say of every kind.

use std::sync::LazyLock;

use aludel_bench::{Scenario, TOKEN, owner};
use aludel_circuits::Shape;
use aludel_ledger::{Chain, SealedBatch};
use aludel_protocol::cell::CounterCell;
use aludel_protocol::{
    AccountId, Amount, CellAddress, Entry, QueueItem, SignedTransaction, Statement, TokenId,
};
use aludel_prover::{Prover, VerifiedProof};
use aludel_verifier::VerifyError;
use aludel_verifier::verify::{Expectations, verify_with};
use aludel_witness::Shard;

/// A run with every kind of entry and every outcome of an item.
pub static BATCHES: LazyLock<Vec<SealedBatch>> = LazyLock::new(everything);

/// Its witness.
pub static SHARD: LazyLock<Shard> =
    LazyLock::new(|| Shard::generate(&BATCHES, Some(Shape::Tiny)).expect("honest batches have a witness"));

/// The prover of the pinned key.
pub static PROVER: LazyLock<Prover> = LazyLock::new(|| Prover::new(Shape::Tiny).expect("the key is pinned"));

/// What it makes of [`SHARD`].
pub static PROOF: LazyLock<VerifiedProof> =
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
