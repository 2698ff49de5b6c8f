//! Random histories: ledger and model agree on what enters, on every outcome, on every cell, and after replay; of every
//! token, what came in is there or has left; and published data alone lead to the same headers and the same root.

use std::collections::BTreeMap;

use aludel_ledger::batch::{PushError, Rebuild};
use aludel_ledger::execute::Executed;
use aludel_ledger::{
    BatchBuilder, Chain, ExecuteError, PartialState, SealedBatch, State, replay, replay_run,
};
use aludel_protocol::cell::{AccountCell, BalanceCell, CellAddress, CounterCell};
use aludel_protocol::statement::Checkpoint;
use aludel_protocol::{AccountId, Entry, NoOp, Space, Withdrawal};

use crate::generate::{Generator, Made, TOKENS};
use crate::model::{Model, Paid, Wide};
use crate::stub::*;

/// What happened, by name: so that a history in which something never happens is not taken for evidence.
type Tally = BTreeMap<String, usize>;

struct World {
    chain: Chain,
    /// The same from what is published.
    rebuild: Rebuild,
    model: Model,
    generator: Generator,
    /// By token.
    deposited: BTreeMap<u16, Wide>,
    withdrawn: BTreeMap<u16, Wide>,
    tally: Tally,
}

/// What the model says of the entries of a batch.
#[derive(Default)]
struct Expected {
    outcomes: Vec<(Option<NoOp>, Option<Paid>)>,
    refused: Vec<Entry>,
}

impl World {
    /// A chain whose first account has this number.
    fn new(seed: u64, start: u32) -> Self {
        let mut state = State::genesis();
        state.apply(&[(CellAddress::COUNTER, CounterCell(AccountId(start)).payload())]);
        let checkpoint = Checkpoint::genesis(state.root());
        let chain = Chain { chain_id: CHAIN, checkpoint, state };
        Self {
            rebuild: Rebuild::from_chain(chain.clone()),
            chain,
            model: Model::new(start),
            generator: Generator::new(seed, start),
            deposited: BTreeMap::new(),
            withdrawn: BTreeMap::new(),
            tally: Tally::new(),
        }
    }

    /// Entries of at least `len` operations, each made for the state that the ones before it leave.
    fn entries(&mut self, len: usize, number: u32, operator: u32) -> (Vec<Entry>, Expected) {
        let (mut entries, mut expected) = (Vec::new(), Expected::default());
        while entries.len() < len {
            for made in self.generator.operation(&self.model, number) {
                self.expect(&made, number, operator, &mut expected);
                entries.push(made.0);
            }
        }
        (entries, expected)
    }

    fn expect(&mut self, (entry, signer): &Made, number: u32, operator: u32, expected: &mut Expected) {
        let outcome = match entry {
            Entry::Queue(item) => Some(self.model.item(item)),
            Entry::Transaction(signed) => {
                let paid = self.model.transaction(number, operator, &signed.transaction, signer);
                if paid.is_some() {
                    self.generator.entered(&signed.transaction, signer);
                }
                paid.map(|paid| (None, paid))
            }
        };
        match outcome {
            Some(outcome) => expected.outcomes.push(outcome),
            None => expected.refused.push(entry.clone()),
        }
    }

    /// One batch, handed in all at once so that signatures are judged before execution.
    fn batch(&mut self, len: usize) -> SealedBatch {
        let number = self.chain.checkpoint.number.0 + 1;
        let operator = self.generator.account(&self.model);
        let (entries, expected) = self.entries(len, number, operator);
        let mut builder =
            BatchBuilder::new(&mut self.chain, AccountId(operator), usize::MAX).expect("numbers are left");
        let refused = builder.extend(entries, &verify);
        for (_, error) in &refused {
            *self.tally.entry(name(error)).or_default() += 1;
        }
        let refused: Vec<_> = refused.into_iter().map(|(entry, _)| entry).collect();
        assert_eq!(refused, expected.refused, "what does not enter batch {number}");
        assert_eq!(outcomes(builder.executed()), expected.outcomes, "outcomes of batch {number}");
        let (executed, withdrawals) = (builder.executed().to_vec(), builder.withdrawals().to_vec());
        let published = builder.published().expect("executed").to_bytes();
        let sealed = builder.seal();
        self.rebuild(&sealed, &published);
        self.settle(&sealed, &executed, &withdrawals);
        self.check(&sealed, &executed, &withdrawals);
        sealed
    }

    fn rebuild(&mut self, sealed: &SealedBatch, published: &[u8]) {
        let item = |entry: &Entry| if let Entry::Queue(item) = entry { Some(*item) } else { None };
        let mut items = sealed.batch.entries.iter().filter_map(item);
        let rebuilt = self.rebuild.bytes(published, &mut items).expect("rebuilds");
        assert_eq!((rebuilt.header, rebuilt.next), (sealed.batch.header, self.chain.checkpoint));
        assert_eq!(items.next(), None, "every item of the batch was published");
    }

    fn settle(&mut self, sealed: &SealedBatch, executed: &[Executed], withdrawals: &[Withdrawal]) {
        for (entry, executed) in sealed.batch.entries.iter().zip(executed) {
            let name = match (entry, executed.no_op) {
                (_, Some(no_op)) => format!("no effect: {no_op:?}"),
                (Entry::Queue(item), None) => format!("kind {}", item.kind),
                (Entry::Transaction(signed), None) => format!("{:?}", signed.transaction.action.tag()),
            };
            *self.tally.entry(name).or_default() += 1;
            if let Entry::Queue(item) = entry
                && item.kind != 3
            {
                self.deposited.entry(item.token.0).or_default().add(item.amount.0);
            }
        }
        for withdrawal in withdrawals {
            self.withdrawn.entry(withdrawal.token.0).or_default().add(withdrawal.amount.0);
        }
    }

    fn check(&self, sealed: &SealedBatch, executed: &[Executed], withdrawals: &[Withdrawal]) {
        assert_eq!(self.chain.state.cells(), self.model.cells());
        let replayed = replay(sealed, &verify).expect("replays");
        assert_eq!(replayed.next, self.chain.checkpoint);
        assert_eq!((&replayed.executed[0][..], &replayed.withdrawals[0][..]), (executed, withdrawals));
        check_memory(&replayed.state, &replayed.executed);
        let places = withdrawals.iter().map(|w| (w.number, usize::from(w.index)));
        assert!(places.eq((0..withdrawals.len()).map(|i| (sealed.batch.header.number, i))));
        let paid = executed.iter().filter_map(|e| e.payout).map(|p| (p.token, p.amount, p.to));
        assert!(paid.eq(withdrawals.iter().map(|w| (w.token, w.amount, w.to))));
        self.check_conservation();
    }

    /// Of every token: balances and withdrawals are together what was deposited.
    fn check_conservation(&self) {
        let mut there = self.withdrawn.clone();
        for (at, payload) in self.chain.state.cells() {
            let (token, balance) = match (at.space, at.slot) {
                (Space::Account, _) => {
                    (0, AccountCell::read(&payload).expect("reads").expect("is there").balance)
                }
                (Space::Slot, 0) => continue,
                (Space::Slot, token) => (token, BalanceCell::read(&payload).expect("reads").0),
            };
            there.entry(token).or_default().add(balance.0);
        }
        there.retain(|_, sum| *sum != Wide::default());
        let mut deposited = self.deposited.clone();
        deposited.retain(|_, sum| *sum != Wide::default());
        assert_eq!(there, deposited, "what came in is there or has left");
    }
}

fn name(error: &PushError) -> String {
    let PushError::Execute(ExecuteError::Refused(refusal)) = error else { panic!("{error}") };
    format!("{refusal:?}").split(' ').next().expect("a name").to_owned()
}

fn outcomes(executed: &[Executed]) -> Vec<(Option<NoOp>, Option<Paid>)> {
    let paid = |e: &Executed| e.payout.map(|p| (p.token.0, p.amount.0, p.to));
    executed.iter().map(|e| (e.no_op, paid(e))).collect()
}

/// Every access reads what the last one to its cell left, from the first values to the last.
fn check_memory(state: &PartialState, executed: &[Vec<Executed>]) {
    let mut memory: BTreeMap<_, _> = state.cells().iter().map(|c| (c.at, c.old)).collect();
    for access in executed.iter().flatten().flat_map(|e| e.accesses.iter().flatten()) {
        assert_eq!(memory.insert(access.at, access.new), Some(access.old));
    }
    assert!(state.cells().iter().all(|c| memory[&c.at] == c.new));
}

/// What must happen in a long history: all that can without starting from a state of its own.
const HAPPENS: [&str; 24] = [
    "Transfer",
    "Withdraw",
    "Rotate",
    "kind 1",
    "kind 2",
    "kind 3",
    "no effect: NoAccount",
    "no effect: Overflow",
    "no effect: NoNumber",
    "no effect: UnknownKind",
    "no effect: ForcedNoAccount",
    "no effect: NotOwner",
    "Chain",
    "Version",
    "Expired",
    "System",
    "NoAccount",
    "Sequence",
    "UsedEpoch",
    "LastEpoch",
    "NoEpoch",
    "Total",
    "Balance",
    "Signature",
];

#[test]
fn a_hundred_thousand_operations() {
    let seed = std::env::var("ALUDEL_TEST_SEED").map_or(2026, |text| text.parse().expect("a number"));
    println!("ALUDEL_TEST_SEED={seed}");
    // Account numbers run out on the way.
    let mut world = World::new(seed, u32::MAX - 300);
    let (mut operations, batch) = (0, 400);
    while operations < 100_000 {
        world.batch(batch);
        operations += batch;
    }
    println!("{:#?}", world.tally);
    for what in HAPPENS {
        assert!(world.tally.get(what).is_some_and(|n| *n >= 20), "{what} hardly ever happens");
    }
    let wide = TOKENS.iter().filter(|token| world.deposited[token].is_wide());
    assert!(wide.count() >= 3, "sums of deposits pass 2^128");
}

#[test]
fn short_histories() {
    for seed in 0..60 {
        println!("seed {seed}");
        // From the first account on, or with three numbers left.
        let start = if seed % 2 == 0 { 1 } else { u32::MAX - 3 };
        let mut world = World::new(seed, start);
        let prev = world.chain.checkpoint;
        let run: Vec<_> = (0..4).map(|_| world.batch(25)).collect();
        for sealed in &run {
            assert_eq!(SealedBatch::from_bytes(&sealed.to_bytes()).as_ref(), Ok(sealed));
        }
        assert_eq!(run[3].next(), Ok(world.chain.checkpoint));
        let replayed = replay_run(&run, &verify).expect("replays");
        assert_eq!((replayed.prev, replayed.next), (prev, world.chain.checkpoint));
        let update = replayed.state.update();
        assert_eq!((update.old_root, update.new_root), (prev.state_root, replayed.next.state_root));
        check_memory(&replayed.state, &replayed.executed);
        let mut again = State::genesis();
        again.apply(&world.chain.state.cells());
        assert_eq!(again, world.chain.state, "a state is its cells");
    }
}
