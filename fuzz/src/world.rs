//! Valid values of every kind, from which seeds are made: a small chain with real keys and signatures.

use std::sync::LazyLock;

use aludel_bench::{OPERATOR, Scenario, TOKEN, account};
use aludel_ledger::keys::Signer;
use aludel_ledger::{Chain, Claim, SealedBatch};
use aludel_protocol::cell::{AccountCell, CellAddress, CounterCell};
use aludel_protocol::{AccountId, Amount, Entry, QueueItem, SignedTransaction};

/// The values.
pub struct World {
    /// Batches with every kind of entry and, but for `no_number`, every outcome; from genesis.
    pub batches: Vec<SealedBatch>,
    /// The chain after those.
    pub base: Chain,
    /// Batches of one entry at most that follow, a kind of entry each.
    pub small: Vec<SealedBatch>,
    /// The chain after all of them.
    pub chain: Chain,
    /// The same chain with no account number left, and an account whose balance is at its end.
    pub full: Chain,
    /// Transactions of every action, which `chain` refuses as included already.
    pub transactions: Vec<SignedTransaction>,
    /// Items of every outcome.
    pub items: Vec<QueueItem>,
    /// The wallets.
    pub wallets: Vec<Signer>,
}

/// Made once.
pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let mut scenario = Scenario::new(4, 4);
    let batches = scenario.every_kind();
    let base = scenario.chain.clone();
    let transactions =
        vec![scenario.pay(0, 1, TOKEN.0, 7, 1), scenario.withdraw(1, 0, 8, 2), scenario.rotate(3, 0, 3)];
    let openings = scenario.openings().into_iter().take(1);
    let small = small(&mut scenario, &transactions, openings.clone());
    let items = openings.chain(scenario.top_ups().into_iter().take(1)).filter_map(item);
    let items = items.chain(scenario.odd_items()).collect();
    let full = full(&scenario.chain);
    let Scenario { chain, wallets, .. } = scenario;
    World { batches, base, small, chain, full, transactions, items, wallets }
});

fn small(
    scenario: &mut Scenario,
    transactions: &[SignedTransaction],
    openings: impl Iterator<Item = Entry>,
) -> Vec<SealedBatch> {
    let odd = scenario.odd_items().into_iter().map(Entry::Queue);
    let signed = transactions.iter().cloned().map(Entry::Transaction);
    let entries: Vec<_> = openings.chain(signed).chain(odd).map(|entry| vec![entry]).collect();
    entries.into_iter().chain([vec![]]).map(|entries| scenario.seal(entries)).collect()
}

fn item(entry: Entry) -> Option<QueueItem> {
    match entry {
        Entry::Queue(item) => Some(item),
        Entry::Transaction(_) => None,
    }
}

fn full(chain: &Chain) -> Chain {
    let mut chain = chain.clone();
    let rich = CellAddress::account(account(1));
    let cell = AccountCell::read(&chain.state.get(&rich)).expect("a good state").expect("it exists");
    let cell = AccountCell { balance: Amount(u128::MAX), ..cell };
    let last = CounterCell(AccountId(u32::MAX));
    chain.state.apply(&[(rich, cell.payload()), (CellAddress::COUNTER, last.payload())]);
    chain.checkpoint.state_root = chain.state.root();
    chain
}

/// Takes every signature to be good, so that what was mutated gets as far as the rules.
pub fn trusting(claims: &[Claim<'_>]) -> Vec<Result<(), String>> {
    vec![Ok(()); claims.len()]
}

/// Who seals batches here.
pub const SEALER: AccountId = OPERATOR;
