//! Looking at a file of jobs without touching it.

use std::fs;

use super::{accepted, append, job, place};
use crate::store::{DiskJobs, JobStore, StoreError, check};

#[test]
fn what_is_looked_at_stays_as_it_is() {
    let (folder, path) = place();
    assert!(matches!(check(&path), Err(StoreError::Io { .. })) && !path.exists(), "nothing is made");
    let store = DiskJobs::open(&path).expect("is made");
    for n in 0..3 {
        store.append(vec![append(job(n), 0, &[accepted(n)])]).expect("appends");
    }
    assert_eq!(check(&path), Err(StoreError::Locked { path: path.clone() }));
    // As a process that is killed leaves it.
    let killed = folder.path().join("killed.redb");
    fs::copy(&path, &killed).expect("copies");
    drop(store);
    for (path, found) in [(&path, Some(3)), (&killed, None)] {
        let before = fs::read(path).expect("reads");
        assert_eq!(check(path), Ok(found));
        assert!(fs::read(path).expect("reads") == before, "it was written to");
        assert_eq!(DiskJobs::open(path).expect("opens").open_jobs().map(|jobs| jobs.len()), Ok(3));
    }
}

#[test]
fn damage_is_seen_and_left() {
    let (_folder, path) = place();
    let store = DiskJobs::open(&path).expect("is made");
    store.append(vec![append(job(1), 0, &[accepted(1)])]).expect("appends");
    drop(store);
    let whole = fs::read(&path).expect("reads");
    let record = accepted(1).encode();
    let at = whole.windows(record.len()).position(|bytes| bytes == record).expect("lies there");
    for (change, bytes) in [
        ("empty", Vec::new()),
        ("other", b"no database".to_vec()),
        ("record", {
            let mut bytes = whole;
            bytes[at + 9] ^= 1;
            bytes
        }),
    ] {
        fs::write(&path, &bytes).expect("writes");
        assert!(check(&path).is_err(), "{change}");
        assert!(fs::read(&path).expect("reads") == bytes, "{change}");
    }
}
