//! The store on disk is the one in memory.

use proptest::prelude::*;

use super::*;
use crate::batch::Chain;
use crate::state::tests::{address, writes};

fn all<S: Store>(store: &S) -> Vec<(CellAddress, Payload)> {
    let cells = store.cells().expect("reads").collect::<Result<Vec<_>, _>>();
    cells.expect("reads")
}

fn same(disk: &DiskStore, memory: &Chain, asked: &[CellAddress]) {
    assert_eq!((disk.chain_id(), disk.checkpoint()), (memory.chain_id, memory.checkpoint));
    assert_eq!(all(disk), all(memory));
    assert_eq!(disk.count().expect("counts"), memory.state.len() as u64);
    for at in asked {
        assert_eq!(disk.get(at).expect("reads"), memory.state.get(at));
    }
    let proof = disk.prove(asked.iter().copied()).expect("proves");
    assert_eq!(proof, memory.state.prove(asked.iter().copied()));
    proof.open(disk.root()).expect("is a proof of the root");
    disk.check().expect("is whole");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_writes_make_equal_stores(
        batches in prop::collection::vec(writes(40), 1..5),
        asked in prop::collection::vec(address(), 0..20),
        // Little waits, some, everything.
        memory in prop_oneof![Just(1 << 14), Just(1 << 18), Just(1 << 24)],
    ) {
        let (_folder, path) = place();
        let options = Options { cache_bytes: memory, verify_bytes: 0 };
        let mut memory = Chain::genesis(CHAIN);
        let mut disk = DiskStore::create(&path, CHAIN, options).expect("is made");
        same(&disk, &memory, &asked);
        for (number, writes) in batches.iter().enumerate() {
            // Proving first is what sealing does: the pages are then read once.
            if number % 2 == 0 {
                disk.prove(writes.iter().map(|(at, _)| *at)).expect("proves");
            }
            prop_assert_eq!(apply(&mut disk, writes), apply(&mut memory, writes));
            same(&disk, &memory, &asked);
            drop(disk);
            disk = DiskStore::open(&path, options).expect("opens again");
            same(&disk, &memory, &asked);
        }
    }
}

#[test]
fn what_is_removed_leaves_nothing() {
    let (_folder, path) = place();
    let mut disk = create(&path);
    let (root, rows) = (disk.root(), count_rows(&disk));
    apply(&mut disk, &some_cells());
    disk.check().expect("is whole");
    let gone: Vec<_> = some_cells().iter().map(|(at, _)| (*at, Payload::EMPTY)).collect();
    apply(&mut disk, &[gone, State::genesis().cells()].concat());
    assert_eq!((disk.root(), disk.count()), (root, Ok(1)));
    assert_eq!(count_rows(&disk), rows);
}

#[test]
fn what_was_proven_of_an_old_state_is_not_used_for_a_new_one() {
    let (_folder, path) = place();
    let (mut disk, mut memory) = (create(&path), Chain::genesis(CHAIN));
    let (one, two) = (some_cells()[..50].to_vec(), some_cells()[50..].to_vec());
    let addresses: Vec<_> = two.iter().map(|(at, _)| *at).collect();
    disk.prove(addresses.iter().copied()).expect("proves");
    // What was opened before the last batch does not hold its cell's neighbour, which is written by then.
    let changed = vec![(one[0].0, payload(7))];
    for writes in [one, two, changed] {
        apply(&mut disk, &writes);
        apply(&mut memory, &writes);
        same(&disk, &memory, &addresses);
    }
}

/// More than what [`DiskStore::check`] holds at a time, in both spaces.
#[test]
fn many_cells_check() {
    let (_folder, path) = place();
    let mut disk = create(&path);
    let ids = (0..30_000).map(|i| aludel_protocol::AccountId(3 * i));
    let cells = ids.flat_map(|id| [CellAddress::account(id), CellAddress::slot(id, (id.0 % 7) as u16)]);
    let writes: Vec<_> = cells.map(|at| (at, payload(1 + at.account.0 % 1000))).collect();
    let mut memory = State::genesis();
    memory.apply(&writes);
    apply(&mut disk, &writes);
    assert_eq!(disk.root(), memory.root());
    disk.check().expect("is whole");
}
