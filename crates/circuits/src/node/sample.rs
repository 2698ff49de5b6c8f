//! A small honest shard without transactions: cells, the tree above them, the tables and the statement.

use std::collections::BTreeMap;

use aludel_protocol::cell::{AccountCell, CounterCell, node};
use aludel_protocol::{
    AccountId, Amount, BatchNumber, CellAddress, ChainId, Checkpoint, Digest, Epoch, F, Payload, QueueIndex,
    Sequence, Statement, fe,
};
use p3_field::PrimeCharacteristicRing;

use crate::bus::Bus;
use crate::cell::trace::CellRow;
use crate::chip::Tables;
use crate::machine::MachineChip;
use crate::shape::{HASH24_LANES, NODE_LANES};
use crate::tamper::Traces;
use crate::{cell, hash24, node, range16, statement};
use aludel_protocol::cell::{Child, NodeUpdate};

/// `space, slot, low limb, high limb`.
type Place = (u8, u16, u16, u16);

/// The leaf of a touched cell.
fn leaf(row: &CellRow) -> (Place, Child) {
    let id = row.at.account.0;
    let place = (row.at.space as u8, row.at.slot, id as u16, (id >> 16) as u16);
    let (old, new) = (row.initial.digest(&row.at), row.last.digest(&row.at));
    (place, Child { touched: true, old, new })
}

/// The touched nodes above these leaves, and the roots.
pub fn tree(touched: &[CellRow], untouched: &[CellRow]) -> (Vec<NodeUpdate>, Child) {
    let mut leaves: BTreeMap<Place, Child> = touched.iter().map(leaf).collect();
    leaves.extend(untouched.iter().map(leaf).map(|(at, c)| (at, Child { touched: false, ..c })));
    let mut updates = Vec::new();
    let spaces = [0, 1].map(|space| {
        let mut nodes = leaves.clone();
        nodes.retain(|place, _| place.0 == space);
        let mut empty = Child::default();
        for step in u32::from(1 - space) * 16..48 {
            (nodes, empty) = climb((step / 16) as u8, (step % 16) as u8, nodes, empty, &mut updates);
        }
        nodes.get(&(space, 0, 0, 0)).copied().unwrap_or(empty)
    });
    let root = NodeUpdate { stage: 3, left: spaces[0], right: spaces[1], ..Default::default() };
    updates.push(root);
    (updates, parent(&root))
}

fn parent(u: &NodeUpdate) -> Child {
    Child {
        touched: u.left.touched || u.right.touched,
        old: node(u.left.old, u.right.old),
        new: node(u.left.new, u.right.new),
    }
}

fn climb(
    stage: u8,
    level: u8,
    nodes: BTreeMap<Place, Child>,
    empty: Child,
    updates: &mut Vec<NodeUpdate>,
) -> (BTreeMap<Place, Child>, Child) {
    let mut parents: BTreeMap<Place, NodeUpdate> = BTreeMap::new();
    for ((space, slot, lo, hi), child) in nodes {
        let [s, l, h] = [0, 1, 2].map(|walked| u16::from(stage == walked));
        let at = (space, slot >> s, lo >> l, hi >> h);
        let bit = [slot, lo, hi][usize::from(stage)] & 1;
        let fresh =
            NodeUpdate { space, stage, level, slot: at.1, lo: at.2, hi: at.3, left: empty, right: empty };
        let update = parents.entry(at).or_insert(fresh);
        *(if bit == 0 { &mut update.left } else { &mut update.right }) = child;
    }
    let above = parents.iter().map(|(at, u)| (*at, parent(u))).collect();
    updates.extend(parents.into_values().filter(|u| u.left.touched || u.right.touched));
    let empty = parent(&NodeUpdate { left: empty, right: empty, ..Default::default() });
    (above, empty)
}

/// An account's payload; different arguments, different payload.
pub fn account(sequence: u32, balance: u128) -> Payload {
    let key = Digest(core::array::from_fn(|i| fe(100 + i as u32)));
    let (sequence, next_epoch) = (Sequence(sequence), Epoch(sequence));
    AccountCell { key, sequence, next_epoch, balance: Amount(balance) }.payload()
}

/// Cells of every kind: changed, made, only read; neighbours; both spaces; the ends of every coordinate.
pub fn cells() -> Vec<CellRow> {
    let row = |at, initial, last, time| CellRow { at, initial, last, time };
    let counter = |n| CounterCell(AccountId(n)).payload();
    let id = AccountId;
    vec![
        row(CellAddress::account(id(5)), account(1, 70), account(2, 1 << 100), 9),
        row(CellAddress::account(id(6)), Payload::EMPTY, account(0, 3), 17),
        row(CellAddress::account(id(u32::MAX)), account(8, 9), account(8, 9), 10),
        row(CellAddress::COUNTER, counter(6), counter(7), 16),
        row(CellAddress::slot(id(0xdead_beef), 7), Payload::EMPTY, account(4, 4), 24),
        row(CellAddress::slot(id(5), 0xffff), account(1, 2), account(3, 4), 27),
        row(CellAddress::slot(id(5), 3), Payload::EMPTY, Payload::EMPTY, 28),
    ]
}

/// Cells that nobody touches, beside and below those that are.
pub fn neighbours() -> Vec<CellRow> {
    let payload = account(77, 78);
    [CellAddress::account(AccountId(4)), CellAddress::slot(AccountId(5), 0xfffe)]
        .map(|at| CellRow { at, initial: payload, last: payload, time: 0 })
        .to_vec()
}

/// A statement over these roots.
pub fn statement_of(root: &Child) -> Statement {
    let prev = Checkpoint {
        number: BatchNumber(0x0001_fffe),
        queue_index: QueueIndex(0x0003_0002),
        ..Checkpoint::genesis(root.old)
    };
    let next = Checkpoint {
        number: BatchNumber(0x0002_0001),
        state_root: root.new,
        headers: Digest([fe(11); 8]),
        queue: Digest([fe(12); 8]),
        queue_index: QueueIndex(0x0003_0005),
    };
    Statement::new(ChainId(0x0123_4567_89ab_cdef), prev, next)
}

/// The five chips over given cells and nodes, beside a ledger that made just these accesses.
pub fn traces_of(rows: &[CellRow], updates: &[NodeUpdate], statement: &Statement) -> Traces {
    let mut out = chips_of(rows, updates, statement);
    ledger(&mut out, rows, statement);
    out
}

/// The five chips alone.
pub fn chips_of(rows: &[CellRow], updates: &[NodeUpdate], statement: &Statement) -> Traces {
    let mut tables = Tables::default();
    let mut out = Traces::default();
    let height = |n: usize| n.next_power_of_two().trailing_zeros() as usize;
    let log = height(rows.len() + 1);
    let main = cell::generate(log, rows, &mut tables).expect("it fits");
    out.chip(MachineChip::Cell(cell::Cell { log_height: log }), main, &[]);
    let log = height(updates.len().div_ceil(NODE_LANES) + 1);
    let main = node::generate(log, updates).expect("it fits");
    out.chip(MachineChip::Node(node::Node { log_height: log }), main, &[]);
    let main = statement::generate(4, statement, &mut tables).expect("it fits");
    let chip = MachineChip::Statement(statement::Statement { log_height: 4 });
    out.chip(chip, main, &statement.digest().0);
    let log = height(tables.hash24.len().div_ceil(HASH24_LANES) + 1);
    let main = hash24::generate(log, &tables.hash24).expect("it fits");
    out.chip(MachineChip::Hash24(hash24::Hash24 { log_height: log }), main, &[]);
    let main = range16::generate(16, &tables).expect("it fits");
    out.chip(MachineChip::Range16(range16::Range16 { log_height: 16 }), main, &[]);
    out
}

/// A message of the bus `cell`.
pub fn access(at: &CellAddress, time: u32, payload: &Payload) -> Vec<F> {
    [&at.fields()[..], &[fe(time)], &payload.0].concat()
}

/// What the chip `transaction` says: one access a cell, and the chain's two ends.
pub fn ledger(out: &mut Traces, rows: &[CellRow], statement: &Statement) {
    for row in rows {
        out.external(Bus::Cell, access(&row.at, 0, &row.initial), -1);
        out.external(Bus::Cell, access(&row.at, row.time, &row.last), 1);
    }
    let f = statement.fields();
    let [chain, number, headers, queue] = [&f[..4], &f[13..17], &f[33..49], &f[49..69]];
    let ends = [(F::ZERO, &number[..2], &headers[..8], &queue[..10], -1)];
    let ends = ends.into_iter().chain([(F::ONE, &number[2..], &headers[8..], &queue[10..], 1)]);
    for (end, number, headers, queue, count) in ends {
        out.external(Bus::Boundary, [&[end], chain, number, headers, queue].concat(), count);
    }
}

/// The five chips over these cells, with the tree above them.
pub fn shard(rows: &[CellRow], neighbours: &[CellRow]) -> Traces {
    let (updates, root) = tree(rows, neighbours);
    traces_of(rows, &updates, &statement_of(&root))
}

/// The honest shard that every case corrupts.
pub fn honest() -> Traces {
    shard(&cells(), &neighbours())
}
