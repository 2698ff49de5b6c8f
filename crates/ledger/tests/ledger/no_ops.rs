//! Items of the L1 queue: what takes effect, every reason for which one does not, and that any bytes are conserved.

use aludel_ledger::execute::{Executed, Payout};
use aludel_ledger::{ExecuteError, Fault, State};
use aludel_protocol::cell::{AccountCell, BalanceCell, CellAddress, CounterCell, OwnerCell};
use aludel_protocol::{
    AccountId, Amount, Entry, Epoch, KeyBytes, L1Address, NoOp, Packed, Payload, QueueItem, Sequence, Space,
    TokenId,
};
use proptest::prelude::*;

use crate::model::Wide;
use crate::small::*;
use crate::stub::*;

const ONE: CellAddress = CellAddress::account(AccountId(1));
const OWNER: CellAddress = CellAddress::slot(AccountId(1), 0);
const BALANCE: CellAddress = CellAddress::slot(AccountId(1), 6);

/// That the item has no effect for this reason, touches these cells, and is refunded where it is a deposit.
fn no_effect(mut state: State, item: QueueItem, reason: NoOp, at: [Option<CellAddress>; 6]) {
    let before = state.clone();
    let executed = run_item(&mut state, item);
    assert_eq!(executed.no_op, Some(reason), "{item:?}");
    assert_eq!(state, before, "nothing changes");
    check_accesses(before, &executed.accesses, at);
    assert!(executed.accesses.iter().flatten().all(|access| access.new == access.old));
    let refund = Payout { token: item.token, amount: item.amount, to: item.l1 };
    assert_eq!(executed.payout, (item.kind != QueueItem::FORCED).then_some(refund));
}

/// That the item takes effect; what it pays, and where it touches cells.
fn effect(state: &mut State, item: QueueItem) -> (Option<Payout>, Vec<usize>) {
    let Executed { accesses, no_op, payout } = run_item(state, item);
    assert_eq!(no_op, None);
    (payout, positions(&accesses))
}

#[test]
fn deposits_to_accounts() {
    for (token, at, expected) in
        [(0, vec![1], [(100, 50), (117, 50), (100, 50)]), (6, vec![1, 4], [(100, 50), (100, 67), (100, 50)])]
    {
        let mut state = state();
        assert_eq!(effect(&mut state, to_account(2, token, 17)), (None, at));
        assert_eq!(balances_of(&state), expected);
    }
}

#[test]
fn no_account() {
    for n in [0, 5, u32::MAX] {
        let at = [None, Some(CellAddress::account(AccountId(n))), None, None, None, None];
        for token in [0, 6] {
            no_effect(state(), to_account(n, token, 17), NoOp::NoAccount, at);
        }
    }
}

#[test]
fn overflow() {
    let [native, token] = [100, 50].map(|held| u128::MAX - held);
    let at = [None, Some(ONE), None, None, None, None];
    no_effect(state(), to_account(1, 0, native + 1), NoOp::Overflow, at);
    let at = [None, Some(ONE), None, None, Some(BALANCE), None];
    no_effect(state(), to_account(1, 6, token + 1), NoOp::Overflow, at);
    for (of, amount) in [(0, native), (6, token), (9, u128::MAX)] {
        let mut state = state();
        effect(&mut state, to_account(1, of, amount));
    }
}

#[test]
fn deposits_to_keys_create_accounts() {
    let mut state = state();
    assert_eq!(effect(&mut state, to_key(5, 0, 11)), (None, vec![0, 1, 2]));
    let executed = run_item(&mut state, to_key(6, 9, 12));
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
    let order: Vec<_> = executed.accesses.iter().map(|a| a.map(|a| a.at)).collect();
    let [counter, own, owner, token] = [2, 3, 4, 5].map(|i: usize| Some(cells[i].0));
    assert_eq!(order, [counter, own, owner, None, token, None]);
}

#[test]
fn a_key_of_any_bytes_is_an_account() {
    let mut state = state();
    let item = QueueItem { key: KeyBytes([0xff; 32]), ..to_key(5, 0, 11) };
    effect(&mut state, item);
    // 2^32 - 1 modulo p, eight times.
    assert_eq!(read(&state, 5).key, aludel_protocol::Digest([aludel_protocol::fe(0x01ff_fffd); 8]));
}

fn counter_at(next: u32) -> State {
    let mut state = state();
    state.apply(&[(CellAddress::COUNTER, CounterCell(AccountId(next)).payload())]);
    state
}

#[test]
fn no_number() {
    let at = [Some(CellAddress::COUNTER), None, None, None, None, None];
    for token in [0, 6] {
        no_effect(counter_at(u32::MAX), to_key(5, token, 1), NoOp::NoNumber, at);
    }
    let mut state = counter_at(u32::MAX - 1);
    effect(&mut state, to_key(5, 0, 1));
    assert_eq!(state.get(&CellAddress::COUNTER), CounterCell(AccountId(u32::MAX)).payload());
    assert_eq!(read(&state, u32::MAX - 1).key, key(5));
}

#[test]
fn unknown_kind() {
    for kind in [0, 4, u16::MAX] {
        for item in [to_account(1, 6, 17), to_key(5, 0, 17), forced(1, 0)] {
            no_effect(state(), QueueItem { kind, ..item }, NoOp::UnknownKind, [None; 6]);
        }
    }
}

#[test]
fn forced_withdrawals_pay_everything() {
    for (token, amount, at) in [(0, 100, vec![0, 2]), (6, 50, vec![0, 2, 3]), (9, 0, vec![0, 2, 3])] {
        let mut state = state();
        // The item's own amount counts for nothing.
        let item = QueueItem { amount: Amount(7), ..forced(1, token) };
        let payout = |amount| Payout { token: TokenId(token), amount: Amount(amount), to: owner(1) };
        assert_eq!(effect(&mut state, item), (Some(payout(amount)), at.clone()));
        let native = if token == 0 { Amount(0) } else { Amount(100) };
        assert_eq!(
            read(&state, 1),
            AccountCell { balance: native, ..account(1) },
            "order and key are as before"
        );
        assert_eq!(state.get(&OWNER), OwnerCell(owner(1)).payload());
        let balance = BalanceCell::read(&state.get(&BALANCE)).expect("reads").0;
        assert_eq!(balance, Amount(if token == 6 { 0 } else { 50 }));
        assert_eq!(effect(&mut state, item), (Some(payout(0)), at), "of nothing, nothing is paid");
    }
}

#[test]
fn forced_withdrawals_read_what_they_pay() {
    let mut after = state();
    let accesses = run_item(&mut after, forced(1, 6)).accesses;
    check_accesses(state(), &accesses, [Some(ONE), None, Some(OWNER), Some(BALANCE), None, None]);
    let accesses = run_item(&mut after, forced(1, 0)).accesses;
    assert_eq!(positions(&accesses), [0, 2]);
}

#[test]
fn forced_withdrawals_need_no_sequence() {
    let mut state = state();
    let exhausted = |a: &mut AccountCell| {
        (a.sequence, a.next_epoch) = (Sequence(u32::MAX), Epoch((1 << 20) - 1));
    };
    set(&mut state, 1, exhausted);
    effect(&mut state, forced(1, 0));
    let mut expected = account(1);
    exhausted(&mut expected);
    assert_eq!(read(&state, 1), AccountCell { balance: Amount(0), ..expected });
}

#[test]
fn forced_no_account() {
    // Account 0 has no cell, though its slot 0 holds the counter.
    let counter = L1Address(core::array::from_fn(|i| if i == 1 { 5 } else { 0 }));
    for (n, l1) in [(0, owner(0)), (0, counter), (5, owner(5)), (u32::MAX, owner(1))] {
        let at = [Some(CellAddress::account(AccountId(n))), None, None, None, None, None];
        for token in [0, 6].map(TokenId) {
            no_effect(state(), QueueItem::forced(AccountId(n), token, l1), NoOp::ForcedNoAccount, at);
        }
    }
}

#[test]
fn not_owner() {
    let at = [Some(ONE), None, Some(OWNER), None, None, None];
    let mut near = owner(1);
    near.0[19] ^= 1;
    for l1 in [owner(2), L1Address([0; 20]), near] {
        for token in [0, 6].map(TokenId) {
            no_effect(state(), QueueItem::forced(AccountId(1), token, l1), NoOp::NotOwner, at);
        }
    }
    // A genesis state may have an account that nobody owns, not even the zero address.
    let mut without_owner = state();
    without_owner.apply(&[(OWNER, Payload::EMPTY)]);
    no_effect(
        without_owner,
        QueueItem::forced(AccountId(1), TokenId(0), L1Address::default()),
        NoOp::NotOwner,
        at,
    );
}

#[test]
fn damaged_cells_are_faults() {
    let fault = |state: &mut State, item: QueueItem| {
        let before = state.clone();
        let error = run(state, &Entry::Queue(item)).expect_err("a fault");
        assert_eq!(*state, before);
        match error {
            ExecuteError::Fault(fault) => fault,
            ExecuteError::Refused(refusal) => panic!("an item is never refused: {refusal}"),
        }
    };
    let at = CellAddress::slot(AccountId(5), 0);
    let mut occupied = state();
    occupied.apply(&[(at, OwnerCell(owner(1)).payload())]);
    assert_eq!(fault(&mut occupied, to_key(5, 0, 1)), Fault::Occupied { at });
    let mut without_counter = state();
    without_counter.apply(&[(CellAddress::COUNTER, Payload::EMPTY)]);
    let damaged = fault(&mut without_counter, to_key(5, 0, 1));
    assert!(matches!(damaged, Fault::Payload { at: CellAddress::COUNTER, .. }));
}

/// All that accounts hold of a token.
fn sum(state: &State, token: TokenId) -> Wide {
    let of = |(at, payload): (CellAddress, Payload)| match at.space {
        Space::Account if token.0 == 0 => {
            AccountCell::read(&payload).expect("reads").expect("is there").balance
        }
        Space::Slot if token.0 != 0 && at.slot == token.0 => BalanceCell::read(&payload).expect("reads").0,
        Space::Account | Space::Slot => Amount(0),
    };
    let mut sum = Wide::default();
    state.cells().into_iter().map(of).for_each(|balance| sum.add(balance.0));
    sum
}

/// Any 76 bytes, most of which mean something.
fn any_item() -> impl Strategy<Value = QueueItem> {
    let kind = prop_oneof![4 => 0..5u16, 1 => any::<u16>()];
    let token = prop_oneof![Just(0u16), Just(6), any::<u16>()];
    let account = prop_oneof![4 => 0..6u32, 1 => any::<u32>()];
    let amount = prop_oneof![0..200u128, (u128::MAX - 200)..=u128::MAX, any::<u128>()];
    let l1 = prop_oneof![(0..6u32).prop_map(owner), any::<[u8; 20]>().prop_map(L1Address)];
    let shaped = (kind, token, account, amount, l1, any::<[u8; 32]>());
    prop_oneof![
        6 => shaped.prop_map(|(kind, token, account, amount, l1, key)| QueueItem {
            kind, token: TokenId(token), amount: Amount(amount), account: AccountId(account), l1, key: KeyBytes(key),
        }),
        1 => prop::collection::vec(any::<u8>(), QueueItem::BYTES)
            .prop_map(|bytes| QueueItem::unpack(&mut &bytes[..]).expect("any bytes are an item")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_item_has_an_outcome_and_is_conserved(item in any_item(), last in any::<bool>()) {
        let mut state = if last { counter_at(u32::MAX) } else { state() };
        let before = state.clone();
        let executed = run_item(&mut state, item);
        let came = if item.kind == QueueItem::FORCED { 0 } else { item.amount.0 };
        let left = executed.payout.map_or(0, |p| p.amount.0);
        let (mut old, mut new) = (sum(&before, item.token), sum(&state, item.token));
        old.add(came);
        new.add(left);
        prop_assert_eq!(old, new);
        if let Some(no_op) = executed.no_op {
            prop_assert_eq!(&state, &before);
            prop_assert_eq!(left, if no_op.refunds() { came } else { 0 });
        } else if item.kind != QueueItem::FORCED {
            prop_assert_eq!(executed.payout, None);
        }
        if let Some(payout) = executed.payout {
            prop_assert_eq!((payout.token, payout.to), (item.token, item.l1));
        }
        for other in [0, 6].map(TokenId).into_iter().filter(|t| *t != item.token) {
            prop_assert_eq!(sum(&state, other), sum(&before, other));
        }
    }
}
