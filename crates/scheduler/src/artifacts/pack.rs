//! Small artifacts share files, *packs*: a job of one small shard makes four, and with a file each, synced with its name, these would cost more than all
//! else that is done for it.
//!
//! A pack, `pack-N`, is only appended to, by one process. Its entries:
//!
//! | bytes | |
//! |---|---|
//! | 4 | *n*, the length of the content, little-endian |
//! | 32 | its SHA-256, the artifact's name |
//! | *n* | the content |
//!
//! Where an entry's hash is another it is skipped, where its length leads beyond the end nothing behind it can be read: after a crash that is what was being
//! written.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::ids::ArtifactId;

const LENGTH: usize = 4;
const HEADER: usize = LENGTH + 32;
/// A pack of so many bytes gets nothing more, even where the quota is large.
pub(super) const MOST_BYTES: u64 = 1 << 24;

/// A content in a pack: its name, where it begins, and how long it is.
pub(super) type Found = (ArtifactId, u64, u64);

/// Where a content begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub pack: u64,
    pub offset: u64,
}

/// Bytes of an entry with so much content.
pub(super) const fn entry_bytes(content: u64) -> u64 {
    content + HEADER as u64
}

/// The file of a pack.
pub(super) fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("pack-{number}"))
}

/// Which pack has this name.
pub(super) fn number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("pack-")?;
    let number = digits.parse().ok()?;
    (format!("{number}") == digits).then_some(number)
}

/// Appends an entry to what is to be written; where in it the content begins.
pub(super) fn add(to: &mut Vec<u8>, id: ArtifactId, content: &[u8]) -> u64 {
    // What is small has a length of four bytes.
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    to.extend(length.to_le_bytes());
    to.extend(id.0);
    let offset = to.len() as u64;
    to.extend(content);
    offset
}

/// The bytes of a pack's file, and what can be read in it.
pub(super) fn scan(path: &Path) -> io::Result<(u64, Vec<Found>)> {
    let bytes = fs::read(path)?;
    let mut entries = Vec::new();
    let mut at = 0;
    while let Some((content, id, end)) = entry(&bytes, at) {
        if ArtifactId::of(&bytes[content..end]) == id {
            entries.push((id, content as u64, (end - content) as u64));
        }
        at = end;
    }
    Ok((bytes.len() as u64, entries))
}

/// Where the content of the entry at a place begins, its name, and where it ends.
fn entry(bytes: &[u8], at: usize) -> Option<(usize, ArtifactId, usize)> {
    let rest = bytes.get(at..)?;
    let (length, rest) = rest.split_first_chunk::<LENGTH>()?;
    let (id, rest) = rest.split_first_chunk::<32>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let content = at + HEADER;
    (length <= rest.len()).then_some((content, ArtifactId(*id), content + length))
}

/// What lies at a place, as many bytes as there are.
pub(super) fn read(folder: &Path, place: Place, length: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path(folder, place.pack))?;
    file.seek(SeekFrom::Start(place.offset))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
