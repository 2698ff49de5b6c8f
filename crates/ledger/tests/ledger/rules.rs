//! Transactions, one rule broken at a time: the refusal says which, and nothing changes.

use aludel_ledger::execute::{Payout, Role};
use aludel_ledger::{ExecuteError, Fault, Refusal, State};
use aludel_protocol::cell::{AccountCell, BalanceCell, CellAddress};
use aludel_protocol::{
    AccountId, Action, Amount, BatchNumber, ChainId, Entry, Epoch, L1Address, Payload, Sequence, TokenId,
    Transaction,
};

use crate::small::*;
use crate::stub::*;

const LAST: Epoch = Epoch((1 << 20) - 1);
const ABROAD: L1Address = L1Address([7; 20]);

/// What account 1 signs next.
fn next(t: Transaction) -> Transaction {
    Transaction { epoch: Epoch(9), ..t }
}

/// Moves 30, where it moves anything, for a fee of 2.
fn every_action() -> [Transaction; 3] {
    [transfer(1, 2, 0, 30, 2, 4), withdraw(1, ABROAD, 0, 30, 2, 4), rotate(1, key(77), 0, 2, 4)].map(next)
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

/// That a change makes the ledger refuse a transaction of any action, with the same words.
fn all_refused(change: impl Fn(&mut Transaction), expected: &Refusal) {
    for mut t in every_action() {
        change(&mut t);
        assert_eq!(refused(&mut state(), signed(t)), *expected, "{t:?}");
    }
}

fn transfer_refused(change: impl FnOnce(&mut Transaction)) -> Refusal {
    let mut t = every_action()[0];
    change(&mut t);
    refused(&mut state(), signed(t))
}

fn to(n: u32) -> Action {
    Action::Transfer { to: AccountId(n), amount: Amount(30) }
}

#[test]
fn what_a_transaction_says_by_itself() {
    let found = ChainId(78);
    all_refused(|t| t.chain_id = found, &Refusal::Chain { expected: CHAIN, found });
    all_refused(|t| t.protocol_version = 2, &Refusal::Version { expected: 1, found: 2 });
    let expired = Refusal::Expired { expiry: BatchNumber(4), number: BatchNumber(5) };
    all_refused(|t| t.expiry = BatchNumber(4), &expired);
    all_refused(|t| t.from = AccountId(0), &Refusal::System { account: AccountId(0) });
    for t in every_action() {
        let last_chance = Transaction { expiry: BatchNumber(5), ..t };
        assert!(run(&mut state(), &signed(last_chance)).is_ok());
    }
}

#[test]
fn accounts_exist() {
    let no = |role, n| Refusal::NoAccount { role, account: AccountId(n) };
    all_refused(|t| t.from = AccountId(5), &no(Role::Sender, 5));
    for n in [0, 5] {
        assert_eq!(transfer_refused(|t| t.action = to(n)), no(Role::Recipient, n));
        let r = transfer_refused(|t| (t.action, t.token) = (to(n), TokenId(6)));
        assert_eq!(r, no(Role::Recipient, n));
    }
    for t in every_action() {
        let mut without_operator = state();
        without_operator.apply(&[(CellAddress::account(AccountId(3)), Payload::EMPTY)]);
        assert_eq!(refused(&mut without_operator, signed(t)), no(Role::Operator, 3));
    }
}

#[test]
fn sequence_and_epoch() {
    let account = AccountId(1);
    for found in [3, 5].map(Sequence) {
        let expected = Refusal::Sequence { account, expected: Sequence(4), found };
        all_refused(|t| t.sequence = found, &expected);
    }
    let used = Refusal::UsedEpoch { account, expected: Epoch(9), found: Epoch(8) };
    all_refused(|t| t.epoch = Epoch(8), &used);
    for found in [Epoch(LAST.0 + 1), Epoch(u32::MAX)] {
        let expected = Refusal::NoEpoch { account, limit: Epoch(LAST.0 + 1), found };
        all_refused(|t| t.epoch = found, &expected);
    }
    for t in every_action() {
        let mut last = state();
        set(&mut last, 1, |a| a.sequence = Sequence(u32::MAX));
        let r = refused(&mut last, signed(Transaction { sequence: Sequence(u32::MAX), ..t }));
        assert_eq!(r, Refusal::LastSequence { account, sequence: Sequence(u32::MAX) });
    }
}

#[test]
fn the_last_epoch_is_for_rotations() {
    let [transfer, withdrawal, rotation] = every_action().map(|t| Transaction { epoch: LAST, ..t });
    for t in [transfer, withdrawal] {
        let expected = Refusal::LastEpoch { account: AccountId(1), found: LAST };
        assert_eq!(refused(&mut state(), signed(t)), expected);
    }
    // Also for an account that has no other epoch left.
    for next_epoch in [Epoch(9), LAST] {
        let mut state = state();
        set(&mut state, 1, |a| a.next_epoch = next_epoch);
        run(&mut state, &signed(rotation)).expect("rotates");
        let cell = read(&state, 1);
        assert_eq!((cell.key, cell.sequence, cell.next_epoch), (key(77), Sequence(5), Epoch(0)));
    }
}

#[test]
fn an_epoch_may_be_skipped_and_is_used_up() {
    let epoch = Epoch(LAST.0 - 1);
    for t in &every_action()[..2] {
        let mut state = state();
        run(&mut state, &signed(Transaction { epoch, ..*t })).expect("the last epoch but one");
        let cell = read(&state, 1);
        assert_eq!((cell.key, cell.sequence, cell.next_epoch), (key(1), Sequence(5), LAST));
        let again = Transaction { epoch, sequence: Sequence(5), ..*t };
        assert!(matches!(refused(&mut state, signed(again)), Refusal::UsedEpoch { .. }));
    }
}

#[test]
fn a_rotation_hands_over_to_the_new_key() {
    for token in [0, 6] {
        let mut state = state();
        let rotation = Transaction { token: TokenId(token), ..every_action()[2] };
        let executed = run(&mut state, &signed(rotation)).expect("rotates");
        assert_eq!((executed.no_op, executed.payout), (None, None));
        let expected =
            AccountCell { key: key(77), sequence: Sequence(5), next_epoch: Epoch(0), ..account(1) };
        assert_eq!(read(&state, 1), AccountCell { balance: read(&state, 1).balance, ..expected });
        let paid =
            if token == 0 { [(98, 50), (100, 50), (102, 50)] } else { [(100, 48), (100, 50), (100, 52)] };
        assert_eq!(balances_of(&state), paid);
        let t = Transaction { sequence: Sequence(5), epoch: Epoch(0), ..every_action()[0] };
        let old = Entry::Transaction(sign_with(&key(1), t));
        assert!(matches!(refused(&mut state, old), Refusal::Signature { .. }), "the old key signs no more");
        run(&mut state, &Entry::Transaction(sign_with(&key(77), t)))
            .expect("the new key signs from epoch 0 on");
        assert_eq!(read(&state, 1).next_epoch, Epoch(1));
    }
    // The new key does not sign its own arrival.
    let early = Entry::Transaction(sign_with(&key(77), every_action()[2]));
    assert!(matches!(refused(&mut state(), early), Refusal::Signature { .. }));
}

#[test]
fn balances() {
    let account = AccountId(1);
    let of = |action: Action, amount| match action {
        Action::Transfer { to, .. } => Action::Transfer { to, amount: Amount(amount) },
        Action::Withdraw { to, .. } => Action::Withdraw { to, amount: Amount(amount) },
        Action::Rotate { key } => Action::Rotate { key },
    };
    for (token, held) in [(TokenId(0), 100), (TokenId(6), 50)] {
        for t in &every_action()[..2] {
            let spend = |amount| signed(Transaction { token, action: of(t.action, amount), ..*t });
            run(&mut state(), &spend(held - 2)).expect("everything");
            let (expected, found) = (Amount(held + 1), Amount(held));
            let r = refused(&mut state(), spend(held - 1));
            assert_eq!(r, Refusal::Balance { account, token, expected, found });
            let amount = Amount(u128::MAX - 1);
            assert_eq!(refused(&mut state(), spend(amount.0)), Refusal::Total { account, amount, fee: 2 });
        }
        let rotation = |fee| signed(Transaction { token, fee, ..every_action()[2] });
        run(&mut state(), &rotation(held as u64)).expect("everything");
        let (expected, found) = (Amount(held + 1), Amount(held));
        let r = refused(&mut state(), rotation(held as u64 + 1));
        assert_eq!(r, Refusal::Balance { account, token, expected, found });
    }
}

/// Account `n` holds `balance` of both tokens.
fn rich(n: u32, balance: u128) -> State {
    let mut state = state();
    set(&mut state, n, |a| a.balance = Amount(balance));
    let token = CellAddress::slot(AccountId(n), 6);
    state.apply(&[(token, BalanceCell(Amount(balance)).payload())]);
    state
}

#[test]
fn sums_never_wrap() {
    let [transfer, withdrawal, rotation] = every_action();
    let cases = [
        (transfer, 2, Role::Recipient, 30),
        (transfer, 3, Role::Operator, 2),
        (withdrawal, 3, Role::Operator, 2),
        (rotation, 3, Role::Operator, 2),
    ];
    for (t, n, role, credit) in cases {
        let most = u128::MAX - credit;
        for token in [0, 6].map(TokenId) {
            let t = Transaction { token, ..t };
            let r = refused(&mut rich(n, most + 1), signed(t));
            let (account, found, credit) = (AccountId(n), Amount(most + 1), Amount(credit));
            assert_eq!(r, Refusal::Overflow { role, account, token, found, credit });
            run(&mut rich(n, most), &signed(t)).expect("2^128 - 1 is a balance");
        }
    }
}

#[test]
fn signatures() {
    let problem = "not made by this key".to_owned();
    let expected = Refusal::Signature { account: AccountId(1), epoch: Epoch(9), problem };
    for t in every_action() {
        let stolen = Entry::Transaction(sign_with(&key(2), t));
        assert_eq!(refused(&mut state(), stolen), expected);
        let mut altered = sign(t);
        altered.transaction.fee = 1;
        assert_eq!(refused(&mut state(), Entry::Transaction(altered)), expected);
    }
    let mut altered = sign(every_action()[1]);
    altered.transaction.action = Action::Withdraw { to: L1Address([8; 20]), amount: Amount(30) };
    assert_eq!(refused(&mut state(), Entry::Transaction(altered)), expected);
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
        let mut after = state();
        let t = next(transfer(from, to, token, 30, 2, 4));
        let executed = run(&mut after, &signed(t)).expect("goes through");
        assert_eq!(balances_of(&after), expected, "{from} to {to} in token {token}");
        assert_eq!((executed.no_op, executed.payout), (None, None));
        check_accesses(state(), &executed.accesses, cells([Some(from), Some(to), Some(3)], token));
    }
}

#[test]
fn withdrawals_and_rotations_touch_no_recipient() {
    let cases = [
        (1, 0, [(68, 50), (100, 50), (102, 50)]),
        (3, 0, [(100, 50), (100, 50), (70, 50)]),
        (1, 6, [(100, 18), (100, 50), (100, 52)]),
        (3, 6, [(100, 50), (100, 50), (100, 20)]),
    ];
    for (from, token, expected) in cases {
        let mut after = state();
        let t = next(withdraw(from, ABROAD, token, 30, 2, 4));
        let executed = run(&mut after, &signed(t)).expect("goes through");
        assert_eq!(balances_of(&after), expected, "from {from} in token {token}");
        let payout = Payout { token: TokenId(token), amount: Amount(30), to: ABROAD };
        assert_eq!((executed.no_op, executed.payout), (None, Some(payout)));
        check_accesses(state(), &executed.accesses, cells([Some(from), None, Some(3)], token));
        let executed = run(&mut state(), &signed(next(rotate(from, key(9), token, 2, 4)))).expect("rotates");
        check_accesses(state(), &executed.accesses, cells([Some(from), None, Some(3)], token));
    }
}

/// The cells that roles 0 to 2 and their balances of the token are in.
fn cells(accounts: [Option<u32>; 3], token: u16) -> [Option<CellAddress>; 6] {
    core::array::from_fn(|position| {
        let account = accounts[position % 3].map(AccountId)?;
        match position {
            0..3 => Some(CellAddress::account(account)),
            _ => (token != 0).then_some(CellAddress::slot(account, token)),
        }
    })
}

#[test]
fn damaged_cells_are_faults() {
    let at = CellAddress::account(AccountId(1));
    let mut damaged = state();
    let mut payload = account(1).payload();
    payload.0[Payload::BALANCE] = aludel_protocol::fe(1 << 16);
    damaged.apply(&[(at, payload)]);
    for t in every_action() {
        let error = run(&mut damaged, &signed(t));
        assert!(matches!(error, Err(ExecuteError::Fault(Fault::Payload { at: found, .. })) if found == at));
    }
}

#[test]
fn every_refusal_says_what_to_do() {
    let account = AccountId(1);
    let (epoch, amount) = (Epoch(2), Amount(3));
    let (sequence, token, role) = (Sequence(4), TokenId(6), Role::Sender);
    let refusals = [
        Refusal::Chain { expected: CHAIN, found: ChainId(1) },
        Refusal::Version { expected: 1, found: 2 },
        Refusal::Expired { expiry: BatchNumber(1), number: BatchNumber(2) },
        Refusal::System { account },
        Refusal::NoAccount { role, account },
        Refusal::Sequence { account, expected: sequence, found: sequence },
        Refusal::LastSequence { account, sequence },
        Refusal::UsedEpoch { account, expected: epoch, found: epoch },
        Refusal::LastEpoch { account, found: epoch },
        Refusal::NoEpoch { account, limit: epoch, found: epoch },
        Refusal::Total { account, amount, fee: 1 },
        Refusal::Balance { account, token, expected: amount, found: amount },
        Refusal::Overflow { role, account, token, found: amount, credit: amount },
        Refusal::Signature { account, epoch, problem: "bad".to_owned() },
    ];
    let remedies = [": ", "; "];
    for refusal in refusals {
        let text = refusal.to_string();
        assert!(remedies.iter().any(|mark| text.contains(mark)), "{text}");
    }
}
