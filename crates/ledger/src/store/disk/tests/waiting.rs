//! Changes that wait in the journal: they are part of the state, they come back, they leave.

use aludel_protocol::ids::AccountId;
use redb::{Database, ReadableDatabase, ReadableTableMetadata};

use super::*;
use crate::batch::Chain;
use crate::store::disk::format::{JOURNAL, ROWS, base, journal_key};
use crate::store::disk::journal::{decode, encode};

/// Memory in which some hundred changes wait.
const SOME: Options = Options { cache_bytes: 1 << 22, verify_bytes: 0 };

/// What batch `number` writes: in both spaces, removals among it.
fn batch(number: u32) -> Vec<(CellAddress, Payload)> {
    let write = |i: u32| {
        let random = (number * 40 + i).wrapping_mul(0x9e37_79b9);
        let id = AccountId(random >> 20);
        let at = [CellAddress::account(id), CellAddress::slot(id, (random >> 16 & 1) as u16)][i as usize % 2];
        (at, payload(if random.is_multiple_of(9) { 0 } else { random % 1000 }))
    };
    (0..40).map(write).collect()
}

/// Rows of a file: of its journal, and the others.
fn rows(path: &Path) -> [u64; 2] {
    let database = Database::open(path).expect("opens");
    let read = database.begin_read().expect("begins");
    let count = |table| read.open_table(table).expect("opens").len().expect("counts");
    [count(JOURNAL), count(ROWS)]
}

#[test]
fn a_journal_comes_back_and_does_not_grow() {
    let (_folder, path) = place();
    let mut memory = Chain::genesis(CHAIN);
    drop(DiskStore::create(&path, CHAIN, SOME).expect("is made"));
    let mut longest = 0;
    for number in 0..120 {
        let mut disk = DiskStore::open(&path, SOME).expect("opens");
        for part in 0..3 {
            let writes = batch(3 * number + part);
            assert_eq!(apply(&mut disk, &writes), apply(&mut memory, &writes));
        }
        if number % 20 == 0 {
            let cells = disk.cells().expect("reads").collect::<Result<Vec<_>, _>>().expect("reads");
            assert_eq!(cells, memory.state.cells());
            assert_eq!(disk.count(), Ok(cells.len() as u64));
            disk.check().expect("is whole");
        }
        drop(disk);
        let [journal, sorted] = rows(&path);
        longest = longest.max(journal);
        assert!(journal > 0 && (number < 20 || sorted > 0), "{journal} {sorted}");
    }
    println!("{longest} batches in the journal at most");
    assert!((3..150).contains(&longest), "{longest}");
}

#[test]
fn one_change_does_not_keep_the_journal() {
    let (_folder, path) = place();
    let options = Options { verify_bytes: 0, ..Options::default() };
    let mut disk = DiskStore::create(&path, CHAIN, options).expect("is made");
    apply(&mut disk, &some_cells());
    for number in 0..700 {
        // As a command does that applies a batch or two.
        if number % 2 == 0 {
            drop(disk);
            disk = DiskStore::open(&path, options).expect("opens");
        }
        apply(&mut disk, &[(some_cells()[0].0, payload(1 + number))]);
    }
    drop(disk);
    let [journal, sorted] = rows(&path);
    assert!(journal < 600 && sorted > 0, "{journal} {sorted}");
}

#[test]
fn a_large_batch_is_sorted_in_at_once() {
    let (_folder, path) = place();
    apply(&mut create(&path), &some_cells());
    let [journal, sorted] = rows(&path);
    assert!(journal == 0 && sorted > 600, "{journal} {sorted}");
}

/// What is wrong with the journal is a damaged file, from its first byte to what it says of cells.
#[test]
fn a_damaged_journal() {
    let made = || {
        let (folder, path) = place();
        let mut disk = DiskStore::create(&path, CHAIN, Options::default()).expect("is made");
        apply(&mut disk, &batch(1));
        apply(&mut disk, &batch(2));
        drop(disk);
        (folder, path)
    };
    let row = |path: &Path, key: u64| {
        let database = Database::open(path).expect("opens");
        let read = database.begin_read().expect("begins");
        let table = read.open_table(JOURNAL).expect("opens");
        table.get(key).expect("reads").map(|row| row.value().to_vec())
    };
    let edit = |path: &Path, key: u64, new: Option<&[u8]>| {
        let database = Database::open(path).expect("opens");
        let to = database.begin_write().expect("begins");
        let mut table = to.open_table(JOURNAL).expect("opens");
        match new {
            Some(new) => table.insert(key, new).map(drop),
            None => table.remove(key).map(drop),
        }
        .expect("writes");
        drop(table);
        to.commit().expect("commits");
    };
    let (_folder, path) = made();
    let [one, two] = [1, 2].map(|sequence| journal_key(sequence, 0));
    let good = row(&path, two).expect("the journal has it");
    let short = &good[..good.len() - 1];
    for (key, new) in [(one, None), (two, Some(short)), (two + 2, Some(&good[..])), (two, Some(&[1; 40][..]))]
    {
        let (_folder, path) = made();
        edit(&path, key, new);
        let error = DiskStore::open(&path, SOME).expect_err("is damaged").to_string();
        assert!(
            error.contains("of its journal cannot be read") && error.contains("`aludel rebuild`"),
            "{error}"
        );
    }
    // The last batch is missing, then a bit of a cell is another.
    let (_folder, path) = made();
    edit(&path, two, None);
    let error = DiskStore::open(&path, SOME).expect_err("is damaged").to_string();
    assert!(error.contains("the top of its tree"), "{error}");
    let (_folder, path) = made();
    let (sweep, mut changes) = decode(&good).expect("is a part");
    let cell = changes.iter_mut().find(|(key, delta)| base(*key) == 0 && delta.row.len() > 2);
    cell.expect("a cell is written").1.row[2] ^= 1;
    let bad = encode(sweep, changes.iter().map(|(key, delta)| (*key, delta))).concat();
    edit(&path, two, Some(&bad));
    let store = DiskStore::open(&path, SOME).expect("its top is whole");
    assert!(matches!(store.check(), Err(StoreError::Damaged { .. })));
    let proof = store.prove(batch(2).iter().map(|(at, _)| *at));
    assert!(matches!(proof, Err(StoreError::Damaged { .. })));
}
