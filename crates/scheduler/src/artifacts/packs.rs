//! Writing packs, and copying what is left in old ones so that these can go.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::{fmt, fs, io};

use aludel_durable::files::Disk;

use super::counts::{Counts, Gone};
use super::pack::{self, MOST_BYTES, Place};
use super::{ArtifactError, Folder};
use crate::ids::ArtifactId;

/// Old packs that are copied at most when a new one begins: it makes up for more than one may add.
const COPIED_AT_ONCE: usize = 2;
/// An old pack of fewer bytes is copied whatever is left in it: every process leaves one.
const SCRAP_BYTES: u64 = MOST_BYTES / 16;

/// The pack that is written.
pub(super) struct Writer<D: Disk> {
    open: Option<(u64, D::Open)>,
    /// Of the next pack.
    next: u64,
}

impl<D: Disk> Writer<D> {
    /// Of a folder whose packs have lower numbers.
    pub const fn new(next: u64) -> Self {
        Self { open: None, next }
    }
}

impl<D: Disk> fmt::Debug for Writer<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("next", &self.next).finish_non_exhaustive()
    }
}

/// What is to be kept.
pub(super) type Content = (ArtifactId, Vec<u8>);

impl<D: Disk> Folder<D> {
    /// Appends contents for which room is reserved: they are durable, and are found, when this returns without error.
    pub(super) fn keep_small(&self, all: &[Content]) -> Result<(), ArtifactError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let done = self.append(&mut writer, all, |counts, content, place| {
            counts.packed(content.0, content.1.len() as u64, Some(place))
        });
        if let Ok(true) = done {
            let is_worth_it = |(_, bytes, live): &(u64, u64, u64)| live * 2 <= *bytes || *bytes < SCRAP_BYTES;
            let old = self.counts().sealed().into_iter().filter(is_worth_it).take(COPIED_AT_ONCE);
            for (number, ..) in old.collect::<Vec<_>>() {
                // It is tried again with the next one.
                let _ = self.copy(&mut writer, number);
            }
        }
        done.map(drop)
    }

    /// Gives back what dead entries take; whether there was any.
    pub(super) fn reclaim(&self) -> bool {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.counts().usage().bytes;
        if let Some((number, _)) = &writer.open {
            let (bytes, live) = self.counts().pack(*number);
            if live < bytes {
                self.seal(&mut writer);
            }
        }
        let sealed = self.counts().sealed();
        for (number, ..) in sealed.into_iter().filter(|(_, bytes, live)| live < bytes) {
            let _ = self.copy(&mut writer, number);
        }
        self.counts().usage().bytes < before
    }

    /// Writes and syncs contents; `note` says where each lies. Whether a new pack was begun.
    fn append(
        &self,
        writer: &mut Writer<D>,
        all: &[Content],
        note: impl Fn(&mut Counts, &Content, Place) -> Gone,
    ) -> Result<bool, ArtifactError> {
        let is_full = |(number, _): &(u64, D::Open)| self.counts().pack(*number).0 >= MOST_BYTES;
        if writer.open.as_ref().is_some_and(is_full) {
            self.seal(writer);
        }
        let begins = writer.open.is_none();
        let mut bytes = Vec::new();
        let offsets: Vec<u64> = all.iter().map(|(id, content)| pack::add(&mut bytes, *id, content)).collect();
        let pack = match self.write_on(writer, &bytes) {
            Ok(pack) => pack,
            Err(error) => {
                let number = writer.open.as_ref().map_or(writer.next - 1, |(number, _)| *number);
                // Where it ends is not known.
                self.seal(writer);
                return Err(ArtifactError::io(&pack::path(&self.path, number), &error));
            }
        };
        let mut counts = self.counts();
        let start = counts.pack(pack).0;
        counts.extend_pack(pack, bytes.len() as u64);
        for (content, offset) in all.iter().zip(offsets) {
            let gone = note(&mut counts, content, Place { pack, offset: start + offset });
            self.remove_pack(gone);
        }
        Ok(begins)
    }

    fn write_on(&self, writer: &mut Writer<D>, bytes: &[u8]) -> io::Result<u64> {
        let (number, file) = match &mut writer.open {
            Some(open) => open,
            none => {
                let number = writer.next;
                writer.next += 1;
                let file = self.disk.create(&pack::path(&self.path, number))?;
                self.counts().begin_pack(number);
                let open = none.insert((number, file));
                self.disk.sync_path(&self.path)?;
                open
            }
        };
        self.disk.write(file, bytes)?;
        self.disk.sync(file)?;
        Ok(*number)
    }

    /// Nothing more is written to the open pack.
    fn seal(&self, writer: &mut Writer<D>) {
        let Some((number, file)) = writer.open.take() else { return };
        drop(file);
        let bytes = fs::metadata(pack::path(&self.path, number)).map_or(0, |data| data.len());
        let gone = self.counts().seal(number, bytes);
        self.remove_pack(gone);
    }

    /// Copies what is left in a pack, which then goes.
    fn copy(&self, writer: &mut Writer<D>, number: u64) -> Result<(), ArtifactError> {
        let entries = self.counts().in_pack(number);
        let mut places = Vec::with_capacity(entries.len());
        let mut contents = Vec::with_capacity(entries.len());
        let mut needed = 0;
        for (id, offset, length) in entries {
            // What is gone, or damaged, is not copied: whoever reads it finds that out.
            if let Ok(content) = self.read(id) {
                needed += pack::entry_bytes(length);
                places.push(Place { pack: number, offset });
                contents.push((id, content));
            }
        }
        if contents.is_empty() {
            return Ok(());
        }
        if !self.counts().reserve_copies(needed) {
            return Err(ArtifactError::Full { needed, free: 0 });
        }
        let of: HashMap<ArtifactId, Place> = contents.iter().map(|(id, _)| *id).zip(places).collect();
        let copied = self.append(writer, &contents, |counts, (id, _), place| match of.get(id) {
            Some(from) => counts.copied(*id, *from, place),
            None => Gone::Nothing,
        });
        if copied.is_err() {
            self.counts().unreserve_copies(needed);
        }
        copied.map(drop)
    }

    /// Removes a pack that is counted no more. What cannot be removed is found when the folder is next opened.
    pub(super) fn remove_pack(&self, gone: Gone) {
        if let Gone::Pack(number) = gone {
            let _ = self.disk.remove(&pack::path(&self.path, number));
        }
    }
}
