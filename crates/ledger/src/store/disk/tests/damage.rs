//! Files that are not what was written: an error that names the remedy, never a panic, never a wrong proof.

use aludel_protocol::ids::AccountId;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use redb::{Database, ReadableTable, WriteTransaction};

use super::*;
use crate::store::disk::format::{JOURNAL, META, ROWS, cell_place, row_key};
use crate::store::disk::row::{Items, cell_item, row};
use aludel_protocol::cell::Space;

fn made() -> (TempDir, PathBuf) {
    let (folder, path) = place();
    apply(&mut create(&path), &some_cells());
    (folder, path)
}

fn is_damaged<T: fmt::Debug>(result: Result<T, StoreError>, says: &str) {
    let error = result.expect_err("damaged");
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(says) && text.contains("`aludel rebuild`"), "{says}: {text}");
}

/// Changes rows behind the store's back.
fn edit(path: &Path, change: impl FnOnce(&WriteTransaction)) {
    let database = Database::open(path).expect("opens");
    let transaction = database.begin_write().expect("begins");
    change(&transaction);
    transaction.commit().expect("commits");
}

const ACCOUNT: CellAddress = CellAddress::account(AccountId(300));
const NEIGHBOUR: CellAddress = CellAddress::account(AccountId(301));
const SLOT: CellAddress = CellAddress::slot(AccountId(300), 0);

/// The store opens; proofs that need the damaged part fail, others do not, and the check finds it.
fn noticed_where_it_is_read(at: CellAddress, change: impl FnOnce(&WriteTransaction)) {
    let (_folder, path) = made();
    edit(&path, change);
    let mut store = open(&path).expect("its top is whole");
    is_damaged(store.prove([at]), "hash to");
    is_damaged(store.apply(&[(at, payload(5))], Checkpoint::genesis), "hash to");
    store.prove([CellAddress::account(AccountId(u32::MAX))]).expect("lies elsewhere");
    is_damaged(store.check(), "");
}

/// The row of a block with one cell changed or gone, as a liar would write it: with the right digest beside it.
fn block(to: &WriteTransaction, at: &CellAddress, new: Option<Payload>) {
    let (key, place) = cell_place(at);
    let mut table = to.open_table(ROWS).expect("opens");
    let old = table.get(key).expect("reads").expect("there").value().to_vec();
    let items = Items::read(key, &old).expect("is a row");
    let new = new.map(|payload| cell_item(&payload, &payload.digest(at)));
    let item = |i: usize| if i == place { new.clone() } else { items.get(i).map(<[u8]>::to_vec) };
    let new = row((0..16).filter_map(|i| Some((i, item(i)?))));
    table.insert(key, &new[..]).expect("writes");
}

#[test]
fn a_changed_cell() {
    noticed_where_it_is_read(ACCOUNT, |to| block(to, &ACCOUNT, Some(payload(9))));
    // Its neighbour lies in the same block.
    noticed_where_it_is_read(NEIGHBOUR, |to| block(to, &ACCOUNT, None));
    noticed_where_it_is_read(NEIGHBOUR, |to| block(to, &ACCOUNT, Some(payload(9))));
}

/// A payload without its digest is noticed where it is read, and nowhere else.
#[test]
fn a_changed_payload_beside_its_digest() {
    let (_folder, path) = made();
    let (key, _) = cell_place(&ACCOUNT);
    edit(&path, |to| {
        let mut table = to.open_table(ROWS).expect("opens");
        let mut row = table.get(key).expect("reads").expect("there").value().to_vec();
        // Place 12 of a block of sixteen.
        row[2 + 12 * 112] ^= 1;
        table.insert(key, &row[..]).expect("writes");
    });
    let store = open(&path).expect("its top is whole");
    is_damaged(store.prove([ACCOUNT]), "hash to");
    store.prove([NEIGHBOUR]).expect("its own payload and all digests are whole");
    is_damaged(store.check(), "another digest beside it");
}

#[test]
fn changed_pages() {
    let keys = |at: &CellAddress| {
        let leaf = crate::state::tree::leaf_index(at);
        // The topmost is read when the store is opened.
        let bases = (4..depth(at.space) - 4).step_by(4);
        bases.map(|base| row_key(at.space, base, leaf >> (base + 4))).collect::<Vec<_>>()
    };
    for (at, key) in [ACCOUNT, SLOT].iter().flat_map(|at| keys(at).into_iter().map(move |key| (*at, key))) {
        // Upper pages are above the other cells, too.
        let (_folder, path) = made();
        edit(&path, |to| {
            let mut table = to.open_table(ROWS).expect("opens");
            let mut row = table.get(key).expect("reads").expect("there").value().to_vec();
            row[2] ^= 1;
            table.insert(key, &row[..]).expect("writes");
        });
        let store = open(&path).expect("its top is whole");
        is_damaged(store.prove([at]), "");
        is_damaged(store.check(), "");
    }
}

#[test]
fn a_missing_page_and_one_too_many() {
    let key = row_key(Space::Account, 4, 1);
    noticed_where_it_is_read(ACCOUNT, |to| {
        to.open_table(ROWS).expect("opens").remove(key).expect("writes");
    });
    let (_folder, path) = made();
    edit(&path, |to| {
        let mut table = to.open_table(ROWS).expect("opens");
        let row = table.get(key).expect("reads").expect("there").value().to_vec();
        table.insert(row_key(Space::Account, 4, 1 << 20), &row[..]).expect("writes");
    });
    is_damaged(open(&path).expect("opens").check(), "1 of its pages have no cells");
}

#[test]
fn bytes_that_are_no_row() {
    for (key, row) in [(row_key(Space::Account, 4, 1), &[1, 0][..]), (row_key(Space::Account, 4, 1), &[])] {
        let (_folder, path) = made();
        edit(&path, |to| {
            to.open_table(ROWS).expect("opens").insert(key, row).expect("writes");
        });
        is_damaged(open(&path).expect("opens").prove([ACCOUNT]), "cannot be read");
    }
    let (key, _) = cell_place(&ACCOUNT);
    for bad in [&[0xff; 2 + 16 * 112][..], &[0xff, 0xff, 1], &[0, 0]] {
        let (_folder, path) = made();
        edit(&path, |to| {
            to.open_table(ROWS).expect("opens").insert(key, bad).expect("writes");
        });
        let store = open(&path).expect("opens");
        is_damaged(store.prove([ACCOUNT]), "cannot be read");
        is_damaged(store.check(), "");
        if bad.len() > 2 {
            is_damaged(store.get(&ACCOUNT), "cannot be read");
        }
    }
    for bad in [1, 1 << 12] {
        let (_folder, path) = made();
        edit(&path, |to| {
            let row = row([(0, cell_item(&payload(9), &Digest::ZERO))]);
            to.open_table(ROWS).expect("opens").insert(bad | 1 << 40, &row[..]).expect("writes");
        });
        let store = open(&path).expect("opens");
        let cell = store.cells().expect("begins").find(Result::is_err);
        is_damaged(cell.expect("one is"), "no row has the key");
        is_damaged(store.check(), "");
    }
}

#[test]
fn a_top_or_checkpoint_of_another_state() {
    let (_folder, path) = made();
    let top = row_key(Space::Account, 28, 0);
    edit(&path, |to| {
        to.open_table(ROWS).expect("opens").remove(top).expect("writes");
    });
    is_damaged(open(&path), "the top of its tree");
    let checkpoint = borsh::to_vec(&Checkpoint::genesis(Digest::ZERO)).expect("writes");
    for (name, row, says) in [
        ("checkpoint", &checkpoint[..], "its checkpoint says"),
        ("checkpoint", &[1; 7][..], "its checkpoint cannot be read"),
        ("chain_id", &[][..], "its chain_id cannot be read"),
        ("cells", &[1][..], "its cells cannot be read"),
        ("sweep", &[1][..], "its sweep cannot be read"),
    ] {
        let (_folder, path) = made();
        edit(&path, |to| {
            to.open_table(META).expect("opens").insert(name, row).expect("writes");
        });
        is_damaged(open(&path), says);
    }
    let (_folder, path) = made();
    edit(&path, |to| {
        to.open_table(META).expect("opens").remove("chain_id").expect("writes");
    });
    is_damaged(open(&path), "it has no chain_id");
}

/// Above all the version before, whose files lie in other tables.
#[test]
fn another_version_of_the_format() {
    for found in [FORMAT - 1, 9] {
        let (_folder, path) = made();
        edit(&path, |to| {
            let row = &found.to_le_bytes()[..];
            to.open_table(META).expect("opens").insert("format", row).expect("writes");
            to.delete_table(ROWS).expect("deletes");
            to.delete_table(JOURNAL).expect("deletes");
        });
        let error = open(&path).expect_err("is of another version");
        assert!(error.to_string().contains("`aludel rebuild`"), "{error}");
        assert_eq!(error, StoreError::Version { path: path.clone(), expected: FORMAT, found });
    }
}

#[test]
fn a_wrong_count_of_cells() {
    let (_folder, path) = made();
    edit(&path, |to| {
        to.open_table(META).expect("opens").insert("cells", &7u64.to_le_bytes()[..]).expect("writes");
    });
    is_damaged(open(&path).expect("opens").check(), "says that it has 7");
}

#[test]
fn files_of_other_programs() {
    let (_folder, path) = place();
    assert!(matches!(open(&path), Err(StoreError::Io { kind: io::ErrorKind::NotFound, .. })));
    for garbage in [&b""[..], b"hello", b"redb", &[0; 1 << 14], &[0xff; 1 << 14]] {
        fs::write(&path, garbage).expect("writes");
        is_damaged(open(&path), "");
        assert_eq!(fs::read(&path).expect("reads"), garbage, "the file is left as it is");
    }
    fs::remove_file(&path).expect("there");
    drop(Database::create(&path).expect("is made"));
    is_damaged(open(&path), "");
}

/// Everything that can be asked of a file. Whole files answer as the original does.
fn ask_everything(path: &Path, root: Digest) -> Result<(), StoreError> {
    let mut store = open(path)?;
    store.check()?;
    let proof = store.prove(some_cells().into_iter().map(|(at, _)| at))?;
    assert_eq!(proof.root(), root);
    let at = store.checkpoint();
    store.apply(&[(ACCOUNT, payload(77))], |state_root| Checkpoint { state_root, ..at })?;
    store.check()
}

/// Writes a changed file and asks everything of it; whether the damage was noticed.
fn noticed(path: &Path, bytes: &[u8], root: Digest) -> bool {
    fs::write(path, bytes).expect("writes");
    match ask_everything(path, root) {
        Ok(()) => false,
        Err(StoreError::Damaged { .. } | StoreError::Version { .. }) => true,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn truncated_files() {
    let (_folder, path) = made();
    let root = open(&path).expect("opens").root();
    let good = fs::read(&path).expect("reads");
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let random = (0..20).map(|_| rng.random_range(0..good.len()));
    for len in [0, 1, 64, 320, 512, 4096, 8192, good.len() - 4096, good.len() - 1].into_iter().chain(random) {
        assert!(noticed(&path, &good[..len], root), "cut to {len} of {} bytes, seed 2", good.len());
    }
}

/// Neither the file nor the lock on it outlives the answer.
#[test]
fn damaged_files_are_closed() {
    let (_folder, path) = made();
    let mut bad = fs::read(&path).expect("reads");
    let rows = bad.iter().position(|byte| *byte != 0).expect("a byte");
    // Whatever is behind the header of the database: pages and their checksums.
    let last = bad.iter().rposition(|byte| *byte != 0).expect("a byte");
    bad[(rows + last) / 2..last].iter_mut().for_each(|byte| *byte ^= 0x55);
    fs::write(&path, &bad).expect("writes");
    is_damaged(open(&path), "");
    let files = || fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let before = files();
    for _ in 0..50 {
        is_damaged(open(&path), "");
    }
    assert!(files() < before + 25, "{before} files were open, {} are", files());
    fs::File::options().write(true).open(&path).expect("opens").try_lock().expect("nobody has it");
}

#[test]
fn changed_bytes() {
    let (_folder, path) = made();
    let root = open(&path).expect("opens").root();
    let good = fs::read(&path).expect("reads");
    let full: Vec<_> =
        good.chunks(4096).enumerate().filter(|(_, page)| page.iter().any(|b| *b != 0)).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut count = 0;
    for _ in 0..300 {
        let (page, _) = full[rng.random_range(0..full.len())];
        let mut bad = good.clone();
        let at = page * 4096 + [rng.random_range(0..128), rng.random_range(0..4096)][rng.random_range(0..2)];
        bad[at] ^= rng.random_range(1..=255);
        count += usize::from(noticed(&path, &bad, root));
    }
    // Others hit bytes that no row uses.
    println!("{count} of 300 changes were noticed, seed 3");
    assert!(count > 100);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let (_folder, path) = made();
    let mut store = open(&path).expect("opens");
    assert_eq!(open(&path).err(), Some(StoreError::Locked { path: path.clone() }));
    let create = DiskStore::create(&path, CHAIN, Options::default());
    assert_eq!(create.err(), Some(StoreError::Exists { path: path.clone() }));
    let before = store.checkpoint();
    let wrong = store.apply(&[(ACCOUNT, payload(5))], |_| before);
    assert!(matches!(wrong, Err(StoreError::Root { expected, .. }) if expected == before.state_root));
    assert_eq!(store.get(&ACCOUNT), Ok(some_cells()[900].1), "nothing was written");
    store.check().expect("nothing was written");
    drop(store);
    let (expected, found) = (ChainId(8), CHAIN);
    let other = DiskStore::open_chain(&path, expected, Options::default());
    assert_eq!(other.err(), Some(StoreError::Chain { path: path.clone(), expected, found }));
    let folder: Vec<_> = fs::read_dir(path.parent().expect("a folder")).expect("reads").collect();
    assert_eq!(folder.len(), 1, "{folder:?}");
}
