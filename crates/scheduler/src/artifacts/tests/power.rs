//! A process that is killed between any two steps, and a disk that forgets what was not synced.

use std::collections::BTreeMap;

use super::*;

/// The real disk until so many steps were done; then nothing more happens.
#[derive(Debug)]
struct Cut(Mutex<Lost>);

#[derive(Debug, Default)]
struct Lost {
    left: usize,
    /// By name, how many of its bytes were synced.
    synced: BTreeMap<PathBuf, usize>,
    /// Since the last sync of the folder.
    created: Vec<PathBuf>,
    renamed: Vec<(PathBuf, PathBuf)>,
    removed: Vec<(PathBuf, Vec<u8>)>,
}

impl Cut {
    fn step<T>(&self, act: impl FnOnce(&mut Lost) -> io::Result<T>) -> io::Result<T> {
        let mut lost = self.0.lock().expect("nobody panics");
        lost.left = lost.left.checked_sub(1).ok_or_else(|| io::Error::other("no power"))?;
        act(&mut lost)
    }
}

impl Disk for Cut {
    type Open = (File, PathBuf);

    fn create(&self, path: &Path) -> io::Result<Self::Open> {
        self.step(|lost| {
            lost.synced.insert(path.to_owned(), 0);
            lost.created.push(path.to_owned());
            Ok((Files.create(path)?, path.to_owned()))
        })
    }

    fn write(&self, (file, _): &mut Self::Open, bytes: &[u8]) -> io::Result<()> {
        self.step(|_| Files.write(file, bytes))
    }

    fn sync(&self, (file, path): &Self::Open) -> io::Result<()> {
        self.step(|lost| {
            lost.synced.insert(path.clone(), length(path));
            Files.sync(file)
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(|lost| {
            let synced = lost.synced.remove(from).unwrap_or(0);
            lost.synced.insert(to.to_owned(), synced);
            lost.renamed.push((from.to_owned(), to.to_owned()));
            Files.rename(from, to)
        })
    }

    fn sync_path(&self, path: &Path) -> io::Result<()> {
        self.step(|lost| {
            if path.is_file() {
                lost.synced.insert(path.to_owned(), length(path));
            } else {
                lost.created.clear();
                lost.renamed.clear();
                lost.removed.clear();
            }
            Files.sync_path(path)
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step(|lost| {
            lost.removed.push((path.to_owned(), fs::read(path)?));
            Files.remove(path)
        })
    }
}

fn length(path: &Path) -> usize {
    fs::read(path).map_or(0, |bytes| bytes.len())
}

/// What a power cut does to the folder: half of the bytes that were not synced are lost; names that were not synced are as before, if `forgets`.
fn cut_power(store: &Artifacts<Cut>, forgets: bool) {
    let lost = store.0.disk.0.lock().expect("nobody panics");
    for (path, synced) in &lost.synced {
        if let Ok(content) = fs::read(path) {
            fs::write(path, &content[..(content.len() + synced).div_ceil(2)]).expect("writes");
        }
    }
    for (from, to) in lost.renamed.iter().filter(|_| forgets) {
        fs::rename(to, from).expect("is there");
    }
    for (path, content) in lost.removed.iter().filter(|_| forgets) {
        fs::write(path, content).expect("writes");
    }
    for path in lost.created.iter().filter(|path| forgets && path.exists()) {
        fs::remove_file(path).expect("is there");
    }
}

#[test]
fn a_cut_leaves_all_bytes_or_no_name() {
    assert_eq!(cuts(QUOTA), 2 * 3 * 5, "create, write, sync, rename, sync of the folder, of three files");
    assert_eq!(cuts(PACKED), 2 * (2 + 3 * 2), "create and sync of the folder, three times write and sync");
}

/// Cuts the power after each step; after how many something was not yet done.
fn cuts(quota: Quota) -> u32 {
    let mut cuts = 0;
    for forgets in [false, true] {
        for left in 0.. {
            let folder = folder();
            // The folder is synced when it is opened.
            let disk = Cut(Mutex::new(Lost { left: left + 1, ..Lost::default() }));
            let store = Artifacts::on(folder.path(), quota, disk).expect("opens");
            let contents: Vec<_> = (0..3).map(|n| bytes(n, 100)).collect();
            let done: Vec<_> = contents.iter().map(|content| store.put(content, Room::Input)).collect();
            let promised: Vec<_> = done.iter().map(Result::is_ok).collect();
            for pin in done.into_iter().flatten() {
                std::mem::forget(pin);
            }
            cut_power(&store, forgets);
            drop(store);
            let store = Artifacts::open(folder.path(), quota).expect("opens");
            assert!(names(&folder).iter().all(|name| !name.ends_with(".tmp")), "after {left} steps");
            for (content, promised) in contents.iter().zip(&promised) {
                let read = store.read(ArtifactId::of(content));
                match read {
                    Ok(found) => assert_eq!(&found, content),
                    Err(ArtifactError::Missing { .. }) => assert!(!promised, "lost after {left} steps"),
                    Err(other) => panic!("after {left} steps: {other}"),
                }
            }
            // It goes on.
            let pins = contents.iter().map(|content| store.put(content, Room::Input));
            assert_eq!(pins.collect::<Result<Vec<_>, _>>().map(|pins| pins.len()), Ok(3));
            if promised.iter().all(|is_ok| *is_ok) {
                break;
            }
            cuts += 1;
        }
    }
    cuts
}

/// A process is killed before what it wrote is durable, the next one finds it, and then the power is cut.
#[test]
fn what_is_found_is_made_durable() {
    // Opened, created, written, synced, renamed; with packs: opened, created, name synced, written, which is found though the removal of what failed fails too.
    for (quota, left) in [(QUOTA, 5), (PACKED, 4)] {
        found(quota, left);
    }
}

fn found(quota: Quota, left: usize) {
    let folder = folder();
    let disk = Cut(Mutex::new(Lost { left, ..Lost::default() }));
    let store = Artifacts::on(folder.path(), quota, disk).expect("opens");
    let content = bytes(1, 100);
    assert!(store.put(&content, Room::Input).is_err());
    assert_eq!(names(&folder).len(), 1);
    let mut lost = std::mem::take(&mut *store.0.disk.0.lock().expect("nobody panics"));
    assert!(lost.renamed.len() == 1 || lost.synced.values().any(|synced| *synced == 0));
    lost.left = usize::MAX;
    let store = Artifacts::on(folder.path(), quota, Cut(Mutex::new(lost))).expect("opens");
    let pin = store.put(&content, Room::Input).expect("is there");
    let id = pin.id();
    std::mem::forget(pin);
    cut_power(&store, true);
    drop(store);
    assert_eq!(open(&folder).read(id), Ok(content));
}

/// The power goes at any step while what is left in old packs is copied, and they are removed: nothing that was promised is lost.
#[test]
fn a_cut_while_packs_are_copied_loses_nothing() {
    let mut cuts = 0;
    for forgets in [false, true] {
        for left in 0.. {
            let folder = folder();
            let disk = Cut(Mutex::new(Lost { left: usize::MAX, ..Lost::default() }));
            let store = Artifacts::on(folder.path(), PACKED, disk).expect("opens");
            let contents: Vec<_> = (0..6).map(|n| bytes(n, 100)).collect();
            let pins: Vec<_> =
                contents.iter().map(|content| store.put(content, Room::Input).expect("has room")).collect();
            let (kept, gone): (Vec<_>, Vec<_>) = pins.into_iter().enumerate().partition(|(n, _)| n % 2 == 0);
            drop(gone);
            store.0.disk.0.lock().expect("nobody panics").left = left;
            store.0.reclaim(PACKED.bytes - 3 * 136, Room::Input);
            let is_done = store.usage().bytes == 3 * 136;
            assert!(kept.iter().all(|(n, pin)| store.read(pin.id()).as_ref() == Ok(&contents[*n])));
            kept.iter().for_each(|(_, pin)| store.hold([pin.id()]));
            cut_power(&store, forgets);
            let ids: Vec<_> = kept.iter().map(|(_, pin)| pin.id()).collect();
            kept.into_iter().for_each(|(_, pin)| std::mem::forget(pin));
            drop(store);
            let store = Artifacts::open(folder.path(), PACKED).expect("opens");
            store.hold(ids.iter().copied());
            store.sweep();
            assert!(
                ids.iter().enumerate().all(|(n, id)| store.read(*id).as_ref() == Ok(&contents[2 * n])),
                "{left}"
            );
            assert_eq!(store.usage().files, 3);
            if is_done {
                break;
            }
            cuts += 1;
        }
    }
    assert_eq!(cuts, 2 * 5, "create, sync of the folder, write, sync, remove");
}
