//! Files that are not what was written: an error that says what to do, never a panic, never another log.

use redb::{Database, ReadableTable, TableDefinition};

use super::*;

fn made() -> (TempDir, PathBuf) {
    let (folder, path) = place();
    let store = DiskJobs::open(&path).expect("is made");
    for n in 0..40 {
        store.append(vec![append(job(n), 0, &[accepted(n)])]).expect("appends");
        store.append(vec![append(job(n), 1, &CANCELLED)]).expect("appends");
    }
    (folder, path)
}

fn damaged<T: core::fmt::Debug>(result: Result<T, StoreError>, says: &str) {
    let error = result.expect_err("is damaged");
    assert!(
        matches!(error, StoreError::Damaged { .. }) && error.to_string().contains(says),
        "{says}: {error}"
    );
}

const RECORDS: TableDefinition<'_, (&[u8; 16], u32), &[u8]> = TableDefinition::new("records");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// A record of job 3 is changed, taken away, or moved, in a file whose own checksums are right.
#[test]
fn a_record_that_is_not_the_one_that_was_written() {
    let id = job(3);
    type Change = fn(Vec<u8>) -> Vec<u8>;
    let changes: [(Change, &str); 3] = [
        (
            |mut row| {
                row[5] ^= 1;
                row
            },
            "its hash is another",
        ),
        (|row| row[..row.len() - 1].to_vec(), "its hash is another"),
        (|_| vec![1; 7], "it is too short"),
    ];
    for (change, says) in changes {
        let (_folder, path) = made();
        edit(&path, |table| {
            let row = table.get((&id.0, 1)).expect("reads").expect("there").value().to_vec();
            table.insert((&id.0, 1), &change(row)[..]).expect("writes");
        });
        let store = DiskJobs::open(&path).expect("opens");
        damaged(store.log(id, 0), "record 1 of job");
        damaged(store.log(id, 0), says);
        // What lies behind it is what it was, if its digest is.
        assert!(store.log(id, 2).is_err() || store.log(id, 2) == Ok(CANCELLED[1..].to_vec()));
        assert!(store.log(job(4), 0).is_ok(), "others are whole");
    }
    for (number, from) in [(0, 0), (1, 0), (2, 0), (1, 1), (2, 2)] {
        let (_folder, path) = made();
        edit(&path, |table| drop(table.remove((&id.0, number)).expect("writes")));
        let says = format!("record {number} of job {id}: it is missing");
        damaged(DiskJobs::open(&path).expect("opens").log(id, from), &says);
    }
    // The same bytes at another's place.
    let (_folder, path) = made();
    edit(&path, |table| {
        let row = table.get((&job(4).0, 0)).expect("reads").expect("there").value().to_vec();
        table.insert((&id.0, 0), &row[..]).expect("writes");
    });
    damaged(DiskJobs::open(&path).expect("opens").log(id, 0), "its hash is another");
}

/// Records that follow one another, and are not those that the log is said to end with.
#[test]
fn a_log_that_ends_otherwise() {
    let id = job(3);
    for number in [2, 3] {
        let (_folder, path) = made();
        edit(&path, |table| {
            let mut row = Record::InputSealed { at: Millis(1) }.encode();
            row.extend(head(3, number).after(&Record::InputSealed { at: Millis(1) }).digest.to_le_bytes());
            table.insert((&id.0, number), &row[..]).expect("writes");
        });
        let store = DiskJobs::open(&path).expect("opens");
        for from in 0..=number {
            damaged(store.log(id, from), &format!("record {number} of job {id}: the log ends with another"));
        }
    }
}

fn edit(path: &PathBuf, change: impl FnOnce(&mut redb::Table<'_, (&[u8; 16], u32), &[u8]>)) {
    let database = Database::open(path).expect("opens");
    let transaction = database.begin_write().expect("begins");
    change(&mut transaction.open_table(RECORDS).expect("opens"));
    transaction.commit().expect("commits");
}

#[test]
fn another_version_and_other_files() {
    let (_folder, path) = made();
    let database = Database::open(&path).expect("opens");
    let transaction = database.begin_write().expect("begins");
    transaction.open_table(META).expect("opens").insert("format", 9).expect("writes");
    transaction.commit().expect("commits");
    drop(database);
    let version = StoreError::Version { path: path.clone(), expected: 1, found: 9 };
    assert_eq!(DiskJobs::open(&path).err(), Some(version));
    for garbage in [&b""[..], b"hello", b"redb", &[0; 1 << 14], &[0xff; 1 << 14]] {
        fs::write(&path, garbage).expect("writes");
        damaged(DiskJobs::open(&path), "");
        assert_eq!(fs::read(&path).expect("reads"), garbage, "the file is left as it is");
    }
    fs::remove_file(&path).expect("there");
    drop(Database::create(&path).expect("is made"));
    damaged(DiskJobs::open(&path), "");
}

/// Every page of the file in turn, and cuts: what is read is what was written, or an error. Neither the file nor its lock outlives an error.
#[test]
fn changed_bytes_and_cuts() {
    let (_folder, path) = made();
    let good = fs::read(&path).expect("reads");
    let expected = |n: u32| [&[accepted(n)][..], &CANCELLED].concat();
    let ask = || -> Result<(), StoreError> {
        let store = DiskJobs::open(&path)?;
        for n in 0..40 {
            assert_eq!(store.log(job(n), 0)?, expected(n));
        }
        store.append(vec![append(job(99), 0, &[accepted(99)])])?;
        Ok(())
    };
    let mut noticed = 0;
    let full = good.chunks(4096).enumerate().filter(|(_, page)| page.iter().any(|byte| *byte != 0));
    for (page, of) in full {
        let used = of.iter().rposition(|byte| *byte != 0).unwrap_or(0);
        for at in [0, 20, used / 2, used] {
            let mut bad = good.clone();
            bad[page * 4096 + at] ^= 0x41;
            fs::write(&path, bad).expect("writes");
            noticed += usize::from(ask().is_err());
        }
    }
    for length in (1..good.len()).step_by(good.len() / 20) {
        fs::write(&path, &good[..length]).expect("writes");
        assert!(ask().is_err(), "cut to {length} of {}", good.len());
    }
    println!("{noticed} changes were noticed");
    assert!(noticed > 20);
    let files = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    assert!(files < 200, "{files} files are open");
    fs::write(&path, &good).expect("writes");
    ask().expect("is whole");
}
