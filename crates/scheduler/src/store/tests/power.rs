//! A disk that stops after so many operations, and forgets what was not synced, or part of it; and one that is full.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use redb::backends::InMemoryBackend;

use super::super::tables::make_tables;
use super::*;

/// What is on the platters, what is on its way there, and how much the disk still does.
#[derive(Debug)]
struct Platters {
    durable: Vec<u8>,
    /// With what is on its way.
    image: Vec<u8>,
    /// Since the last sync, in order: where, and what; or a new length.
    pending: Vec<Pending>,
    /// Writes, syncs and new lengths that succeed; then all fail.
    left: usize,
    /// Bytes that the disk has.
    most_bytes: u64,
    /// How often it was synced.
    syncs: usize,
    /// Whether a sync takes so long that others come meanwhile.
    is_slow: bool,
}

#[derive(Clone, Debug)]
enum Pending {
    Write(u64, Vec<u8>),
    Length(u64),
}

fn apply(image: &mut Vec<u8>, pending: &Pending) {
    match pending {
        Pending::Length(length) => image.resize(*length as usize, 0),
        Pending::Write(at, bytes) => {
            let end = *at as usize + bytes.len();
            // A length that was lost: the write was too, as far as it lies behind the end.
            let end = end.min(image.len());
            let at = (*at as usize).min(end);
            image[at..end].copy_from_slice(&bytes[..end - at]);
        }
    }
}

impl Platters {
    fn take(&mut self, pending: Pending) {
        apply(&mut self.image, &pending);
        self.pending.push(pending);
    }

    fn step(&mut self) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("no power"))?;
        Ok(())
    }
}

#[derive(Clone, Debug)]
struct Fake(Arc<Mutex<Platters>>);

impl Fake {
    fn new(durable: Vec<u8>, left: usize, most_bytes: u64) -> Self {
        Self(Arc::new(Mutex::new(Platters {
            image: durable.clone(),
            durable,
            pending: Vec::new(),
            left,
            most_bytes,
            syncs: 0,
            is_slow: false,
        })))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Platters) -> T) -> T {
        act(&mut self.0.lock().expect("nobody panics"))
    }

    /// What is found after a power cut: of what was not synced nothing, all, or some of the writes.
    fn after_a_cut(&self, rng: &mut ChaCha8Rng) -> [Vec<u8>; 3] {
        self.with(|platters| {
            let mut some = platters.durable.clone();
            for pending in &platters.pending {
                // A longer file without its contents has zeros there.
                if matches!(pending, Pending::Length(_)) || rng.random_bool(0.5) {
                    apply(&mut some, pending);
                }
            }
            [platters.durable.clone(), platters.image.clone(), some]
        })
    }
}

impl StorageBackend for Fake {
    fn len(&self) -> io::Result<u64> {
        Ok(self.with(|platters| platters.image.len() as u64))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.with(|platters| {
            let read = platters.image.get(offset as usize..).and_then(|rest| rest.get(..out.len()));
            out.copy_from_slice(read.ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        })
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.with(|platters| {
            platters.step()?;
            if length > platters.most_bytes {
                return Err(io::ErrorKind::StorageFull.into());
            }
            platters.take(Pending::Length(length));
            Ok(())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        let is_slow = self.with(|platters| -> io::Result<bool> {
            platters.step()?;
            platters.durable.clone_from(&platters.image);
            platters.pending.clear();
            platters.syncs += 1;
            Ok(platters.is_slow)
        })?;
        if is_slow {
            thread::sleep(std::time::Duration::from_millis(1));
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.with(|platters| {
            platters.step()?;
            platters.take(Pending::Write(offset, data.to_vec()));
            Ok(())
        })
    }
}

use redb::StorageBackend;

/// The bytes of a store without jobs.
fn empty() -> Vec<u8> {
    let fake = Fake::new(Vec::new(), usize::MAX, u64::MAX);
    let database = redb::Database::builder().create_with_backend(fake.clone()).expect("is made");
    make_tables(&database).expect("makes them");
    database.close().expect("closes");
    fake.with(|platters| platters.image.clone())
}

fn open(backend: impl StorageBackend) -> Result<DiskJobs, StoreError> {
    DiskJobs::on(Path::new("jobs.redb"), backend, true)
}

/// Appends until the disk fails: what was acknowledged, and what was under way.
fn appended(store: &DiskJobs) -> (BTreeMap<u32, u32>, Option<u32>) {
    let mut acknowledged = BTreeMap::new();
    for n in 0..6 {
        if store.append(vec![append(job(n), 0, &[accepted(n)])]).is_err() {
            return (acknowledged, Some(n));
        }
        acknowledged.insert(n, 1);
        // Two jobs in one append: one ends, the other goes on.
        let both = [append(job(n), 1, &CANCELLED), append(job(n + 100), 0, &[accepted(n)])];
        if store.append(both.to_vec()).is_err() {
            return (acknowledged, Some(n));
        }
        acknowledged.insert(n, 3);
    }
    (acknowledged, None)
}

/// What is found holds every acknowledged record, and of the append under way all or nothing.
fn check(store: &DiskJobs, acknowledged: &BTreeMap<u32, u32>, under_way: Option<u32>) {
    for n in 0..6 {
        let log = store.log(job(n), 0).expect("is whole");
        let expected = [&[accepted(n)][..], &CANCELLED].concat();
        let promised = acknowledged.get(&n).copied().unwrap_or(0) as usize;
        let possible: &[usize] = match (promised, under_way == Some(n)) {
            (0, true) => &[0, 1],
            (1, true) => &[1, 3],
            (_, true) => unreachable!("an append after the last"),
            (promised, false) => &[promised][..],
        };
        assert!(possible.contains(&log.len()), "job {n}: {} records, promised {promised}", log.len());
        assert_eq!(log, expected[..log.len()]);
        let other = store.log(job(n + 100), 0).expect("is whole");
        assert_eq!(other.len(), usize::from(log.len() == 3), "the two of one append are there together");
        let open = store.open_jobs().expect("reads");
        assert_eq!(open.contains(&job(n)), log.len() == 1);
        let listed = store.list(None, 99).expect("reads");
        assert_eq!(listed.iter().any(|listed| listed.job == job(n)), !log.is_empty());
    }
}

#[test]
fn power_cuts_at_every_operation() {
    let image = empty();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut cuts = 0;
    for left in 0.. {
        let fake = Fake::new(image.clone(), left, u64::MAX);
        let Ok(store) = open(fake.clone()) else { continue };
        let (acknowledged, under_way) = appended(&store);
        // The process is killed, and closes nothing.
        fake.with(|platters| platters.left = 0);
        drop(store);
        for found in fake.after_a_cut(&mut rng) {
            let store = open(Fake::new(found, usize::MAX, u64::MAX));
            let store = store.unwrap_or_else(|e| panic!("after {left} operations, seed 1: {e}"));
            check(&store, &acknowledged, under_way);
            // It goes on from there.
            let written = store.append(vec![append(job(77), 0, &[accepted(7)])]);
            assert_eq!(written, Ok(vec![Appended::Written]));
        }
        cuts += 1;
        if under_way.is_none() {
            break;
        }
    }
    println!("{cuts} places of a cut");
    assert!(cuts > 60);
}

#[test]
fn after_a_failed_append_nothing_is_written_until_it_is_opened_anew() {
    let fake = Fake::new(empty(), usize::MAX, u64::MAX);
    let store = open(fake.clone()).expect("opens");
    store.append(vec![append(job(1), 0, &[accepted(1)])]).expect("appends");
    fake.with(|platters| platters.left = 2);
    let error = store.append(vec![append(job(2), 0, &[accepted(2)])]).expect_err("the disk fails");
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
    // The disk is well again, and what lies on it is not known.
    fake.with(|platters| platters.left = usize::MAX);
    let error = store.append(vec![append(job(3), 0, &[accepted(3)])]).expect_err("is closed");
    assert!(matches!(error, StoreError::Closed { .. }), "{error}");
    drop(store);
    let store =
        open(Fake::new(fake.with(|platters| platters.image.clone()), usize::MAX, u64::MAX)).expect("opens");
    assert_eq!(store.log(job(1), 0), Ok(vec![accepted(1)]));
    assert_eq!(store.log(job(3), 0), Ok(vec![]));
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let image = empty();
    let most_bytes = image.len() as u64 + (64 << 10);
    let fake = Fake::new(image, usize::MAX, most_bytes);
    let store = open(fake.clone()).expect("opens");
    let mut written = 0;
    let error = loop {
        match store.append(vec![append(job(written), 0, &[accepted(written)])]) {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 100_000, "it never fills");
    };
    assert!(matches!(error, StoreError::Io { kind: io::ErrorKind::StorageFull, .. }), "{error}");
    drop(store);
    // There is room again.
    let store =
        open(Fake::new(fake.with(|platters| platters.image.clone()), usize::MAX, u64::MAX)).expect("opens");
    for n in 0..written {
        assert_eq!(store.log(job(n), 0), Ok(vec![accepted(n)]));
    }
    assert!(store.append(vec![append(job(written), 0, &[accepted(written)])]).is_ok());
}

#[test]
fn a_backend_that_is_empty_is_no_store() {
    assert!(matches!(open(InMemoryBackend::new()), Err(StoreError::Damaged { .. })));
}

#[test]
fn callers_share_a_transaction() {
    let fake = Fake::new(empty(), usize::MAX, u64::MAX);
    let store = open(fake.clone()).expect("opens");
    fake.with(|platters| platters.is_slow = true);
    let syncs = || fake.with(|platters| platters.syncs);
    let before = syncs();
    store.append(vec![append(job(9_999), 0, &[accepted(0)])]).expect("appends");
    let alone = syncs() - before;
    let (store, begin) = (&store, Barrier::new(8));
    thread::scope(|scope| {
        for t in 0..8 {
            let begin = &begin;
            scope.spawn(move || {
                begin.wait();
                for n in 0..25 {
                    let written = store.append(vec![append(job(100 * t + n), 0, &[accepted(n)])]);
                    assert_eq!(written, Ok(vec![Appended::Written]));
                }
            });
        }
    });
    let together = syncs() - before - alone;
    println!("{together} syncs for 200 appends, {alone} for one");
    assert!(alone > 0 && together < 100 * alone, "{together} syncs for 200 appends, {alone} for one");
    assert_eq!(store.open_jobs().map(|jobs| jobs.len()), Ok(201));
}
