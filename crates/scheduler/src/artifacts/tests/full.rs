//! No room: by the quota, and by the disk.

use std::fs::OpenOptions;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::store::tests::{accepted, append, job};
use crate::store::{DiskJobs, JobStore};

#[test]
fn the_quota_turns_inputs_away_before_results() {
    let folder = folder();
    let store = open(&folder);
    let first = store.put(&bytes(1, 500), Room::Input).expect("has room");
    let full = |needed, free| Some(ArtifactError::Full { needed, free });
    assert_eq!(store.put(&bytes(2, 201), Room::Input).err(), full(201, 200));
    let _second = store.put(&bytes(2, 200), Room::Input).expect("has room");
    assert_eq!(store.put(&bytes(3, 1), Room::Input).err(), full(1, 0));
    let _third = store.put(&bytes(3, 300), Room::Result).expect("has room");
    assert_eq!(store.put(&bytes(4, 1), Room::Result).err(), full(1, 0));
    assert_eq!((names(&folder).len(), store.usage().bytes), (3, 1_000), "nothing is left of those");
    drop(first);
    assert_eq!(store.usage(), Usage { bytes: 500, files: 2, free_for_inputs: 200 });
    let _fourth = store.put(&bytes(4, 200), Room::Input).expect("has room");
}

#[test]
fn the_quota_holds_whoever_writes_at_once() {
    let folder = folder();
    let store = open(&folder);
    let kept: Vec<_> = thread::scope(|scope| {
        let put = |n: u8| {
            let store = store.clone();
            scope.spawn(move || {
                let pin = store.put(&bytes(n, 130), Room::Input);
                assert!(store.usage().bytes <= 700);
                pin
            })
        };
        let threads: Vec<_> = (0..20).map(put).collect();
        threads.into_iter().filter_map(|thread| thread.join().expect("ends").ok()).collect()
    });
    // Whoever reserved first; a reservation is given back by nobody here.
    assert_eq!((kept.len(), store.usage().bytes, names(&folder).len()), (5, 650, 5));
}

/// Every file that it makes is a device that is always full: the system's own refusal of a write.
#[derive(Debug)]
struct AlwaysFull;

impl Disk for AlwaysFull {
    type Open = File;

    fn create(&self, path: &Path) -> io::Result<File> {
        drop(Files.create(path)?);
        OpenOptions::new().write(true).open("/dev/full")
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        Files.write(file, bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        Files.sync(file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Files.rename(from, to)
    }

    fn sync_path(&self, folder: &Path) -> io::Result<()> {
        Files.sync_path(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Files.remove(path)
    }
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    [QUOTA, PACKED].into_iter().for_each(nothing_behind);
}

fn nothing_behind(quota: Quota) {
    let folder = folder();
    let store = Artifacts::on(folder.path(), quota, AlwaysFull).expect("opens");
    let error = store.put(&bytes(1, 100), Room::Input).expect_err("is full");
    assert!(matches!(error, ArtifactError::Io { kind: io::ErrorKind::StorageFull, .. }), "{error}");
    assert_eq!((names(&folder), store.usage().bytes), (vec![], 0));
    let id = ArtifactId::of(&bytes(1, 100));
    assert_eq!(store.read(id), Err(ArtifactError::Missing { id }));
}

/// A disk whose syncs fail while it is told so.
#[derive(Debug, Default)]
pub(super) struct Fails(pub AtomicBool);

impl Disk for Fails {
    type Open = File;

    fn create(&self, path: &Path) -> io::Result<File> {
        Files.create(path)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        Files.write(file, bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(io::ErrorKind::Other.into()) } else { Files.sync(file) }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Files.rename(from, to)
    }

    fn sync_path(&self, path: &Path) -> io::Result<()> {
        Files.sync_path(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Files.remove(path)
    }
}

/// A folder whose names cannot be made durable once it is open.
#[derive(Debug, Default)]
struct NoNames(AtomicBool);

impl Disk for NoNames {
    type Open = File;

    fn create(&self, path: &Path) -> io::Result<File> {
        Files.create(path)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        Files.write(file, bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        Files.sync(file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Files.rename(from, to)
    }

    fn sync_path(&self, _: &Path) -> io::Result<()> {
        let is_open = self.0.swap(true, Ordering::Relaxed);
        if is_open { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Files.remove(path)
    }
}

#[test]
fn what_may_not_be_durable_is_not_kept() {
    for quota in [QUOTA, PACKED] {
        let folder = folder();
        let store = Artifacts::on(folder.path(), quota, NoNames::default()).expect("opens");
        assert!(store.put(&bytes(1, 100), Room::Input).is_err());
        assert_eq!((names(&folder), store.usage().bytes), (vec![], 0));
    }
}

const FOLDER: &str = "ALUDEL_TEST_LIMITED_FOLDER";

/// A process that may not write files of more than a mebibyte and a half: the system refuses in the middle of a write, of an artifact and of a log.
#[test]
fn a_process_that_may_not_write_on() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return fill(Path::new(&folder));
    }
    let folder = folder();
    let jobs = DiskJobs::open(&folder.path().join("jobs.redb")).expect("is made");
    drop(jobs);
    let test = std::env::current_exe().expect("has a name");
    // In blocks of 512 bytes. The signal would end the process; without it the write fails.
    let script = "trap '' XFSZ; ulimit -f 3072; exec \"$0\" \"$@\"";
    let name = "artifacts::tests::full::a_process_that_may_not_write_on";
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(test).args(["--exact", name, "--nocapture"]).env(FOLDER, folder.path());
    let output = command.output().expect("runs");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let promised = said.lines().find_map(|line| line.strip_prefix("promised ")).expect("it says how many");
    let promised: u32 = promised.parse().expect("a number");
    assert!(promised > 10, "{said}");
    let jobs = DiskJobs::open(&folder.path().join("jobs.redb")).expect("is whole");
    for n in 0..promised {
        assert!(jobs.log(job(n), 0).is_ok_and(|log| log.len() == 1), "{n} of {promised}");
    }
    let store = Artifacts::open(&folder.path().join("artifacts"), QUOTA).expect("opens");
    assert_eq!((store.read(ArtifactId::of(b"small")), store.usage().files), (Ok(b"small".to_vec()), 1));
}

fn fill(folder: &Path) {
    let quota = Quota { bytes: 1 << 30, reserve: 0, small: 0 };
    let store = Artifacts::open(&folder.join("artifacts"), quota).expect("opens");
    let error = store.put(&bytes(1, 4 << 20), Room::Input).expect_err("is too large");
    assert!(matches!(error, ArtifactError::Io { kind: io::ErrorKind::FileTooLarge, .. }), "{error}");
    assert_eq!(store.usage().bytes, 0);
    std::mem::forget(store.put(b"small", Room::Input).expect("has room"));
    // A pack that cannot grow: what was promised stays, what the failed write left is counted, and another goes on.
    let packs = folder.join("packs");
    let store = Artifacts::open(&packs, PACKED).expect("opens");
    let put = |n: u32| store.put(&n.to_le_bytes().repeat(25_000), Room::Input);
    let pins: Vec<_> = (0..100).map_while(|n| put(n).ok()).collect();
    let failed = pins.len() as u32;
    assert!((10..20).contains(&failed), "{failed}");
    let on_disk = || -> u64 {
        let sizes = fs::read_dir(&packs).expect("reads").map(|entry| entry.expect("reads").metadata());
        sizes.map(|data| data.expect("reads").len()).sum()
    };
    assert_eq!((store.usage().bytes, store.usage().files), (on_disk(), pins.len()));
    let again = put(failed).expect("goes into the next pack");
    assert_eq!(fs::read_dir(&packs).expect("reads").count(), 2);
    drop(store);
    let store = Artifacts::open(&packs, PACKED).expect("opens");
    assert!(pins.iter().chain([&again]).all(|pin| store.read(pin.id()).is_ok()));
    assert_eq!(store.usage().bytes, on_disk());
    let jobs = DiskJobs::open(&folder.join("jobs.redb")).expect("opens");
    let mut promised = 0;
    while promised < 100_000 {
        let one = |n| append(job(n), 0, &[accepted(n)]);
        if jobs.append((promised..promised + 8).map(one).collect()).is_err() {
            break;
        }
        promised += 8;
    }
    println!("\npromised {promised}");
}
