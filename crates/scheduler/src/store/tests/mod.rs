mod check;
mod damage;
mod power;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;

use aludel_durable::files::{Disk, Files};
use aludel_protocol::{BatchNumber, ChainId, Digest};
use tempfile::TempDir;

use super::*;
use crate::ids::{ArtifactId, Millis};
use crate::record::End;
use crate::request::{Batch, Priority, Request, Target};

pub(super) fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jobs.redb");
    (folder, path)
}

pub(crate) const fn job(n: u32) -> JobId {
    let [a, b, c, d] = n.to_be_bytes();
    JobId([a, b, c, d, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

pub(crate) fn accepted(n: u32) -> Record {
    let batch = Batch { number: BatchNumber(n), artifact: ArtifactId([3; 32]), bytes: 9 };
    let request = Request {
        chain: ChainId(7),
        target: Target::Root,
        keys: Digest::ZERO,
        deadline: Millis(10_000),
        priority: Priority::Normal,
        batches: vec![batch; 3],
        is_sealed: true,
        trace: [0; 16],
    };
    Record::Accepted { at: Millis(u64::from(n)), request }
}

pub(super) const CANCELLED: [Record; 2] =
    [Record::CancelRequested { at: Millis(5) }, Record::Ended { at: Millis(5), end: End::Cancelled }];

/// The head of a job whose log began with the records of [`accepted`] and of [`CANCELLED`], as far as it goes.
pub(crate) fn head(first: u32, count: u32) -> Head {
    let log = [&[accepted(first)][..], &CANCELLED].concat();
    log.iter().take(count as usize).fold(Head::default(), |head, record| head.after(record))
}

/// An append to such a log of `expected` records; the first's number is the job's below 100.
pub(crate) fn append(job: JobId, expected: u32, records: &[Record]) -> Append {
    let [a, b, c, d, ..] = job.0;
    let first = u32::from_be_bytes([a, b, c, d]);
    Append { job, expected: head(first, expected), records: records.to_vec() }
}

#[test]
fn appends_are_conditional() {
    let (_folder, path) = place();
    let store = DiskJobs::open(&path).expect("is made");
    let one = |append: Append| store.append(vec![append]).expect("appends")[0];
    assert_eq!(one(append(job(1), 1, &CANCELLED)), Appended::Conflict { found: Head::default() });
    assert_eq!(one(append(job(1), 0, &[accepted(1)])), Appended::Written);
    let found = head(1, 1);
    assert_eq!(one(append(job(1), 0, &[accepted(2)])), Appended::Conflict { found });
    // A log of equal length and other records is another log.
    let other = Append { expected: head(2, 1), ..append(job(1), 1, &CANCELLED) };
    assert_eq!(one(other), Appended::Conflict { found });
    assert_eq!(one(append(job(1), 2, &CANCELLED)), Appended::Conflict { found });
    assert_eq!(one(append(job(1), 1, &[])), Appended::Conflict { found }, "nothing is no append");
    assert_eq!(store.log(job(1), 0), Ok(vec![accepted(1)]));
    // Of several, each for itself, in order.
    let several = vec![
        append(job(2), 0, &[accepted(2)]),
        append(job(1), 5, &CANCELLED),
        append(job(2), 0, &[accepted(3)]),
        append(job(2), 1, &CANCELLED),
    ];
    let other = head(2, 1);
    let expected = [
        Appended::Written,
        Appended::Conflict { found },
        Appended::Conflict { found: other },
        Appended::Written,
    ];
    assert_eq!(store.append(several), Ok(expected.to_vec()));
    assert_eq!(store.log(job(2), 0), Ok([&[accepted(2)][..], &CANCELLED].concat()));
    assert_eq!(store.log(job(2), 2), Ok(CANCELLED[1..].to_vec()));
    assert_eq!(store.log(job(2), 9), Ok(vec![]));
    assert_eq!(store.log(job(3), 0), Ok(vec![]));
    assert_eq!(store.append(vec![]), Ok(vec![]));
}

#[test]
fn jobs_are_listed_and_forgotten() {
    let (_folder, path) = place();
    let store = DiskJobs::open(&path).expect("is made");
    for n in [5, 3, 9, 1] {
        store.append(vec![append(job(n), 0, &[accepted(n)])]).expect("appends");
    }
    store.append(vec![append(job(3), 1, &CANCELLED)]).expect("appends");
    assert_eq!(store.open_jobs(), Ok(vec![job(1), job(5), job(9)]));
    let list = |after: Option<u64>, most| {
        let listed = store.list(after.map(Place), most).expect("lists");
        listed.into_iter().map(|l| (l.place.0, l.job, l.is_open)).collect::<Vec<_>>()
    };
    let all = [(0, job(5), true), (1, job(3), false), (2, job(9), true), (3, job(1), true)];
    assert_eq!(
        (list(None, 9), list(Some(0), 2), list(Some(3), 9)),
        (all.to_vec(), all[1..3].to_vec(), vec![])
    );
    assert_eq!(list(Some(u64::MAX), 9), []);
    assert_eq!(
        [store.forget(job(5)), store.forget(job(8)), store.forget(job(3))],
        [Ok(false), Ok(false), Ok(true)]
    );
    assert_eq!(store.log(job(3), 0), Ok(vec![]));
    assert_eq!(store.log(job(5), 0), Ok(vec![accepted(5)]));
    assert_eq!(list(None, 9), [all[0], all[2], all[3]]);
    // Its place is not given to another.
    store.append(vec![append(job(3), 0, &[accepted(3)])]).expect("appends");
    assert_eq!(list(Some(3), 9), [(4, job(3), true)]);
}

#[test]
fn what_was_appended_is_there_when_it_is_opened_again() {
    let (_folder, path) = place();
    for n in 0..5 {
        let store = DiskJobs::open(&path).expect("opens");
        assert_eq!(store.open_jobs().map(|jobs| jobs.len()), Ok(n as usize));
        store.append(vec![append(job(n), 0, &[accepted(n)])]).expect("appends");
        assert_eq!(DiskJobs::open(&path).err(), Some(StoreError::Locked { path: path.clone() }));
    }
    let names = fs::read_dir(path.parent().expect("a folder")).expect("reads");
    let names: Vec<_> = names.map(|entry| entry.expect("reads").file_name()).collect();
    assert_eq!(names, ["jobs.redb"], "nothing is left of making it");
}

#[test]
fn of_callers_that_race_one_writes() {
    let (_folder, path) = place();
    let store = DiskJobs::open(&path).expect("is made");
    let begin = Barrier::new(8);
    let written: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    begin.wait();
                    let one =
                        |n: u32| store.append(vec![append(job(n), 0, &[accepted(n)])]).expect("appends")[0];
                    (0..50).map(one).filter(|answer| *answer == Appended::Written).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("ends")).sum()
    });
    assert_eq!(written, 50, "each job by one of eight");
    assert_eq!(store.open_jobs().map(|jobs| jobs.len()), Ok(50));
}

/// A disk that syncs no folder.
struct NoSync;

impl Disk for NoSync {
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
        Err(io::ErrorKind::StorageFull.into())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Files.remove(path)
    }
}

/// A file whose name is not durable would take what is appended to it along.
#[test]
fn a_file_whose_name_cannot_be_made_durable_is_not_opened() {
    let (_folder, path) = place();
    for _ in 0..2 {
        let error = DiskJobs::open_in(&path, &NoSync).expect_err("nothing is synced");
        assert!(matches!(error, StoreError::Io { kind: io::ErrorKind::StorageFull, .. }), "{error}");
    }
    assert!(DiskJobs::open_in(&path, &Files).is_ok());
}
