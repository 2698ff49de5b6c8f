use std::collections::{BTreeSet, HashMap};

use aludel_protocol::cell::node;
use aludel_protocol::fe;
use aludel_protocol::ids::AccountId;
use borsh::to_vec;
use proptest::prelude::*;

use super::*;
use crate::state::State;
use crate::state::tests::{address, payload, writes};
use aludel_protocol::cell::{Child, NodeUpdate};

/// Space, stage, level, slot, lo, hi: how the circuit's bus names a node.
type Name = (u8, u8, u8, u16, u16, u16);

fn names(n: &NodeUpdate) -> (Name, [Name; 2]) {
    let ends = n.level == 15 || n.stage == 3;
    let own = (n.space, n.stage + u8::from(ends), if ends { 0 } else { n.level + 1 }, n.slot, n.lo, n.hi);
    let child = |side: u16| match n.stage {
        0 => (n.space, 0, n.level, 2 * n.slot + side, n.lo, n.hi),
        1 => (n.space, 1, n.level, 0, 2 * n.lo + side, n.hi),
        2 => (n.space, 2, n.level, 0, 0, 2 * n.hi + side),
        _ => (side as u8, 3, 0, 0, 0, 0),
    };
    (own, [child(0), child(1)])
}

/// What the node bus carries: every node sent once with its digests, received once, the root left over.
fn check_bus(state: &PartialState) {
    let update = state.update();
    let mut bus = HashMap::new();
    for cell in state.cells() {
        let [lo, hi] = [cell.at.account.0 as u16, (cell.at.account.0 >> 16) as u16];
        let name = (cell.at.space as u8, 1 - cell.at.space as u8, 0, cell.at.slot, lo, hi);
        bus.insert(name, (cell.old.digest(&cell.at), cell.new.digest(&cell.at)));
    }
    for n in &update.nodes {
        let (own, children) = names(n);
        for (name, child) in children.iter().zip([n.left, n.right]) {
            let Child { touched, old, new } = child;
            assert_eq!(bus.remove(name), touched.then_some((old, new)), "{name:?}");
            assert!(touched || old == new);
        }
        let digests = (node(n.left.old, n.right.old), node(n.left.new, n.right.new));
        assert_eq!(bus.insert(own, digests), None);
    }
    let root = ((0, 4, 0, 0, 0, 0), (update.old_root, update.new_root));
    assert_eq!(bus.into_iter().collect::<Vec<_>>(), [root]);
}

fn genesis_and(writes: &[(CellAddress, Payload)]) -> State {
    let mut state = State::genesis();
    state.apply(writes);
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_partial_state_follows_the_whole_one(
        before in writes(20),
        after in writes(12),
        read in prop::collection::vec(address(), 0..5),
    ) {
        let mut whole = genesis_and(&before);
        let touched = after.iter().map(|(at, _)| *at).chain(read);
        let proof = whole.prove(touched);
        let mut part = proof.open(whole.root()).expect("opens its own root");
        for cell in part.cells() {
            prop_assert_eq!(cell.new, whole.get(&cell.at));
        }
        check_bus(&part);
        whole.apply(&after);
        part.apply(&after).expect("all open");
        prop_assert_eq!(part.root(), whole.root());
        check_bus(&part);
    }

    #[test]
    fn the_union_is_the_proof_before_the_first_batch(
        before in writes(20),
        batches in prop::collection::vec(writes(10), 1..5),
    ) {
        let mut state = genesis_and(&before);
        let first = state.clone();
        let mut proofs = Vec::new();
        for writes in &batches {
            proofs.push(state.prove(writes.iter().map(|(at, _)| *at)));
            state.apply(writes);
        }
        let all: BTreeSet<_> = batches.iter().flatten().map(|(at, _)| *at).collect();
        let union = Multiproof::union(&proofs).expect("joins");
        prop_assert_eq!(&union, &first.prove(all));
        let mut part = union.open(first.root()).expect("opens");
        part.apply(&batches.concat()).expect("all open");
        prop_assert_eq!(part.root(), state.root());
    }

    #[test]
    fn what_decodes_encodes_to_the_same_bytes(at in any::<prop::sample::Index>(), bit in 0..8u8, cut in any::<bool>()) {
        let proof = sample().1;
        let mut bytes = to_vec(&proof).expect("encodes");
        let i = at.index(bytes.len());
        if cut { bytes.truncate(i) } else { bytes[i] ^= 1 << bit }
        if let Ok(other) = borsh::from_slice::<Multiproof>(&bytes) {
            prop_assert!(other != proof);
            prop_assert_eq!(to_vec(&other).expect("encodes"), bytes);
        }
    }
}

fn account(n: u32) -> CellAddress {
    CellAddress::account(AccountId(n))
}

fn sample() -> (State, Multiproof) {
    let slot = CellAddress::slot(AccountId(3), 2);
    let state = genesis_and(&[(account(2), payload(2)), (account(3), payload(3)), (slot, payload(9))]);
    let proof = state.prove([account(2), account(70_000), slot]);
    (state, proof)
}

#[test]
fn one_more_or_one_less_is_another_form() {
    let (_, proof) = sample();
    let (cells, siblings) = (proof.cells.clone(), proof.siblings.clone());
    let expected = siblings.len();
    let short = Multiproof::new(cells.clone(), siblings[1..].to_vec());
    assert_eq!(short, Err(ProofError::Siblings { expected, found: expected - 1 }));
    let long = [&siblings[..], &[Digest::ZERO]].concat();
    let long = Multiproof::new(cells.clone(), long);
    assert_eq!(long, Err(ProofError::Siblings { expected, found: expected + 1 }));
    let mut twice = cells.clone();
    twice.insert(1, twice[0]);
    let at = twice[0].0;
    assert_eq!(Multiproof::new(twice, siblings.clone()), Err(ProofError::Order { at }));
    let mut swapped = cells;
    swapped.swap(0, 1);
    assert_eq!(Multiproof::new(swapped, siblings), Err(ProofError::Order { at }));
}

#[test]
fn addresses_and_payloads_that_cannot_be_are_refused() {
    let (_, proof) = sample();
    let mut cells = proof.cells.clone();
    cells[0].0.slot = 1;
    let refused = Multiproof::new(cells.clone(), proof.siblings.clone());
    assert_eq!(refused, Err(ProofError::Address(cells[0].0)));
    for (position, value) in [(Payload::EXISTS, 2), (Payload::KEY, 1)] {
        let mut cells = proof.cells.clone();
        let (at, empty) = &mut cells[1];
        assert_eq!(*empty, Payload::EMPTY);
        empty.0[position] = fe(value);
        let expected = Err(ProofError::Payload { at: *at });
        assert_eq!(Multiproof::new(cells, proof.siblings.clone()), expected);
    }
}

#[test]
fn another_state_has_another_root() {
    let (state, proof) = sample();
    for i in 0..proof.siblings.len() {
        let mut forged = proof.clone();
        forged.siblings[i].0[i % 8] += fe(1);
        let expected = ProofError::Root { expected: state.root(), found: forged.root() };
        assert_eq!(forged.open(state.root()).err(), Some(expected));
    }
    for i in 0..proof.cells.len() {
        let mut forged = proof.clone();
        forged.cells[i].1 = payload(500);
        assert!(matches!(forged.open(state.root()), Err(ProofError::Root { .. })));
        // The same payload at the neighbouring address; an empty one is as true there.
        if proof.cells[i].1 == Payload::EMPTY {
            continue;
        }
        let mut moved = proof.clone();
        moved.cells[i].0.account.0 ^= 1;
        assert!(matches!(moved.open(state.root()), Err(ProofError::Root { .. })));
    }
    let swapped = Multiproof { siblings: proof.siblings.iter().rev().copied().collect(), ..proof };
    assert!(swapped.open(state.root()).is_err());
}

#[test]
fn no_cells_open_the_root_all_the_same() {
    let (state, _) = sample();
    let proof = state.prove([]);
    assert_eq!(proof.siblings.len(), 2);
    let part = proof.open(state.root()).expect("opens");
    assert_eq!((part.update().nodes.len(), part.root()), (1, state.root()));
    assert_eq!(part.get(&account(2)), Err(NotOpened { at: account(2) }));
}
