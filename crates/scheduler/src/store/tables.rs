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
use redb::{Builder, Database, Durability, ReadableTable, Table, TableDefinition, WriteTransaction};

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

/// The tables of a transaction, opened once for all that is appended in it.
pub(super) struct Tables<'t> {
    records: Table<'t, (&'static Key, u32), &'static [u8]>,
    heads: Table<'t, &'static Key, (u32, u64, bool, u64)>,
    open: Table<'t, &'static Key, ()>,
    order: Table<'t, u64, &'static Key>,
    meta: Table<'t, &'static str, u64>,
}

impl<'t> Tables<'t> {
    pub fn of(transaction: &'t WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            records: transaction.open_table(RECORDS)?,
            heads: transaction.open_table(HEADS)?,
            open: transaction.open_table(OPEN)?,
            order: transaction.open_table(ORDER)?,
            meta: transaction.open_table(META)?,
        })
    }

    pub fn append_all(&mut self, appends: &[Append]) -> Result<Vec<Appended>, redb::Error> {
        appends.iter().map(|append| self.append(append)).collect()
    }

    fn append(&mut self, append: &Append) -> Result<Appended, redb::Error> {
        let Append { job, expected, records } = append;
        let head = self.heads.get(&job.0)?.map(|head| head.value());
        let found = head.map_or(Head::default(), |(count, digest, ..)| Head { count, digest });
        if found != *expected || records.is_empty() {
            return Ok(Appended::Conflict { found });
        }
        let (was_open, place) = match head {
            Some((.., was_open, place)) => (was_open, place),
            None => (false, self.next_place(job)?),
        };
        let mut head = found;
        for record in records {
            let mut bytes = record.encode();
            let behind = head.after_bytes(&bytes);
            bytes.extend(behind.digest.to_le_bytes());
            self.records.insert((&job.0, head.count), &bytes[..])?;
            head = behind;
        }
        let is_open = !matches!(records.last(), Some(Record::Ended { .. }));
        self.heads.insert(&job.0, (head.count, head.digest, is_open, place))?;
        match (was_open, is_open) {
            (false, true) => drop(self.open.insert(&job.0, ())?),
            (_, false) => drop(self.open.remove(&job.0)?),
            (true, true) => {}
        }
        Ok(Appended::Written)
    }

    fn next_place(&mut self, job: &JobId) -> Result<u64, redb::Error> {
        let place = self.meta.get("next place")?.map_or(0, |place| place.value());
        self.meta.insert("next place", place + 1)?;
        self.order.insert(place, &job.0)?;
        Ok(place)
    }
}
