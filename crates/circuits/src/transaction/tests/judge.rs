//! What everyone else in a proof would say to a trace of this chip: the tables hold every true row, the cell
//! chip has one initial and one final payload a cell, the tree of a batch holds its leaves, wallets signed what they
//! signed, L1 knows its queue.

use std::collections::{BTreeMap, BTreeSet};

use aludel_protocol::cell::{empty_subtree, node};
use aludel_protocol::field::Limbs;
use aludel_protocol::hash::compress24;
use aludel_protocol::params::WITHDRAWAL_BITS;
use aludel_protocol::records::WithdrawalTree;
use aludel_protocol::{AccountId, CellAddress, Digest, Epoch, F, Payload, Space, fe};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use super::world::World;
use crate::bus::Bus;
use crate::check::{Checker, Violation};
use crate::columns::Columns;
use crate::transaction::Transaction;
use crate::transaction::columns::{State, TransactionColumns};

/// Fields, and sends minus receives.
type Message = (Vec<u32>, F);

/// Whether the other side of a bus can balance what this chip leaves on it.
type Verdict = fn(&World, &[Message]) -> bool;

/// Why the trace is refused: names of constraints and of buses; empty if it is accepted.
pub fn refusals(w: &World, main: &RowMajorMatrix<F>) -> BTreeSet<&'static str> {
    let chip = Transaction { log_height: main.height().ilog2() as usize };
    let mut checker = Checker::default();
    checker.run(&chip, main, &[]);
    let mut out: BTreeSet<&'static str> = checker.constraints().iter().map(name).collect();
    let buses: [(Bus, Verdict); 6] = [
        (Bus::Range16, |_, m| m.iter().all(|(x, _)| x[0] < 1 << 16)),
        (Bus::Hash24, |_, m| m.iter().all(|(x, _)| hashes(x))),
        (Bus::Auth, |w, m| m.iter().all(|(x, _)| signed(w, x))),
        (Bus::Cell, memory),
        (Bus::Node, |_, m| trees(m)),
        (Bus::Boundary, boundary),
    ];
    for (bus, accepts) in buses {
        if !accepts(w, &checker.surplus(bus)) {
            out.insert(bus.name());
        }
    }
    out
}

/// Asserts that the trace is refused, by `expected` among others.
#[track_caller]
pub fn refused(w: &World, main: &RowMajorMatrix<F>, expected: &'static str) {
    let by = refusals(w, main);
    assert!(by.contains(expected), "refused by {by:?}, not by {expected:?}");
}

/// Asserts that the trace is refused by `expected` and nothing else.
#[track_caller]
pub fn refused_only(w: &World, main: &RowMajorMatrix<F>, expected: &[&'static str]) {
    assert_eq!(refusals(w, main), expected.iter().copied().collect());
}

fn name(v: &Violation) -> &'static str {
    match v {
        Violation::Constraint { name, .. } => name,
        Violation::Bus { bus, .. } => bus,
    }
}

fn elements(words: &[u32]) -> Vec<F> {
    words.iter().map(|x| fe(*x)).collect()
}

fn hashes(message: &[u32]) -> bool {
    let x = elements(message);
    let input: [F; 24] = core::array::from_fn(|i| x[i]);
    compress24(input)[..] == x[24..]
}

fn signed(w: &World, message: &[u32]) -> bool {
    let x = elements(message);
    let digest = |from: usize| Digest(core::array::from_fn(|i| x[from + i]));
    w.signed.contains(&(digest(0), digest(8), Epoch(message[16])))
}

/// With the true initial payload sent, all that may be left of a cell's traffic is one final payload.
fn memory(w: &World, messages: &[Message]) -> bool {
    let mut cells: BTreeMap<&[u32], BTreeMap<Vec<u32>, F>> = BTreeMap::new();
    for (message, count) in messages {
        let cell = cells.entry(&message[..4]).or_insert_with(|| initial(w, &message[..4]));
        *cell.entry(message[4..].to_vec()).or_insert(F::ZERO) += *count;
    }
    cells.into_iter().all(|(at, cell)| {
        let left: Vec<F> = cell.into_values().filter(|c| *c != F::ZERO).collect();
        address(at).is_some() && left == [F::ONE]
    })
}

fn initial(w: &World, at: &[u32]) -> BTreeMap<Vec<u32>, F> {
    let payload = address(at).and_then(|at| w.genesis.get(&at).copied()).unwrap_or(Payload::EMPTY);
    let message = [0].into_iter().chain(payload.0.map(|x| x.as_canonical_u32())).collect();
    BTreeMap::from([(message, F::ONE)])
}

/// A batch by its number's limbs, and what is there at each index.
type Leaves = BTreeMap<[u32; 2], BTreeMap<u32, Digest>>;

/// Each batch's leaves lie at different indices, and the root that is received for it is of just these leaves in an
/// empty tree.
fn trees(messages: &[Message]) -> bool {
    let digest = |m: &[u32], from: usize| Digest(core::array::from_fn(|i| fe(m[from + i])));
    let (sent, received): (Vec<&Message>, Vec<_>) = messages.iter().partition(|(_, count)| *count == F::ONE);
    let mut leaves = Leaves::new();
    for (m, _) in sent {
        let place = m[..3] == [2, 0, 0] && m[3] < 1 << 16 && digest(m, 6) == Digest::ZERO;
        let taken = leaves.entry([m[4], m[5]]).or_default().insert(m[3], digest(m, 14));
        if !place || taken.is_some() {
            return false;
        }
    }
    let top = |(m, count): &Message| {
        let place = m[..4] == [2, 1, 0, 0] && digest(m, 6) == empty_subtree(WITHDRAWAL_BITS);
        let root = leaves.remove(&[m[4], m[5]]).map(root);
        place && *count == -F::ONE && root == Some(digest(m, 14))
    };
    received.into_iter().all(top) && leaves.is_empty()
}

fn root(mut nodes: BTreeMap<u32, Digest>) -> Digest {
    for height in 0..WITHDRAWAL_BITS {
        let child = |i: u32| nodes.get(&i).copied().unwrap_or(empty_subtree(height));
        let parent = |i: &u32| (i / 2, node(child(i & !1), child(i | 1)));
        nodes = nodes.keys().map(parent).collect();
    }
    nodes[&0]
}

/// Only addresses of the tree have a place in it.
fn address(at: &[u32]) -> Option<CellAddress> {
    let limbs = at[1..].iter().all(|x| *x < 1 << 16);
    let space = match at[0] {
        0 if at[3] == 0 => Space::Account,
        1 => Space::Slot,
        _ => return None,
    };
    limbs.then(|| CellAddress { space, account: AccountId(at[1] << 16 | at[2]), slot: at[3] as u16 })
}

/// One state received, the true one; one sent, whose queue is L1's at its index.
fn boundary(w: &World, messages: &[Message]) -> bool {
    let [(first, received), (last, sent)] = messages else { return false };
    let p = &w.prev;
    let start =
        [&w.chain_id.0.limbs()[..], &p.number.0.limbs(), &p.headers.0, &p.queue.0, &p.queue_index.0.limbs()]
            .concat();
    let begins = first[0] == 0 && elements(&first[1..]) == start && *received == -F::ONE;
    let chain = last[0] == 1 && first[1..5] == last[1..5] && *sent == F::ONE;
    let limbs = last[5..7].iter().chain(&last[23..]).all(|x| *x < 1 << 16);
    let index = (last[24] << 16 | last[23]).wrapping_sub(p.queue_index.0) as usize;
    let queue = w.l1.get(index).is_some_and(|q| q.0[..] == elements(&last[15..23]));
    begins && chain && limbs && queue
}

/// A row of a trace.
pub fn row(main: &RowMajorMatrix<F>, row: usize) -> TransactionColumns<F> {
    TransactionColumns::read(&main.row_slice(row).expect("a row of the trace"))
}

/// Overwrites a row and nothing else.
pub fn edit(main: &mut RowMajorMatrix<F>, at: usize, change: impl FnOnce(&mut TransactionColumns<F>)) {
    let mut r = row(main, at);
    change(&mut r);
    main.row_mut(at).copy_from_slice(&r.to_row());
}

/// Overwrites a row, then makes every hash, every later state and every later root fit it, operators excepted.
pub fn forge(main: &mut RowMajorMatrix<F>, at: usize, change: impl FnOnce(&mut TransactionColumns<F>)) {
    edit(main, at, change);
    let mut leaves = Vec::new();
    for i in 0..main.height() {
        if i < at {
            collect(&row(main, i), &mut leaves);
            continue;
        }
        edit(main, i, |r| {
            if i > at {
                plant(r, &leaves);
            }
            rehash(r);
            collect(r, &mut leaves);
        });
        let after = row(main, i).after();
        if i + 1 < main.height() {
            edit(main, i + 1, |r| follow(r, &after));
        }
    }
}

/// Takes up the state after the row before.
fn follow(r: &mut TransactionColumns<F>, after: &State<F>) {
    let operator = r.state.operator;
    r.state = State { operator, ..*after };
    r.number_carry = F::from_bool(after.sealed[0] == fe(0xffff));
    r.number[0] = after.sealed[0] + F::ONE - r.number_carry * fe(1 << 16);
    r.number[1] = after.sealed[1] + r.number_carry;
}

/// The leaves since the last seal.
fn collect(r: &TransactionColumns<F>, leaves: &mut Vec<Digest>) {
    if r.leaves().is_one() {
        leaves.push(Digest(r.leaf));
    }
    if r.seal.is_one() {
        leaves.clear();
    }
}

/// The root of the tree over these, where a seal has it.
fn plant(r: &mut TransactionColumns<F>, leaves: &[Digest]) {
    if r.seal.is_one() {
        r.leaf = WithdrawalTree::new(leaves.to_vec()).root().0;
        r.has_withdrawals = F::from_bool(!leaves.is_empty());
        r.inverse = r.state.withdrawals.try_inverse().unwrap_or(F::ZERO);
    }
}

fn rehash(r: &mut TransactionColumns<F>) {
    r.inner = compress24(r.inner_call());
    r.digest = compress24(r.digest_call());
    r.rolled = compress24(r.rolled_call());
    r.pubdata_after = compress24(r.pubdata_call());
    if r.leaves().is_one() {
        r.leaf = compress24(r.leaf_call());
    }
}
