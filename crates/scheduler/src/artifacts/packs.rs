//! Writing packs, and copying what is left in old ones so that these can go.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::{fmt, fs, io};

use aludel_durable::files::Disk;

use super::counts::{Counts, Gone, Sealed};
use super::pack::{self, Place};
use super::{ArtifactError, Folder, Room};
use crate::ids::ArtifactId;

/// Old packs that are copied at most when a new one begins: it makes up for more than one may add.
const COPIED_AT_ONCE: usize = 2;
/// An old pack of so small a part of a full one is copied whatever is left in it: every process leaves one.
const SCRAP: u64 = 16;

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
        self.append(&mut self.writer(), all, |counts, (id, content), place| {
            counts.packed(*id, content.len() as u64, Some(place))
        })
    }

    /// Copies what is left in old packs of which little is left, once for each new one.
    pub(super) fn tidy_if_due(&self) {
        if !self.is_untidy.swap(false, Ordering::Relaxed) {
            return;
        }
        let scrap = self.counts().most_pack() / SCRAP;
        let is_worth_it = |pack: &Sealed| pack.is_torn || pack.live * 2 <= pack.bytes || pack.bytes < scrap;
        let mut old: Vec<Sealed> = self.counts().sealed().into_iter().filter(is_worth_it).collect();
        old.sort_by_key(|pack| !pack.is_torn);
        for pack in old.into_iter().take(COPIED_AT_ONCE) {
            // It is tried again when the next one begins.
            let _ = self.copy(pack);
        }
    }

    /// Gives back what dead bytes take, until there is room for so many.
    pub(super) fn reclaim(&self, needed: u64, room: Room) {
        let (is_there, could_be) = self.counts().has_room(needed, room);
        if is_there || !could_be {
            return;
        }
        {
            let mut writer = self.writer();
            let (bytes, live) =
                writer.open.as_ref().map_or((0, 0), |(number, _)| self.counts().pack(*number));
            if live < bytes {
                self.seal(&mut writer, false);
            }
        }
        let sealed = self.counts().sealed();
        for pack in sealed.into_iter().filter(|pack| pack.live < pack.bytes) {
            if self.counts().has_room(needed, room).0 {
                return;
            }
            let _ = self.copy(pack);
        }
    }

    fn writer(&self) -> MutexGuard<'_, Writer<D>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes and syncs contents; `note` says where each lies.
    fn append(
        &self,
        writer: &mut Writer<D>,
        all: &[Content],
        note: impl Fn(&mut Counts, &Content, Place) -> Gone,
    ) -> Result<(), ArtifactError> {
        let is_full = |(number, _): &(u64, D::Open)| {
            let counts = self.counts();
            counts.pack(*number).0 >= counts.most_pack()
        };
        if writer.open.as_ref().is_some_and(is_full) {
            self.seal(writer, false);
        }
        if writer.open.is_none() {
            self.is_untidy.store(true, Ordering::Relaxed);
        }
        let mut bytes = Vec::new();
        let offsets: Vec<u64> = all.iter().map(|(id, content)| pack::add(&mut bytes, *id, content)).collect();
        let pack = match self.write_on(writer, &bytes) {
            Ok(pack) => pack,
            Err(error) => {
                let number = writer.open.as_ref().map_or(writer.next - 1, |(number, _)| *number);
                // Where it ends is not known.
                self.seal(writer, true);
                return Err(ArtifactError::io(&pack::path(&self.path, number), &error));
            }
        };
        let mut counts = self.counts();
        let start = counts.pack(pack).0;
        counts.extend_pack(pack, bytes.len() as u64);
        for (content, offset) in all.iter().zip(offsets) {
            let gone = note(&mut counts, content, Place { pack, offset: start + offset });
            self.remove(&mut counts, content.0, gone);
        }
        Ok(())
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
    fn seal(&self, writer: &mut Writer<D>, is_torn: bool) {
        let Some((number, file)) = writer.open.take() else { return };
        drop(file);
        let bytes = fs::metadata(pack::path(&self.path, number)).map_or(0, |data| data.len());
        let mut counts = self.counts();
        let gone = counts.seal(number, bytes, is_torn);
        self.remove_pack(&mut counts, gone);
    }

    /// Copies what is left in a pack, which then goes.
    fn copy(&self, Sealed { number, live, .. }: Sealed) -> Result<(), ArtifactError> {
        let reserved = self.counts().reserve_copies(live);
        if !reserved {
            return Err(ArtifactError::Full { needed: live, free: 0 });
        }
        let (mut contents, mut places, mut needed) = (Vec::new(), HashMap::new(), 0);
        let entries = self.counts().in_pack(number);
        for (id, offset, length) in entries {
            // What has gone since, or is damaged, is not copied: whoever reads it finds that out.
            if let Ok(content) = self.read(id)
                && needed + pack::entry_bytes(length) <= live
            {
                needed += pack::entry_bytes(length);
                places.insert(id, Place { pack: number, offset });
                contents.push((id, content));
            }
        }
        self.counts().unreserve_copies(live - needed);
        if contents.is_empty() {
            return Ok(());
        }
        let copied =
            self.append(&mut self.writer(), &contents, |counts, (id, _), place| match places.get(id) {
                Some(from) => counts.copied(*id, *from, place),
                None => Gone::Nothing,
            });
        if copied.is_err() {
            self.counts().unreserve_copies(needed);
        }
        copied
    }

    /// Removes what is of no use any more; what cannot be removed is found when the folder is next opened.
    pub(super) fn remove(&self, counts: &mut Counts, id: ArtifactId, gone: Gone) {
        match gone {
            Gone::File => drop(self.disk.remove(&self.name(id))),
            gone => self.remove_pack(counts, gone),
        }
    }

    pub(super) fn remove_pack(&self, counts: &mut Counts, gone: Gone) {
        if let Gone::Pack(number, bytes) = gone
            && self.disk.remove(&pack::path(&self.path, number)).is_err()
        {
            counts.stays(bytes);
        }
    }
}
