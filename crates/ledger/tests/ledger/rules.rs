//! One rule broken at a time: the refusal says which, and nothing changes.

use aludel_ledger::execute::{Role, execute};
use aludel_ledger::{Cells, Context, ExecuteError, Fault, Refusal, State};
use aludel_protocol::cell::{Accesses, AccountCell, BalanceCell, CellAddress, CounterCell, OwnerCell};
use aludel_protocol::{
    AccountId, Amount, BatchNumber, ChainId, Deposit, Entry, Epoch, Payload, QueueItem, Sequence, TokenId,
    Transfer,
};

use crate::stub::*;

const CONTEXT: Context = Context { chain_id: CHAIN, number: BatchNumber(5), operator: AccountId(3) };

fn account(n: u32) -> AccountCell {
    AccountCell { key: key(n), sequence: Sequence(4), next_epoch: Epoch(9), balance: Amount(100) }
}

/// Accounts 1 to 4, each at sequence 4 and epoch 9 with 100 native tokens and 50 of token 6.
fn state() -> State {
    let mut state = State::genesis();
    for n in 1..=4 {
        let (own, token) = (CellAddress::account(AccountId(n)), CellAddress::slot(AccountId(n), 6));
        state.apply(&[(own, account(n).payload()), (token, BalanceCell(Amount(50)).payload())]);
    }
    state.apply(&[(CellAddress::COUNTER, CounterCell(AccountId(5)).payload())]);
    state
}

fn good() -> Transfer {
    Transfer { epoch: Epoch(9), ..transfer(1, 2, 0, 30, 2, 4) }
}

fn run(state: &mut State, entry: &Entry) -> Result<Accesses, ExecuteError> {
    let authorise = |key: &_| match entry {
        Entry::Transfer(s) => verify(&[claim(key, s)])[0].map_err(str::to_owned),
        Entry::Queue(_) => unreachable!("queue items bear no signature"),
    };
    execute(state, &CONTEXT, entry, authorise)
}

fn refused(state: &mut State, entry: Entry) -> Refusal {
    let before = state.clone();
    let error = run(state, &entry).expect_err("refused");
    assert_eq!(*state, before, "a refused entry changes nothing");
    match error {
        ExecuteError::Refused(refusal) => refusal,
        ExecuteError::Fault(fault) => panic!("{fault}"),
    }
}

fn refused_transfer(change: impl FnOnce(&mut Transfer)) -> Refusal {
    let mut t = good();
    change(&mut t);
    refused(&mut state(), signed(t))
}

fn set(state: &mut State, n: u32, change: impl FnOnce(&mut AccountCell)) {
    let mut cell = account(n);
    change(&mut cell);
    state.apply(&[(CellAddress::account(AccountId(n)), cell.payload())]);
}

#[test]
fn what_the_transfer_says_by_itself() {
    let r = refused_transfer(|t| t.chain_id = ChainId(78));
    assert_eq!(r, Refusal::Chain { expected: CHAIN, found: ChainId(78) });
    let r = refused_transfer(|t| t.protocol_version = 2);
    assert_eq!(r, Refusal::Version { expected: 1, found: 2 });
    let r = refused_transfer(|t| t.expiry = BatchNumber(4));
    assert_eq!(r, Refusal::Expired { expiry: BatchNumber(4), number: BatchNumber(5) });
    let r = refused_transfer(|t| t.from = AccountId(0));
    assert_eq!(r, Refusal::System { account: AccountId(0) });
    let last_chance = Transfer { expiry: BatchNumber(5), ..good() };
    assert!(run(&mut state(), &signed(last_chance)).is_ok());
}

#[test]
fn accounts_exist() {
    let no = |role, n| Refusal::NoAccount { role, account: AccountId(n) };
    assert_eq!(refused_transfer(|t| t.from = AccountId(5)), no(Role::Sender, 5));
    assert_eq!(refused_transfer(|t| t.to = AccountId(5)), no(Role::Recipient, 5));
    assert_eq!(refused_transfer(|t| t.to = AccountId(0)), no(Role::Recipient, 0));
    assert_eq!(refused_transfer(|t| (t.to, t.token) = (AccountId(5), TokenId(6))), no(Role::Recipient, 5));
    let mut without_operator = state();
    without_operator.apply(&[(CellAddress::account(AccountId(3)), Payload::EMPTY)]);
    assert_eq!(refused(&mut without_operator, signed(good())), no(Role::Operator, 3));
}

#[test]
fn sequence_and_epoch() {
    let account = AccountId(1);
    for found in [3, 5].map(Sequence) {
        let r = refused_transfer(|t| t.sequence = found);
        assert_eq!(r, Refusal::Sequence { account, expected: Sequence(4), found });
    }
    let r = refused_transfer(|t| t.epoch = Epoch(8));
    assert_eq!(r, Refusal::UsedEpoch { account, expected: Epoch(9), found: Epoch(8) });
    let limit = Epoch((1 << 20) - 1);
    for found in [limit, Epoch(u32::MAX)] {
        let r = refused_transfer(|t| t.epoch = found);
        assert_eq!(r, Refusal::LateEpoch { account, limit, found });
    }
    let mut last = state();
    set(&mut last, 1, |a| a.sequence = Sequence(u32::MAX));
    let r = refused(&mut last, signed(Transfer { sequence: Sequence(u32::MAX), ..good() }));
    assert_eq!(r, Refusal::LastSequence { account, sequence: Sequence(u32::MAX) });
}

#[test]
fn an_epoch_may_be_skipped_and_is_used_up() {
    let mut state = state();
    let epoch = Epoch((1 << 20) - 2);
    run(&mut state, &signed(Transfer { epoch, ..good() })).expect("the last epoch for transfers");
    let cell =
        AccountCell::read(&state.get(&CellAddress::account(AccountId(1)))).expect("reads").expect("exists");
    assert_eq!((cell.sequence, cell.next_epoch), (Sequence(5), Epoch((1 << 20) - 1)));
    let again = Transfer { epoch, sequence: Sequence(5), ..good() };
    assert!(matches!(refused(&mut state, signed(again)), Refusal::UsedEpoch { .. }));
}

#[test]
fn balances() {
    let account = AccountId(1);
    let r = refused_transfer(|t| t.amount = Amount(99));
    let (expected, found) = (Amount(101), Amount(100));
    assert_eq!(r, Refusal::Balance { account, token: TokenId(0), expected, found });
    let r = refused_transfer(|t| (t.token, t.amount) = (TokenId(6), Amount(49)));
    let (expected, found) = (Amount(51), Amount(50));
    assert_eq!(r, Refusal::Balance { account, token: TokenId(6), expected, found });
    for token in [0, 6].map(TokenId) {
        let r = refused_transfer(|t| (t.token, t.amount, t.fee) = (token, Amount(u128::MAX), 1));
        assert_eq!(r, Refusal::Total { account, amount: Amount(u128::MAX), fee: 1 });
    }
}

#[test]
fn sums_never_wrap() {
    for (n, role, credit) in [(2, Role::Recipient, 30), (3, Role::Operator, 2)] {
        let found = Amount(u128::MAX - credit + 1);
        let (account, credit) = (AccountId(n), Amount(credit));
        let mut rich = state();
        set(&mut rich, n, |a| a.balance = found);
        rich.apply(&[(CellAddress::slot(account, 6), BalanceCell(found).payload())]);
        for token in [0, 6].map(TokenId) {
            let r = refused(&mut rich, signed(Transfer { token, ..good() }));
            assert_eq!(r, Refusal::Overflow { role, account, token, found, credit });
        }
        set(&mut rich, n, |a| a.balance.0 = found.0 - 1);
        assert!(run(&mut rich, &signed(good())).is_ok(), "2^128 - 1 is a balance");
    }
}

#[test]
fn signatures() {
    let stolen = Entry::Transfer(sign_with(&key(2), good()));
    let problem = "not made by this key".to_owned();
    let expected = Refusal::Signature { account: AccountId(1), epoch: Epoch(9), problem };
    assert_eq!(refused(&mut state(), stolen), expected);
    let mut altered = sign(good());
    altered.transfer.amount = Amount(31);
    assert_eq!(refused(&mut state(), Entry::Transfer(altered)), expected);
}

/// Native and token balances of accounts 1 to 3.
fn balances_of(state: &State) -> [(u128, u128); 3] {
    [1, 2, 3].map(|n| {
        let own = AccountCell::read(&state.get(&CellAddress::account(AccountId(n)))).expect("reads");
        let token = BalanceCell::read(&state.get(&CellAddress::slot(AccountId(n), 6))).expect("reads");
        (own.expect("exists").balance.0, token.0.0)
    })
}

#[test]
fn roles_may_coincide() {
    // From, to, token; the operator is account 3.
    let cases = [
        (1, 2, 0, [(68, 50), (130, 50), (102, 50)]),
        (1, 1, 0, [(98, 50), (100, 50), (102, 50)]),
        (3, 2, 0, [(100, 50), (130, 50), (70, 50)]),
        (1, 3, 0, [(68, 50), (100, 50), (132, 50)]),
        (3, 3, 0, [(100, 50), (100, 50), (100, 50)]),
        (1, 2, 6, [(100, 18), (100, 80), (100, 52)]),
        (1, 1, 6, [(100, 48), (100, 50), (100, 52)]),
        (3, 3, 6, [(100, 50), (100, 50), (100, 50)]),
    ];
    for (from, to, token, expected) in cases {
        let mut state = state();
        let t = Transfer { from: AccountId(from), to: AccountId(to), token: TokenId(token), ..good() };
        let accesses = run(&mut state, &signed(t)).expect("goes through");
        assert_eq!(balances_of(&state), expected, "{from} to {to} in token {token}");
        check_accesses(&accesses, [from, to, 3], token);
    }
}

fn check_accesses(accesses: &Accesses, accounts: [u32; 3], token: u16) {
    let mut memory = state();
    for (position, access) in accesses.iter().enumerate() {
        let account = AccountId(accounts[position % 3]);
        let at = match position {
            0..3 => Some(CellAddress::account(account)),
            _ => (token != 0).then_some(CellAddress::slot(account, token)),
        };
        assert_eq!(access.map(|a| a.at), at);
        if let Some(access) = access {
            assert_eq!(access.old, memory.get(&access.at), "each reads what the one before it left");
            memory.apply(&[(access.at, access.new)]);
        }
    }
}

#[test]
fn deposits_to_accounts() {
    for (token, expected) in [(0, [(100, 50), (117, 50), (100, 50)]), (6, [(100, 50), (100, 67), (100, 50)])]
    {
        let mut state = state();
        let accesses = run(&mut state, &Entry::Queue(to_account(2, token, 17))).expect("credited");
        assert_eq!(balances_of(&state), expected);
        let active: Vec<_> = (0..6).filter(|i| accesses[*i].is_some()).collect();
        assert_eq!(active, if token == 0 { vec![1] } else { vec![1, 4] });
    }
    for account in [0, 5].map(AccountId) {
        let item = QueueItem { deposit: Deposit::ToAccount { account }, ..to_account(1, 0, 1) };
        let expected = Refusal::NoAccount { role: Role::Recipient, account };
        assert_eq!(refused(&mut state(), Entry::Queue(item)), expected);
    }
    let r = refused(&mut state(), Entry::Queue(to_account(2, 6, u128::MAX)));
    assert!(matches!(r, Refusal::Overflow { role: Role::Recipient, token: TokenId(6), .. }));
}

#[test]
fn deposits_to_keys_create_accounts() {
    let mut state = state();
    run(&mut state, &Entry::Queue(to_key(5, 0, 11))).expect("creates");
    let accesses = run(&mut state, &Entry::Queue(to_key(6, 9, 12))).expect("creates");
    let new = |n, balance| {
        let balance = Amount(balance);
        AccountCell { key: key(n), sequence: Sequence(0), next_epoch: Epoch(0), balance }.payload()
    };
    let cells = [
        (CellAddress::account(AccountId(5)), new(5, 11)),
        (CellAddress::slot(AccountId(5), 0), OwnerCell(owner(5)).payload()),
        (CellAddress::COUNTER, CounterCell(AccountId(7)).payload()),
        (CellAddress::account(AccountId(6)), new(6, 0)),
        (CellAddress::slot(AccountId(6), 0), OwnerCell(owner(6)).payload()),
        (CellAddress::slot(AccountId(6), 9), BalanceCell(Amount(12)).payload()),
    ];
    for (at, payload) in &cells {
        assert_eq!(state.get(at), *payload, "{at:?}");
    }
    let order: Vec<_> = accesses.iter().map(|a| a.map(|a| a.at)).collect();
    let [counter, own, owner, token] = [2, 3, 4, 5].map(|i: usize| Some(cells[i].0));
    assert_eq!(order, [counter, own, owner, None, token, None]);
}

#[test]
fn account_numbers_run_out() {
    let mut state = state();
    let last = CounterCell(AccountId(u32::MAX)).payload();
    state.apply(&[(CellAddress::COUNTER, last)]);
    let r = refused(&mut state, Entry::Queue(to_key(5, 0, 1)));
    assert_eq!(r, Refusal::NoNumber { next: AccountId(u32::MAX) });
}

#[test]
fn damaged_cells_are_faults() {
    let at = CellAddress::slot(AccountId(5), 0);
    let mut occupied = state();
    occupied.apply(&[(at, OwnerCell(owner(1)).payload())]);
    let error = run(&mut occupied, &Entry::Queue(to_key(5, 0, 1)));
    assert_eq!(error, Err(Fault::Occupied { at }.into()));
    let at = CellAddress::account(AccountId(1));
    let mut damaged = state();
    damaged.set(&at, CounterCell(AccountId(70_000)).payload()).expect("a whole state has every cell");
    damaged.apply(&[(at, {
        let mut payload = account(1).payload();
        payload.0[Payload::BALANCE] = aludel_protocol::fe(1 << 16);
        payload
    })]);
    assert!(matches!(run(&mut damaged, &signed(good())), Err(ExecuteError::Fault(Fault::Payload { .. }))));
}
