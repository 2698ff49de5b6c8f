//! The embedded store: one file of the database `redb`. Its tables: `tables.rs`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use aludel_durable::files::{Disk, Files, folder};
use aludel_durable::{Opening, Trouble, call};
use redb::backends::FileBackend;
use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend};

use super::tables::{FORMAT, HASH, HEADS, META, OPEN, ORDER, RECORDS, Tables, begin, builder, create};
use super::{Appended, JobStore, Listed, Place, StoreError};
use crate::group::Group;
use crate::ids::JobId;
use crate::machine::Append;
use crate::record::{Head, Record};

/// A file of at most so many bytes is read whole when it is opened, and every checksum of the database in it is verified.
const VERIFY_BYTES: u64 = 1 << 26;

type Asked = Vec<Append>;
type Answered = Result<Vec<Appended>, StoreError>;

/// Logs in a file, which no other process can open meanwhile. After an append that failed nothing can be written: it is opened anew.
#[derive(Debug)]
pub struct DiskJobs {
    path: PathBuf,
    /// None only while it is dropped.
    database: Option<Database>,
    group: Group<Asked, Answered>,
}

impl DiskJobs {
    /// Opens the file, or makes it where there is none. After a crash it holds every append that returned.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the file is not one that this program left, [`StoreError::Locked`] where another process has it open.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_in(path, &Files)
    }

    /// The same, by way of another disk, over which the folder is synced.
    pub(super) fn open_in<D: Disk>(path: &Path, disk: &D) -> Result<Self, StoreError> {
        let error = |trouble| StoreError::of(path.to_owned(), trouble);
        let io = |e: io::Error| error(e.into());
        if !fs::exists(path).map_err(io)? {
            create(path).map_err(error)?;
        }
        // Whoever made it may have been killed before its name was durable.
        disk.sync_path(folder(path)).map_err(io)?;
        let file = File::options().read(true).write(true).open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        // The database would begin anew in it.
        if length == 0 {
            return Err(error(Trouble::Damaged("it is empty".into())));
        }
        let file = call(|| FileBackend::new(file)).map_err(error)?;
        Self::on(path, file, length <= VERIFY_BYTES)
    }

    /// The same on any backend that holds a store; `path` is for errors.
    pub(super) fn on(path: &Path, backend: impl StorageBackend, verifies: bool) -> Result<Self, StoreError> {
        let error = |trouble| StoreError::of(path.to_owned(), trouble);
        let opening = Opening::new(backend, &builder(), verifies).map_err(error)?;
        let found = call(|| {
            let format = opening.begin_read()?.open_table(META)?.get("format")?;
            Ok::<_, redb::Error>(format.map(|format| format.value()))
        });
        match found.map_err(error)? {
            Some(found) if found == u64::from(FORMAT) => {}
            Some(found) => {
                let found = u32::try_from(found).unwrap_or(u32::MAX);
                return Err(StoreError::Version { path: path.to_owned(), expected: FORMAT, found });
            }
            None => return Err(error(Trouble::Damaged("it has no version".into()))),
        }
        Ok(Self { path: path.to_owned(), database: Some(opening.keep()), group: Group::new() })
    }

    fn error(&self, trouble: Trouble) -> StoreError {
        StoreError::of(self.path.clone(), trouble)
    }

    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, redb::Error>) -> Result<T, StoreError> {
        let database = self.database.as_ref().ok_or_else(|| self.error(Trouble::Closed))?;
        call(|| work(database)).map_err(|trouble| self.error(trouble))
    }

    /// Every append of all callers in one transaction.
    fn commit(&self, all: Vec<Asked>) -> Vec<Answered> {
        let count = all.len();
        let done = self.with(|database| {
            let transaction = begin(database)?;
            let mut tables = Tables::of(&transaction)?;
            let answers = all.iter().map(|appends| tables.append_all(appends));
            let answers = answers.collect::<Result<Vec<_>, redb::Error>>()?;
            drop(tables);
            if answers.iter().flatten().any(|answer| *answer == Appended::Written) {
                transaction.commit()?;
            } else {
                transaction.abort()?;
            }
            Ok(answers)
        });
        match done {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error); count],
        }
    }
}

impl JobStore for DiskJobs {
    fn append(&self, appends: Vec<Append>) -> Result<Vec<Appended>, StoreError> {
        if appends.is_empty() {
            return Ok(Vec::new());
        }
        let answered = self.group.ask(appends, |all| self.commit(all));
        answered.unwrap_or_else(|| Err(self.error(Trouble::Closed)))
    }

    fn log(&self, job: JobId, from: u32) -> Result<Vec<Record>, StoreError> {
        let (rows, end) = self.with(|database| rows(database, job, from))?;
        log_of(job, rows, from, end).map_err(|trouble| self.error(trouble))
    }

    fn open_jobs(&self) -> Result<Vec<JobId>, StoreError> {
        self.with(open_jobs)
    }

    fn list(&self, after: Option<Place>, most: usize) -> Result<Vec<Listed>, StoreError> {
        let from = after.map_or(0, |Place(place)| place.saturating_add(1));
        self.with(|database| {
            let read = database.begin_read()?;
            let heads = read.open_table(HEADS)?;
            let mut jobs = Vec::new();
            for row in read.open_table(ORDER)?.range(from..)?.take(most) {
                let (place, job) = row?;
                let job = JobId(*job.value());
                let is_open = heads.get(&job.0)?.is_some_and(|head| head.value().2);
                jobs.push(Listed { place: Place(place.value()), job, is_open });
            }
            Ok(jobs)
        })
    }

    fn forget(&self, job: JobId) -> Result<bool, StoreError> {
        self.with(|database| {
            let transaction = begin(database)?;
            let head = transaction.open_table(HEADS)?.get(&job.0)?.map(|head| head.value());
            let Some((_, _, false, place)) = head else {
                transaction.abort()?;
                return Ok(false);
            };
            transaction.open_table(HEADS)?.remove(&job.0)?;
            transaction.open_table(ORDER)?.remove(place)?;
            transaction.open_table(RECORDS)?.retain_in((&job.0, 0)..=(&job.0, u32::MAX), |_, _| false)?;
            transaction.commit()?;
            Ok(true)
        })
    }
}

impl Drop for DiskJobs {
    fn drop(&mut self) {
        let Some(database) = self.database.take() else { return };
        // What was appended is durable; where closing fails, the next open does what it left undone.
        let _ = call(|| database.close());
    }
}

/// Reads the file as it lies there, and changes nothing in it: how many jobs have not ended, where each of their records is sound. `None` where whoever had it
/// open has left something to be mended, as the next [`DiskJobs::open`] does.
///
/// # Errors
/// As of [`DiskJobs::open`]; none of a file that is missing is made.
pub fn check(path: &Path) -> Result<Option<usize>, StoreError> {
    let error = |trouble| StoreError::of(path.to_owned(), trouble);
    let opened = call(|| match builder().open_read_only(path) {
        Err(DatabaseError::RepairAborted) => Ok(None),
        opened => opened.map(Some),
    });
    let Some(database) = opened.map_err(error)? else { return Ok(None) };
    let jobs = call(|| open_jobs(&database)).map_err(error)?;
    for job in &jobs {
        let (rows, end) = call(|| rows(&database, *job, 0)).map_err(error)?;
        log_of(*job, rows, 0, end).map_err(error)?;
    }
    Ok(Some(jobs.len()))
}

type Rows = Vec<(u32, Vec<u8>)>;

/// The rows of a job from the one before a number on, which is read for its digest, and where its log ends.
fn rows(database: &impl ReadableDatabase, job: JobId, from: u32) -> Result<(Rows, Head), redb::Error> {
    let read = database.begin_read()?;
    let end = read.open_table(HEADS)?.get(&job.0)?.map(|head| head.value());
    let end = end.map_or(Head::default(), |(count, digest, ..)| Head { count, digest });
    let table = read.open_table(RECORDS)?;
    let rows = table.range((&job.0, from.saturating_sub(1))..=(&job.0, u32::MAX))?;
    let rows = rows.map(|row| row.map(|(key, value)| (key.value().1, value.value().to_vec())));
    Ok((rows.collect::<Result<Vec<_>, _>>()?, end))
}

fn open_jobs(database: &impl ReadableDatabase) -> Result<Vec<JobId>, redb::Error> {
    let table = database.begin_read()?.open_table(OPEN)?;
    let jobs = table.iter()?.map(|row| row.map(|(key, _)| JobId(*key.value())));
    Ok(jobs.collect::<Result<Vec<_>, _>>()?)
}

fn log_of(job: JobId, rows: Rows, from: u32, end: Head) -> Result<Vec<Record>, Trouble> {
    if from >= end.count && rows.len() < 2 {
        return Ok(Vec::new());
    }
    read_log(rows, from, end)
        .map_err(|(number, why)| Trouble::Damaged(format!("record {number} of job {job}: {why}")))
}

/// The records from a number on, of rows that begin with the one before it, up to the log's end; or which row is wrong, and how.
fn read_log(rows: Rows, from: u32, end: Head) -> Result<Vec<Record>, (u32, String)> {
    let mut head = Head { count: from.saturating_sub(1), digest: 0 };
    let mut records = Vec::with_capacity(rows.len());
    for (number, row) in rows {
        let wrong = |why: &dyn core::fmt::Display| (number, why.to_string());
        if number != head.count {
            return Err((head.count, "it is missing".into()));
        }
        let Some((bytes, digest)) = row.split_last_chunk::<HASH>() else {
            return Err(wrong(&"it is too short"));
        };
        let said = u64::from_le_bytes(*digest);
        let behind = head.after_bytes(bytes);
        head = Head { digest: said, ..behind };
        if number < from {
            continue;
        }
        if said != behind.digest {
            return Err(wrong(&"its hash is another"));
        }
        records.push(Record::decode(bytes).map_err(|why| wrong(&why))?);
    }
    match head {
        head if head == end => Ok(records),
        head if head.count < end.count => Err((head.count, "it is missing".into())),
        head => Err((head.count.saturating_sub(1), "the log ends with another".into())),
    }
}
