//! Four accounts, on which single entries are tried.

use aludel_ledger::execute::{Executed, execute};
use aludel_ledger::{Context, ExecuteError, State};
use aludel_protocol::cell::{Accesses, AccountCell, BalanceCell, CellAddress, CounterCell, OwnerCell};
use aludel_protocol::{AccountId, Amount, BatchNumber, Entry, Epoch, QueueItem, Sequence};

use crate::stub::*;

pub const CONTEXT: Context = Context { chain_id: CHAIN, number: BatchNumber(5), operator: AccountId(3) };

pub fn account(n: u32) -> AccountCell {
    AccountCell { key: key(n), sequence: Sequence(4), next_epoch: Epoch(9), balance: Amount(100) }
}

/// Accounts 1 to 4, each at sequence 4 and epoch 9 with 100 native tokens and 50 of token 6.
pub fn state() -> State {
    let mut state = State::genesis();
    for n in 1..=4 {
        let id = AccountId(n);
        state.apply(&[
            (CellAddress::account(id), account(n).payload()),
            (CellAddress::slot(id, 0), OwnerCell(owner(n)).payload()),
            (CellAddress::slot(id, 6), BalanceCell(Amount(50)).payload()),
        ]);
    }
    state.apply(&[(CellAddress::COUNTER, CounterCell(AccountId(5)).payload())]);
    state
}

pub fn set(state: &mut State, n: u32, change: impl FnOnce(&mut AccountCell)) {
    let mut cell = account(n);
    change(&mut cell);
    state.apply(&[(CellAddress::account(AccountId(n)), cell.payload())]);
}

pub fn run(state: &mut State, entry: &Entry) -> Result<Executed, ExecuteError> {
    let authorise = |key: &_| match entry {
        Entry::Transaction(s) => verify(&[claim(key, s)])[0].map_err(str::to_owned),
        Entry::Queue(_) => unreachable!("queue items bear no signature"),
    };
    execute(state, &CONTEXT, entry, authorise)
}

/// An item of the L1 queue always has an outcome.
pub fn run_item(state: &mut State, item: QueueItem) -> Executed {
    run(state, &Entry::Queue(item)).expect("has an outcome")
}

/// An account that exists.
pub fn read(state: &State, n: u32) -> AccountCell {
    let payload = state.get(&CellAddress::account(AccountId(n)));
    AccountCell::read(&payload).expect("reads").expect("exists")
}

/// Native and token balances of accounts 1 to 3.
pub fn balances_of(state: &State) -> [(u128, u128); 3] {
    [1, 2, 3].map(|n| {
        let token = BalanceCell::read(&state.get(&CellAddress::slot(AccountId(n), 6))).expect("reads");
        (read(state, n).balance.0, token.0.0)
    })
}

/// Where an entry touches cells, by position.
pub fn positions(accesses: &Accesses) -> Vec<usize> {
    (0..6).filter(|i| accesses[*i].is_some()).collect()
}

/// That the accesses are to these cells and follow one another from `before` on.
pub fn check_accesses(mut before: State, accesses: &Accesses, at: [Option<CellAddress>; 6]) {
    assert_eq!(accesses.map(|access| access.map(|a| a.at)), at);
    for access in accesses.iter().flatten() {
        assert_eq!(access.old, before.get(&access.at), "each reads what the one before it left");
        before.apply(&[(access.at, access.new)]);
    }
}
