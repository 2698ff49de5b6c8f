mod full;
mod packs;
mod power;

use std::thread;

use tempfile::TempDir;

use super::*;

/// Each in a file of its own.
const QUOTA: Quota = Quota { bytes: 1_000, reserve: 300, small: 0 };
/// All that is small together.
const PACKED: Quota = Quota { bytes: 1 << 30, reserve: 0, small: Quota::SMALL };

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn open(folder: &TempDir) -> Artifacts {
    Artifacts::open(folder.path(), QUOTA).expect("opens")
}

/// The names in a folder, temporary ones too.
fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).expect("reads");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("reads").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn bytes(n: u8, length: usize) -> Vec<u8> {
    vec![n; length]
}

#[test]
fn what_is_put_is_read_and_lasts_while_it_is_held() {
    let folder = folder();
    let store = open(&folder);
    let pin = store.put(&bytes(1, 100), Room::Input).expect("has room");
    assert_eq!((pin.id(), pin.bytes()), (ArtifactId::of(&bytes(1, 100)), 100));
    assert_eq!(store.read(pin.id()), Ok(bytes(1, 100)));
    assert_eq!(names(&folder), [pin.id().to_string()]);
    let id = pin.id();
    store.hold([id, id]);
    drop(pin);
    store.let_go([id]);
    assert_eq!(store.read(id), Ok(bytes(1, 100)));
    assert_eq!(store.usage(), Usage { bytes: 100, files: 1, free_for_inputs: 600 });
    store.let_go([id]);
    assert_eq!(store.read(id), Err(ArtifactError::Missing { id }));
    assert_eq!((names(&folder), store.usage().bytes), (vec![], 0));
    // One too many does no harm.
    store.let_go([id]);
    let pin = store.put(b"", Room::Input).expect("has room");
    assert_eq!(store.read(pin.id()), Ok(vec![]));
}

#[test]
fn equal_bytes_are_one_file() {
    let folder = folder();
    let store = open(&folder);
    let first = store.put(&bytes(1, 600), Room::Input).expect("has room");
    let second = store.put(&bytes(1, 600), Room::Input).expect("takes no more room");
    assert_eq!((first.id(), store.usage().bytes), (second.id(), 600));
    let id = first.id();
    drop(first);
    assert!(store.read(id).is_ok());
    drop(second);
    assert_eq!(store.read(id), Err(ArtifactError::Missing { id }));
}

/// After a restart what the logs name is held before the rest is removed.
#[test]
fn a_sweep_removes_what_nobody_holds() {
    let folder = folder();
    let store = open(&folder);
    let pins: Vec<_> = (0..4).map(|n| store.put(&bytes(n, 10), Room::Input).expect("has room")).collect();
    let ids: Vec<_> = pins.iter().map(Pin::id).collect();
    // Killed: no pin lets go.
    pins.into_iter().for_each(std::mem::forget);
    drop(store);
    fs::write(folder.path().join(".half.0.tmp"), b"half").expect("writes");
    fs::write(folder.path().join("README"), b"not ours").expect("writes");
    let store = open(&folder);
    assert_eq!(store.usage(), Usage { bytes: 40, files: 4, free_for_inputs: 660 });
    store.hold([ids[1], ids[2], ArtifactId([9; 32])]);
    let new = store.put(&bytes(3, 10), Room::Input).expect("is there already");
    store.sweep();
    let mut expected: Vec<_> = [ids[1], ids[2], new.id()].iter().map(ToString::to_string).collect();
    expected.push("README".into());
    expected.sort();
    assert_eq!((names(&folder), store.usage().bytes), (expected, 30));
    assert_eq!(store.read(ids[0]), Err(ArtifactError::Missing { id: ids[0] }));
    // What is made again is held by whoever held it while it was missing.
    store.hold([ids[0]]);
    drop(store.put(&bytes(0, 10), Room::Result).expect("has room"));
    assert_eq!(store.read(ids[0]), Ok(bytes(0, 10)));
}

#[test]
fn damaged_and_missing_files_are_errors_and_can_be_made_again() {
    let good = bytes(1, 100);
    let id = ArtifactId::of(&good);
    let mut flipped = good.clone();
    flipped[77] ^= 1;
    let longer = [&good[..], &[0]].concat();
    let much_longer = bytes(1, 1 << 20);
    for bad in [&flipped, &good[..99].to_vec(), &longer, &much_longer, &Vec::new()] {
        for again in [false, true] {
            let folder = folder();
            let store = open(&folder);
            let _pin = store.put(&good, Room::Input).expect("has room");
            fs::write(folder.path().join(id.to_string()), bad).expect("writes");
            if !again {
                let read = &bad[..bad.len().min(101)];
                assert_eq!(store.read(id), Err(ArtifactError::Damaged { id, found: ArtifactId::of(read) }));
                assert_eq!((names(&folder).len(), store.usage().bytes), (0, 0), "it is removed");
                assert_eq!(store.read(id), Err(ArtifactError::Missing { id }));
            }
            let _pin = store.put(&good, Room::Input).expect("has room");
            assert_eq!((store.read(id), store.usage().bytes), (Ok(good.clone()), 100));
        }
    }
    let folder = folder();
    let store = open(&folder);
    let pin = store.put(&good, Room::Input).expect("has room");
    fs::remove_file(folder.path().join(id.to_string())).expect("is there");
    assert_eq!(store.read(id), Err(ArtifactError::Missing { id }));
    assert_eq!(store.usage().bytes, 0);
    drop(pin);
    // Damaged while nobody had it open.
    drop(store);
    fs::write(folder.path().join(id.to_string()), &flipped).expect("writes");
    let store = open(&folder);
    assert!(matches!(store.read(id), Err(ArtifactError::Damaged { .. })));
}

/// Many at once, over few names: a count that is wrong shows as a file that is missing while it is held, or that stays.
#[test]
fn threads_put_hold_and_let_go() {
    [0, 50].into_iter().for_each(|small| together(Quota { bytes: 1 << 20, reserve: 0, small }));
}

fn together(quota: Quota) {
    let folder = folder();
    let store = Artifacts::open(folder.path(), quota).expect("opens");
    thread::scope(|scope| {
        for t in 0..6_u32 {
            let store = store.clone();
            scope.spawn(move || {
                for i in 0..60_u32 {
                    let content = bytes(((t * 7 + i * 5) % 4) as u8, 50);
                    let pin = store.put(&content, Room::Input).expect("has room");
                    let id = pin.id();
                    store.hold([id]);
                    drop(pin);
                    assert_eq!(store.read(id), Ok(content));
                    store.let_go([id]);
                }
            });
        }
    });
    drop(store);
    // A pack in which nothing is left goes when the folder is next opened.
    let store = Artifacts::open(folder.path(), quota).expect("opens");
    store.sweep();
    assert_eq!((names(&folder), store.usage().bytes), (vec![], 0));
}
