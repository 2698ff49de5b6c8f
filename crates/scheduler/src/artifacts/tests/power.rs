//! A process that is killed between any two steps, and a disk that forgets what was not synced.

use std::collections::BTreeMap;

use super::*;

/// The real disk until so many steps were done; then nothing more happens.
#[derive(Debug)]
struct Cut(Mutex<Lost>);

#[derive(Debug, Default)]
struct Lost {
    left: usize,
    /// By temporary name, what of it was synced.
    synced: BTreeMap<PathBuf, bool>,
    /// Since the last sync of the folder.
    renamed: Vec<(PathBuf, PathBuf)>,
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
            lost.synced.insert(path.to_owned(), false);
            Ok((Files.create(path)?, path.to_owned()))
        })
    }

    fn write(&self, (file, _): &mut Self::Open, bytes: &[u8]) -> io::Result<()> {
        self.step(|_| Files.write(file, bytes))
    }

    fn sync(&self, (file, path): &Self::Open) -> io::Result<()> {
        self.step(|lost| {
            lost.synced.insert(path.clone(), true);
            Files.sync(file)
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(|lost| {
            let is_synced = lost.synced.remove(from).unwrap_or(false);
            lost.synced.insert(to.to_owned(), is_synced);
            lost.renamed.push((from.to_owned(), to.to_owned()));
            Files.rename(from, to)
        })
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step(|lost| {
            lost.renamed.clear();
            Files.sync_folder(folder)
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step(|_| Files.remove(path))
    }
}

/// What a power cut does to the folder: files that were not synced lose half of their bytes; names that were not synced are as before, if `forgets`.
fn cut_power(store: &Artifacts<Cut>, forgets: bool) {
    let lost = store.0.disk.0.lock().expect("nobody panics");
    for (path, _) in lost.synced.iter().filter(|(_, is_synced)| !**is_synced) {
        if let Ok(content) = fs::read(path) {
            fs::write(path, &content[..content.len() / 2]).expect("writes");
        }
    }
    for (from, to) in lost.renamed.iter().filter(|_| forgets) {
        fs::rename(to, from).expect("is there");
    }
}

#[test]
fn a_cut_leaves_all_bytes_or_no_name() {
    let mut cuts = 0;
    for forgets in [false, true] {
        for left in 0.. {
            let folder = folder();
            // The folder is synced when it is opened.
            let disk = Cut(Mutex::new(Lost { left: left + 1, ..Lost::default() }));
            let store = Artifacts::on(folder.path(), QUOTA, disk).expect("opens");
            let contents: Vec<_> = (0..3).map(|n| bytes(n, 100)).collect();
            let done: Vec<_> = contents.iter().map(|content| store.put(content, Room::Input)).collect();
            let promised: Vec<_> = done.iter().map(Result::is_ok).collect();
            for pin in done.into_iter().flatten() {
                std::mem::forget(pin);
            }
            cut_power(&store, forgets);
            drop(store);
            let store = open(&folder);
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
    assert_eq!(cuts, 2 * 3 * 5, "create, write, sync, rename, sync of the folder, of three files");
}

/// A process is killed between a rename and the sync of the folder, the next one finds the name, and then the power is cut.
#[test]
fn a_name_that_is_found_is_made_durable() {
    let folder = folder();
    // Opened, created, written, synced, renamed.
    let disk = Cut(Mutex::new(Lost { left: 5, ..Lost::default() }));
    let store = Artifacts::on(folder.path(), QUOTA, disk).expect("opens");
    let content = bytes(1, 100);
    assert!(store.put(&content, Room::Input).is_err());
    assert_eq!(names(&folder), [ArtifactId::of(&content).to_string()]);
    let mut lost = std::mem::take(&mut *store.0.disk.0.lock().expect("nobody panics"));
    assert_eq!(lost.renamed.len(), 1);
    lost.left = usize::MAX;
    let store = Artifacts::on(folder.path(), QUOTA, Cut(Mutex::new(lost))).expect("opens");
    let pin = store.put(&content, Room::Input).expect("is there");
    let id = pin.id();
    std::mem::forget(pin);
    cut_power(&store, true);
    drop(store);
    assert_eq!(open(&folder).read(id), Ok(content));
}
