use std::collections::BTreeMap;

use aludel_protocol::fe;
use proptest::prelude::*;

use super::*;

/// The root from its definition: every subtree by recursion, nothing cached, nothing batched.
fn naive_root(cells: &BTreeMap<CellAddress, Payload>) -> Digest {
    let space = |space: Space, bits: usize| {
        let of_space = cells.iter().filter(|(at, _)| at.space == space);
        let leaves: Vec<_> = of_space.map(|(at, p)| (bit_path(at), p.digest(at))).collect();
        subtree(&leaves, bits)
    };
    node(space(Space::Account, 32), space(Space::Slot, 48))
}

/// The bits from the root: the account's from the highest, then the slot's.
fn bit_path(at: &CellAddress) -> Vec<bool> {
    let mut bits: Vec<bool> = (0..32).rev().map(|i| at.account.0 >> i & 1 == 1).collect();
    if at.space == Space::Slot {
        bits.extend((0..16).rev().map(|i| at.slot >> i & 1 == 1));
    }
    bits
}

fn subtree(leaves: &[(Vec<bool>, Digest)], bits: usize) -> Digest {
    match leaves {
        [] => (0..bits).fold(Digest::ZERO, |below, _| node(below, below)),
        [(_, leaf)] if bits == 0 => *leaf,
        _ => {
            let depth = leaves[0].0.len() - bits;
            let (right, left): (Vec<_>, Vec<_>) = leaves.iter().cloned().partition(|(path, _)| path[depth]);
            node(subtree(&left, bits - 1), subtree(&right, bits - 1))
        }
    }
}

/// Addresses that crowd together and ones that lie far apart.
pub(crate) fn address() -> impl Strategy<Value = CellAddress> {
    let account = prop_oneof![0..4u32, 0xffff..0x1_0002u32, (u32::MAX - 2)..=u32::MAX, any::<u32>()];
    let slot = prop_oneof![0..3u16, (u16::MAX - 1)..=u16::MAX];
    (any::<bool>(), account, slot).prop_map(|(own, account, slot)| match own {
        true => CellAddress::account(AccountId(account)),
        false => CellAddress::slot(AccountId(account), slot),
    })
}

/// A payload that may be.
pub(crate) fn payload(seed: u32) -> Payload {
    let mut payload = Payload(core::array::from_fn(|i| fe(seed + i as u32)));
    payload.0[Payload::EXISTS] = fe(1);
    if seed == 0 { Payload::EMPTY } else { payload }
}

pub(crate) fn writes(len: usize) -> impl Strategy<Value = Vec<(CellAddress, Payload)>> {
    prop::collection::vec((address(), (0..1000u32).prop_map(payload)), 0..len)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn batched_updates_make_the_root_of_the_definition(batches in prop::collection::vec(writes(12), 1..4)) {
        let mut state = State::empty();
        let mut model = BTreeMap::new();
        for writes in &batches {
            state.apply(writes);
            model.extend(writes.iter().copied());
            model.retain(|_, payload| *payload != Payload::EMPTY);
            prop_assert_eq!(state.root(), naive_root(&model));
            prop_assert_eq!(state.cells(), model.clone().into_iter().collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_slot_cell_climbs_by_its_slot_and_then_by_its_account() {
    let at = CellAddress::slot(AccountId(0x8000_0001), 0x0002);
    let mut state = State::empty();
    state.apply(&[(at, payload(7))]);
    let mut digest = payload(7).digest(&at);
    let mut nothing = Digest::ZERO;
    for height in 0..48 {
        // Slot 2 is bit 1; the account's bits 0 and 31 come 16 levels higher.
        digest = if [1, 16, 47].contains(&height) { node(nothing, digest) } else { node(digest, nothing) };
        nothing = node(nothing, nothing);
    }
    let accounts = (0..32).fold(Digest::ZERO, |below, _| node(below, below));
    assert_eq!(state.root(), node(accounts, digest));
}

#[test]
fn genesis_holds_the_counter_alone() {
    let state = State::genesis();
    assert_eq!(state.cells(), [(CellAddress::COUNTER, CounterCell(AccountId(1)).payload())]);
    assert_ne!(state.root(), State::empty().root());
}
