//! Files that are not what was written: an error that names the remedy, never a panic, never a wrong proof.

use aludel_protocol::ids::AccountId;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use redb::{Database, WriteTransaction};

use super::*;
use crate::store::disk::format::page_key;
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

#[test]
fn a_changed_cell() {
    let key = cell_key(&ACCOUNT);
    noticed_where_it_is_read(ACCOUNT, |to| {
        let row = &encode_cell(&payload(9));
        to.open_table(CELLS).expect("opens").insert(key, row).expect("writes");
    });
    // Its neighbour lies in the same block.
    noticed_where_it_is_read(CellAddress::account(AccountId(301)), |to| {
        to.open_table(CELLS).expect("opens").remove(key).expect("writes");
    });
}

#[test]
fn changed_pages() {
    let keys = |at: &CellAddress| {
        let leaf = crate::state::tree::leaf_index(at);
        // The topmost is read when the store is opened.
        let bases = (4..depth(at.space) - 4).step_by(4);
        bases.map(|base| page_key(at.space, base, leaf >> (base + 4))).collect::<Vec<_>>()
    };
    for (at, key) in [ACCOUNT, SLOT].iter().flat_map(|at| keys(at).into_iter().map(move |key| (*at, key))) {
        // Upper pages are above the other cells, too.
        let (_folder, path) = made();
        edit(&path, |to| {
            let mut table = to.open_table(PAGES).expect("opens");
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
    let key = page_key(Space::Account, 4, 1);
    noticed_where_it_is_read(ACCOUNT, |to| {
        to.open_table(PAGES).expect("opens").remove(key).expect("writes");
    });
    let (_folder, path) = made();
    edit(&path, |to| {
        let mut table = to.open_table(PAGES).expect("opens");
        let row = table.get(key).expect("reads").expect("there").value().to_vec();
        table.insert(page_key(Space::Account, 4, 1 << 20), &row[..]).expect("writes");
    });
    is_damaged(open(&path).expect("opens").check(), "pages");
}

#[test]
fn bytes_that_are_no_row() {
    for (key, row) in [(page_key(Space::Account, 4, 1), &[1, 0][..]), (page_key(Space::Account, 4, 1), &[])] {
        let (_folder, path) = made();
        edit(&path, |to| {
            to.open_table(PAGES).expect("opens").insert(key, row).expect("writes");
        });
        is_damaged(open(&path).expect("opens").prove([ACCOUNT]), "cannot be read");
    }
    let (_folder, path) = made();
    edit(&path, |to| {
        let mut table = to.open_table(CELLS).expect("opens");
        table.insert(cell_key(&ACCOUNT), &[0xff; 80]).expect("writes");
        table.insert(1, &encode_cell(&payload(9))).expect("writes");
    });
    let store = open(&path).expect("opens");
    is_damaged(store.get(&ACCOUNT), "cannot be read");
    is_damaged(
        store.cells().expect("begins").find(Result::is_err).expect("one is"),
        "no cell has the key 0x1",
    );
}

#[test]
fn a_top_or_checkpoint_of_another_state() {
    let (_folder, path) = made();
    let top = page_key(Space::Account, 28, 0);
    edit(&path, |to| {
        to.open_table(PAGES).expect("opens").remove(top).expect("writes");
    });
    is_damaged(open(&path), "the top of its tree");
    for (name, row, says) in [
        ("checkpoint", &bytes(&Checkpoint::genesis(Digest::ZERO))[..], "its checkpoint says"),
        ("checkpoint", &[1; 7][..], "its checkpoint cannot be read"),
        ("chain_id", &[][..], "its chain_id cannot be read"),
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

#[test]
fn another_version_of_the_format() {
    let (_folder, path) = made();
    edit(&path, |to| {
        to.open_table(META).expect("opens").insert("format", &[9, 0][..]).expect("writes");
    });
    let expected = StoreError::Version { path: path.clone(), expected: FORMAT, found: 9 };
    assert_eq!(open(&path).err(), Some(expected));
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
    // A new file: what is found damaged stays open, and locked.
    fs::remove_file(path).expect("there");
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
