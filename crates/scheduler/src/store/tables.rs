//! The tables of the embedded store, and writing to them.
//!
//! | table | key | value |
//! |---|---|---|
//! | `records` | job, number | the record, and the digest of the log's head behind it |
//! | `heads` | job | how many records, digest of the head, whether it is open, its place |
//! | `open` | job | |
//! | `order` | place | job |
//! | `meta` | name | version of the format; next place |

use std::fs;
use std::io;
use std::path::Path;

use aludel_durable::files::beside;
use aludel_durable::{Trouble, call};
use redb::{Builder, Database, Durability, ReadableTable, TableDefinition, WriteTransaction};

use super::Appended;
use crate::ids::JobId;
use crate::machine::Append;
use crate::record::{Head, Record};

pub(super) type Key = [u8; 16];

pub(super) const RECORDS: TableDefinition<'_, (&Key, u32), &[u8]> = TableDefinition::new("records");
pub(super) const HEADS: TableDefinition<'_, &Key, (u32, u64, bool, u64)> = TableDefinition::new("heads");
pub(super) const OPEN: TableDefinition<'_, &Key, ()> = TableDefinition::new("open");
pub(super) const ORDER: TableDefinition<'_, u64, &Key> = TableDefinition::new("order");
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// The version of the tables.
pub(super) const FORMAT: u32 = 1;
/// Memory for pages of the file.
const CACHE_BYTES: usize = 1 << 26;
/// Bytes of a digest behind a record.
pub(super) const HASH: usize = 8;

pub(super) fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// A file without jobs. It appears whole or not at all; who opens it makes its name durable.
pub(super) fn create(path: &Path) -> Result<(), Trouble> {
    let temporary = beside(path, ".", &format!(".{}.tmp", std::process::id()));
    let _ = fs::remove_file(&temporary);
    let made = call(|| builder().create(&temporary)).and_then(|database| {
        make_tables(&database)?;
        call(|| database.close())
    });
    // Unlike a rename, a link never replaces what is there: another process may be doing the same.
    let linked = made.and_then(|()| match fs::hard_link(&temporary, path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked.map_err(Trouble::from),
    });
    let _ = fs::remove_file(&temporary);
    linked
}

pub(super) fn make_tables(database: &Database) -> Result<(), Trouble> {
    call(|| {
        let transaction = begin(database)?;
        transaction.open_table(META)?.insert("format", u64::from(FORMAT))?;
        transaction.open_table(RECORDS)?;
        transaction.open_table(HEADS)?;
        transaction.open_table(OPEN)?;
        transaction.open_table(ORDER)?;
        Ok::<_, redb::Error>(transaction.commit()?)
    })
}

pub(super) fn begin(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    // Otherwise the next open after a crash would read the whole file; and what clients choose lies in these pages, for which two phases are advised.
    transaction.set_quick_repair(true);
    Ok(transaction)
}

pub(super) fn append_all(to: &WriteTransaction, appends: &[Append]) -> Result<Vec<Appended>, redb::Error> {
    appends.iter().map(|append| append_one(to, append)).collect()
}

fn append_one(to: &WriteTransaction, append: &Append) -> Result<Appended, redb::Error> {
    let Append { job, expected, records } = append;
    let mut heads = to.open_table(HEADS)?;
    let head = heads.get(&job.0)?.map(|head| head.value());
    let found = head.map_or(Head::default(), |(count, digest, ..)| Head { count, digest });
    if found != *expected || records.is_empty() {
        return Ok(Appended::Conflict { found });
    }
    let place = match head {
        Some((.., place)) => place,
        None => next_place(to, job)?,
    };
    let mut table = to.open_table(RECORDS)?;
    let mut head = found;
    for record in records {
        let mut bytes = record.encode();
        let behind = head.after_bytes(&bytes);
        bytes.extend(behind.digest.to_le_bytes());
        table.insert((&job.0, head.count), &bytes[..])?;
        head = behind;
    }
    let is_open = !matches!(records.last(), Some(Record::Ended { .. }));
    heads.insert(&job.0, (head.count, head.digest, is_open, place))?;
    let mut open = to.open_table(OPEN)?;
    if is_open {
        open.insert(&job.0, ())?
    } else {
        open.remove(&job.0)?
    };
    Ok(Appended::Written)
}

fn next_place(to: &WriteTransaction, job: &JobId) -> Result<u64, redb::Error> {
    let mut meta = to.open_table(META)?;
    let place = meta.get("next place")?.map_or(0, |place| place.value());
    meta.insert("next place", place + 1)?;
    to.open_table(ORDER)?.insert(place, &job.0)?;
    Ok(place)
}
