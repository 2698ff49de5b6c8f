//! Small ones, which share files.

use super::full::Fails;
use super::*;
use crate::artifacts::pack::{MOST_BYTES, Place, entry_bytes};

fn open(folder: &TempDir) -> Artifacts {
    Artifacts::open(folder.path(), PACKED).expect("opens")
}

/// Of any length, and unlike any other.
fn content(n: u32, length: usize) -> Vec<u8> {
    n.to_le_bytes().into_iter().cycle().take(length).collect()
}

/// Keeps contents, held by nobody but a log.
fn keep(store: &Artifacts, contents: &[Vec<u8>]) -> Vec<ArtifactId> {
    let pins = contents.iter().map(|content| store.put(content, Room::Input).expect("has room"));
    let ids: Vec<_> = pins
        .map(|pin| {
            store.hold([pin.id()]);
            pin.id()
        })
        .collect();
    ids
}

#[test]
fn they_lie_together_and_are_found_again() {
    let folder = folder();
    let store = open(&folder);
    let contents: Vec<_> = [0, 1, 50, 4_000, Quota::SMALL as usize].iter().map(|n| content(7, *n)).collect();
    let ids = keep(&store, &contents);
    let large = store.put(&content(7, Quota::SMALL as usize + 1), Room::Input).expect("has room");
    assert_eq!(names(&folder), [large.id().to_string(), "pack-0".into()]);
    let all: u64 = contents.iter().map(|content| entry_bytes(content.len() as u64)).sum();
    assert_eq!(store.usage().bytes, all + large.bytes());
    assert_eq!(fs::metadata(folder.path().join("pack-0")).expect("is there").len(), all);
    for (id, content) in ids.iter().zip(&contents) {
        assert_eq!(store.read(*id).as_ref(), Ok(content));
    }
    // What is there is not written again, and what nobody holds is gone, though its bytes are not.
    let _again = store.put(&contents[2], Room::Input).expect("is there");
    store.let_go([ids[3]]);
    assert_eq!(store.read(ids[3]), Err(ArtifactError::Missing { id: ids[3] }));
    assert_eq!((store.usage().bytes, store.usage().files), (all + large.bytes(), 5));
    // The next process finds them, and holds some.
    drop(_again);
    std::mem::forget(large);
    drop(store);
    let store = open(&folder);
    store.hold([ids[1], ids[4]]);
    store.sweep();
    assert_eq!(names(&folder), ["pack-0"]);
    assert_eq!((store.usage().bytes, store.usage().files), (all, 2));
    let new = keep(&store, &[content(8, 10)]);
    // Nobody writes on what another process wrote: what is left of it is copied.
    assert_eq!(names(&folder), ["pack-1"]);
    let left =
        [(ids[1], content(7, 1)), (ids[4], content(7, Quota::SMALL as usize)), (new[0], content(8, 10))];
    let bytes = left.iter().map(|(_, content)| entry_bytes(content.len() as u64)).sum();
    assert_eq!((store.usage().bytes, store.usage().files), (bytes, 3));
    drop(store);
    let store = open(&folder);
    store.hold(left.iter().map(|(id, _)| *id));
    store.sweep();
    assert!(left.iter().all(|(id, content)| store.read(*id).as_ref() == Ok(content)));
    // The last one of a pack to which nothing is appended takes it along.
    store.let_go([ids[1], ids[4]]);
    assert_eq!((names(&folder).len(), store.usage().bytes), (1, bytes));
    store.let_go(new);
    assert_eq!((names(&folder), store.usage().bytes), (vec![], 0));
}

#[test]
fn any_cut_and_any_damage_leave_the_others() {
    let folder = folder();
    let contents: Vec<_> = (0..3).map(|n| content(n, 40)).collect();
    let store = open(&folder);
    let ids = keep(&store, &contents);
    drop(store);
    let path = folder.path().join("pack-0");
    let whole = fs::read(&path).expect("is there");
    let one = entry_bytes(40) as usize;
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("writes");
        let store = open(&folder);
        store.hold(ids.iter().copied());
        store.sweep();
        let read: Vec<_> = ids.iter().map(|id| store.read(*id)).collect();
        assert_eq!(
            names(&folder).len(),
            usize::from(read.iter().any(Result::is_ok)),
            "what is of no use goes"
        );
        for (found, (id, content)) in read.iter().zip(ids.iter().zip(&contents)) {
            assert!(found.as_ref() == Ok(content) || *found == Err(ArtifactError::Missing { id: *id }));
        }
        // Whatever is lost can be made again.
        let again = keep(&store, &contents);
        assert!(again.iter().zip(&contents).all(|(id, content)| store.read(*id).as_ref() == Ok(content)));
        again.into_iter().for_each(|id| store.let_go([id]));
        drop(store);
        for name in names(&folder) {
            fs::remove_file(folder.path().join(name)).expect("is there");
        }
        read.into_iter().map(|found| found.is_ok()).collect::<Vec<_>>()
    };
    for cut in 0..=whole.len() {
        let expected: Vec<_> = (1..=3).map(|n| n * one <= cut).collect();
        assert_eq!(read(&whole[..cut]), expected, "cut at {cut}");
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        let found = read(&bytes);
        let is_length = at % one < 4;
        let others = found.iter().enumerate().filter(|(n, _)| *n != at / one);
        assert!(!found[at / one], "{at}");
        // Where a length is another, nothing behind it can be told.
        assert!(
            others.clone().all(|(n, is_there)| *is_there || (is_length && n > at / one)),
            "{at}: {found:?}"
        );
    }
}

/// Damage while the folder is open is found by whoever reads.
#[test]
fn damage_is_an_error_and_is_mended_by_writing_again() {
    let folder = folder();
    let store = open(&folder);
    let contents: Vec<_> = (0..3).map(|n| content(n, 40)).collect();
    let ids = keep(&store, &contents);
    let path = folder.path().join("pack-0");
    let mut bytes = fs::read(&path).expect("is there");
    let at = bytes.len() - 10;
    bytes[at] ^= 1;
    fs::write(&path, &bytes).expect("writes");
    assert!(
        matches!(store.read(ids[2]), Err(ArtifactError::Damaged { id, found }) if id == ids[2] && found != id)
    );
    assert_eq!(store.read(ids[2]), Err(ArtifactError::Missing { id: ids[2] }));
    // Cut off within the one before.
    fs::write(&path, &bytes[..bytes.len() - 80]).expect("writes");
    assert!(matches!(store.read(ids[1]), Err(ArtifactError::Damaged { .. })));
    assert_eq!(store.read(ids[0]).as_ref(), Ok(&contents[0]));
    fs::remove_file(&path).expect("is there");
    assert_eq!(store.read(ids[0]), Err(ArtifactError::Missing { id: ids[0] }));
}

#[test]
fn old_packs_are_copied_when_little_is_left_in_them() {
    let folder = folder();
    let store = open(&folder);
    let length = 100_000;
    let mut kept = Vec::new();
    for n in 0..1_200 {
        let ids = keep(&store, &[content(n, length)]);
        if n % 8 == 0 {
            kept.push((ids[0], n));
        } else {
            store.let_go(ids);
        }
    }
    let live = kept.len() as u64 * entry_bytes(length as u64);
    let usage = store.usage();
    assert_eq!(usage.files, kept.len());
    // The one that is written, one that is not yet copied, and what is left twice.
    assert!(usage.bytes <= 2 * live + 2 * (MOST_BYTES + length as u64), "{usage:?} for {live}");
    let on_disk = |_: &()| -> u64 {
        let sizes = names(&folder)
            .into_iter()
            .map(|name| fs::metadata(folder.path().join(name)).expect("is there").len());
        sizes.sum()
    };
    assert_eq!(on_disk(&()), usage.bytes);
    assert!(kept.iter().all(|(id, n)| store.read(*id) == Ok(content(*n, length))));
    drop(store);
    let store = open(&folder);
    store.hold(kept.iter().map(|(id, _)| *id));
    store.sweep();
    assert!(kept.iter().all(|(id, n)| store.read(*id) == Ok(content(*n, length))));
    assert_eq!((store.usage().files, store.usage().bytes), (kept.len(), on_disk(&())));
}

#[test]
fn processes_that_end_soon_do_not_leave_a_file_each() {
    let folder = folder();
    let mut ids = Vec::new();
    for n in 0..20 {
        let store = open(&folder);
        store.hold(ids.iter().copied());
        store.sweep();
        ids.extend(keep(&store, &[content(n, 100)]));
        assert!(ids.iter().zip(0..).all(|(id, n)| store.read(*id) == Ok(content(n, 100))));
    }
    assert!(names(&folder).len() <= 2, "{:?}", names(&folder));
}

/// What was written again, or has gone, while its pack was copied is not led to the copy.
#[test]
fn a_copy_that_comes_late_is_of_no_use() {
    let place = |pack, offset| Place { pack, offset };
    let mut counts = Counts::new(PACKED);
    let (id, gone) = (ArtifactId([1; 32]), ArtifactId([2; 32]));
    (0..3).for_each(|pack| counts.begin_pack(pack));
    for of in [id, gone] {
        counts.hold(of);
        counts.reserve(of, 10, Room::Input).expect("has room");
        assert_eq!(counts.packed(of, 10, Some(place(0, 36))), Gone::Nothing);
    }
    counts.extend_pack(0, 92);
    // Copies are made of both, and before they are noted:
    counts.reserve(id, 10, Room::Input).expect("has room");
    assert_eq!(counts.packed(id, 10, Some(place(1, 36))), Gone::Nothing);
    assert_eq!(counts.let_go(gone), Gone::Nothing);
    counts.extend_pack(1, 46);
    for of in [id, gone] {
        assert_eq!(counts.copied(of, place(0, 36), place(2, 36)), Gone::Nothing);
    }
    assert_eq!((counts.at(id), counts.at(gone)), (At::Pack(place(1, 36)), At::Nowhere));
    assert_eq!([0, 1, 2].map(|pack| counts.pack(pack).1), [0, 46, 0]);
    // Nor is one made where there is no room.
    let free = PACKED.bytes - counts.usage().bytes;
    assert_eq!([free + 1, free, 1].map(|bytes| counts.reserve_copies(bytes)), [false, true, false]);
    counts.unreserve_copies(free);
    assert_eq!((counts.seal(0, 92, false), counts.usage().files), (Gone::Pack(0, 92), 1));
}

/// A file that cannot be read, of a build that calls others small, is replaced, and must not stay where nobody counts it.
#[test]
fn a_file_that_a_pack_replaces_goes() {
    let mut counts = Counts::new(PACKED);
    let id = ArtifactId([1; 32]);
    assert_eq!(counts.found(id, 10), Gone::Nothing);
    counts.hold(id);
    counts.reserve(id, 10, Room::Input).expect("has room");
    counts.begin_pack(0);
    assert_eq!(counts.packed(id, 10, Some(Place { pack: 0, offset: 36 })), Gone::File);
    counts.extend_pack(0, 46);
    assert_eq!((counts.usage().bytes, counts.usage().files), (46, 1));
    assert_eq!(counts.let_go(id), Gone::Nothing);
    assert_eq!((counts.seal(0, 46, false), counts.usage().bytes), (Gone::Pack(0, 46), 0));
}

#[test]
fn many_are_put_together_each_with_its_own_answer() {
    let folder = folder();
    let quota = Quota { bytes: 1_000, reserve: 0, small: 100 };
    let store = Artifacts::open(folder.path(), quota).expect("opens");
    let all = [content(1, 50), content(2, 150), content(1, 50), content(3, 700), content(4, 100)];
    let kept = store.put_all(&all, Room::Input);
    let is_full =
        |kept: &Result<Pin, ArtifactError>| matches!(kept, Err(ArtifactError::Full { needed: 700, .. }));
    assert!(is_full(&kept[3]), "{:?}", kept[3]);
    for n in [0, 1, 2, 4] {
        let pin = kept[n].as_ref().expect("has room");
        assert_eq!((pin.id(), store.read(pin.id()).as_ref()), (ArtifactId::of(&all[n]), Ok(&all[n])));
    }
    assert_eq!(store.usage().bytes, 2 * entry_bytes(50) + 150 + entry_bytes(100));
    drop(kept);
    assert_eq!(store.usage().files, 0);
    // What cannot be written is of all whose bytes were in that write, and takes no room.
    let store = Artifacts::on(folder.path(), PACKED, Fails::default()).expect("opens");
    store.sweep();
    store.0.disk.0.store(true, Ordering::Relaxed);
    assert!(store.put_all(&all, Room::Input).iter().all(Result::is_err));
    assert_eq!((store.usage().bytes, store.usage().files), (0, 0));
    store.0.disk.0.store(false, Ordering::Relaxed);
    assert!(store.put_all(&all, Room::Input).iter().all(Result::is_ok));
}

/// Threads read while others make packs be copied away under them.
#[test]
fn whoever_reads_finds_what_is_copied() {
    let folder = folder();
    let store = open(&folder);
    let held = keep(&store, &(0..50).map(|n| content(n, 1_000)).collect::<Vec<_>>());
    let is_over = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        let read = || {
            while !is_over.load(Ordering::Relaxed) {
                for (id, n) in held.iter().zip(0..) {
                    assert_eq!(store.read(*id), Ok(content(n, 1_000)));
                }
            }
        };
        let readers = [(); 4].map(|()| scope.spawn(read));
        for n in 1_000..1_300 {
            drop(store.put(&content(n, 1_000), Room::Input).expect("has room"));
            // As much as there is when nothing is dead.
            store.0.reclaim(PACKED.bytes - 50 * entry_bytes(1_000), Room::Input);
            assert_eq!(store.usage().bytes, 50 * entry_bytes(1_000));
        }
        is_over.store(true, Ordering::Relaxed);
        readers.into_iter().for_each(|reader| reader.join().expect("reads what it should"));
    });
}

#[test]
fn room_that_dead_ones_take_is_given_back_when_it_is_needed() {
    let folder = folder();
    let quota = Quota { bytes: 20 * entry_bytes(100), reserve: 10 * entry_bytes(100), small: 100 };
    let store = Artifacts::open(folder.path(), quota).expect("opens");
    let mut pins: Vec<_> =
        (0..10).map(|n| store.put(&content(n, 100), Room::Input).expect("has room")).collect();
    let full = Some(ArtifactError::Full { needed: entry_bytes(100), free: 0 });
    assert_eq!(store.put(&content(10, 100), Room::Input).err(), full);
    pins.truncate(3);
    for n in 10..17 {
        pins.push(store.put(&content(n, 100), Room::Input).expect("has room"));
    }
    assert_eq!(store.put(&content(17, 100), Room::Input).err(), full);
    assert!(store.usage().bytes <= quota.bytes);
    let mut there: Vec<_> = pins.into_iter().zip((0..3).chain(10..17)).collect();
    // Results take all but what copies need; then room that was given back can be had again.
    for n in 20..25 {
        there.push((store.put(&content(n, 100), Room::Result).expect("has room"), n));
    }
    assert_eq!(store.put(&content(25, 100), Room::Result).err(), full);
    drop(there.remove(4));
    drop(there.remove(12));
    for n in 30..32 {
        there.push((store.put(&content(n, 100), Room::Result).expect("has room again"), n));
    }
    assert_eq!(store.put(&content(25, 100), Room::Result).err(), full);
    assert!(store.usage().bytes <= quota.bytes);
    for (pin, n) in &there {
        assert_eq!(store.read(pin.id()), Ok(content(*n, 100)));
    }
}

/// What is not promised any more, or was never, does not stand for what is.
#[test]
fn a_pack_whose_write_failed_does_not_outlive_the_next() {
    let folder = folder();
    let disk = Fails::default();
    let store = Artifacts::on(folder.path(), PACKED, disk).expect("opens");
    let length = 100_000;
    let mut contents: Vec<_> = (0..12).map(|n| content(n, length)).collect();
    let mut pins: Vec<_> =
        contents.iter().map(|content| store.put(content, Room::Input).expect("has room")).collect();
    store.0.disk.0.store(true, Ordering::Relaxed);
    contents.push(content(12, length));
    assert!(store.put(&contents[12], Room::Input).is_err());
    store.0.disk.0.store(false, Ordering::Relaxed);
    assert_eq!(names(&folder), ["pack-0"]);
    pins.push(store.put(&contents[12], Room::Input).expect("has room"));
    assert_eq!(names(&folder), ["pack-1"], "though most of it is alive, and it is no scrap");
    assert!(pins.iter().zip(&contents).all(|(pin, content)| store.read(pin.id()).as_ref() == Ok(content)));
    assert_eq!(store.usage().bytes, 13 * entry_bytes(length as u64));
}

/// Four packs of five, in each of which one is dead.
fn with_holes(folder: &TempDir) -> (Artifacts, Vec<Pin>) {
    let quota = Quota { bytes: 30 * entry_bytes(100), reserve: 10 * entry_bytes(100), small: 100 };
    let store = Artifacts::open(folder.path(), quota).expect("opens");
    let pins = (0..20).map(|n| store.put(&content(n, 100), Room::Input).expect("has room"));
    let pins: Vec<_> = pins.collect();
    assert_eq!(names(folder), ["pack-0", "pack-1", "pack-2", "pack-3"]);
    let pins = pins.into_iter().enumerate().filter(|(n, _)| n % 5 > 0).map(|(_, pin)| pin).collect();
    (store, pins)
}

#[test]
fn no_more_is_copied_than_is_needed() {
    let folder = folder();
    let (store, mut pins) = with_holes(&folder);
    // All that is dead is not enough.
    assert!(store.put(&content(20, 4 * entry_bytes(100) as usize + 1), Room::Input).is_err());
    assert_eq!(names(&folder), ["pack-0", "pack-1", "pack-2", "pack-3"]);
    pins.push(store.put(&content(20, 100), Room::Input).expect("has room again"));
    assert_eq!(names(&folder).len(), 4);
    let old = names(&folder)
        .into_iter()
        .filter(|name| matches!(&name[..], "pack-0" | "pack-1" | "pack-2" | "pack-3"));
    assert_eq!(old.count(), 3, "one was enough");
}

/// What is found to be damaged while it is copied takes no room.
#[test]
fn what_is_damaged_is_not_copied() {
    let folder = folder();
    let (store, pins) = with_holes(&folder);
    for name in names(&folder) {
        let mut bytes = fs::read(folder.path().join(&name)).expect("is there");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(folder.path().join(name), bytes).expect("writes");
    }
    store.0.reclaim(4 * entry_bytes(100), Room::Input);
    let read = pins.iter().filter(|pin| store.read(pin.id()).is_ok()).count();
    let on_disk: u64 = names(&folder)
        .iter()
        .map(|name| fs::metadata(folder.path().join(name)).expect("is there").len())
        .sum();
    assert_eq!((read, store.usage().files, store.usage().bytes), (12, 12, on_disk));
}

/// After a copy whose pack could not be removed both have it; the older one may have been torn.
#[test]
fn of_two_packs_the_later_one_is_believed() {
    let folder = folder();
    let store = open(&folder);
    let ids = keep(&store, &[content(1, 100)]);
    drop(store);
    for number in [1, 2, 10] {
        fs::copy(folder.path().join("pack-0"), folder.path().join(format!("pack-{number}"))).expect("copies");
    }
    let store = open(&folder);
    store.hold(ids.iter().copied());
    assert_eq!(store.0.counts().at(ids[0]), At::Pack(Place { pack: 10, offset: 36 }));
    store.sweep();
    assert_eq!((names(&folder), store.read(ids[0])), (vec!["pack-10".into()], Ok(content(1, 100))));
}

/// A folder of before there were packs, or of a build that calls others small: the file's bytes are not known to be whole.
#[test]
fn a_pack_is_believed_rather_than_a_file_of_the_same_name() {
    let folder = folder();
    let store = open(&folder);
    let ids = keep(&store, &[content(1, 100)]);
    drop(store);
    fs::write(folder.path().join(ids[0].to_string()), b"rotten").expect("writes");
    let store = open(&folder);
    store.hold(ids.iter().copied());
    store.sweep();
    assert_eq!((names(&folder), store.read(ids[0])), (vec!["pack-0".into()], Ok(content(1, 100))));
    // Who read the file when there was one finds out late that it is damaged.
    fs::write(folder.path().join(ids[0].to_string()), b"rotten").expect("writes");
    store.0.discard(ids[0], At::File);
    assert_eq!(store.read(ids[0]), Ok(content(1, 100)));
    assert_eq!(store.usage().bytes, entry_bytes(100));
}
