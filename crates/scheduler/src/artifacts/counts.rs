//! Who holds what, where it lies, and how much room is left: counting alone, no file.

use std::collections::{BTreeMap, HashMap};

use super::ArtifactError;
use super::pack::{self, Found, MOST_BYTES, Place};
use crate::ids::ArtifactId;

/// How much may lie in the folder, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Bytes of all artifacts together.
    pub bytes: u64,
    /// Bytes of these that are for [`Room::Result`] alone: what was accepted can be finished though nothing more is accepted.
    pub reserve: u64,
    /// Artifacts of at most so many bytes share files, see [`Quota::SMALL`].
    pub small: u64,
}

impl Quota {
    /// What is best kept together: below it, a file with its name costs more than its bytes.
    pub const SMALL: u64 = 1 << 17;
}

/// What room is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// What a client brings.
    Input,
    /// What a job makes.
    Result,
}

/// What is taken of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of artifacts, of those that are being written, and of small ones that were removed and still take room in the file that they share.
    pub bytes: u64,
    /// Artifacts that are there.
    pub files: usize,
    /// Bytes that are left for inputs.
    pub free_for_inputs: u64,
}

/// Where an artifact lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum At {
    #[default]
    Nowhere,
    /// In a file of its own.
    File,
    /// In one with others.
    Pack(Place),
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// Of the content, or of the last that was there.
    bytes: u64,
    holders: u64,
    /// Who is writing it.
    writers: u32,
    at: At,
}

#[derive(Clone, Copy, Debug, Default)]
struct Pack {
    /// Of the file.
    bytes: u64,
    /// Of entries that somebody may read.
    live: u64,
    /// Nothing is appended to it any more.
    is_sealed: bool,
    /// An append to it failed: it may hold what was never promised, and what the disk does not keep.
    is_torn: bool,
}

/// A pack to which nothing is appended any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    pub number: u64,
    /// Of the file.
    pub bytes: u64,
    /// Of entries that somebody may read.
    pub live: u64,
    pub is_torn: bool,
}

/// What is to be removed when nobody holds an artifact any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "what is counted no more takes room until it is removed"]
pub(super) enum Gone {
    Nothing,
    /// Its file.
    File,
    /// A file of small ones, of which it was the last: its number and its bytes.
    Pack(u64, u64),
}

#[derive(Debug)]
pub(super) struct Counts {
    quota: Quota,
    entries: HashMap<ArtifactId, Entry>,
    packs: BTreeMap<u64, Pack>,
    /// Of all files that are there, and of all that is being written.
    bytes: u64,
    /// Artifacts that are there.
    there: usize,
}

impl Counts {
    pub fn new(quota: Quota) -> Self {
        Self { quota, entries: HashMap::new(), packs: BTreeMap::new(), bytes: 0, there: 0 }
    }

    /// Whether one of so many bytes shares a file.
    pub const fn is_small(&self, bytes: u64) -> bool {
        bytes <= self.quota.small
    }

    /// A file that is there. One whose content is in a pack, where it was verified, is to be removed.
    pub fn found(&mut self, id: ArtifactId, bytes: u64) -> Gone {
        if self.at(id) != At::Nowhere {
            return Gone::File;
        }
        self.bytes += bytes;
        self.put(id, bytes, At::File)
    }

    pub fn hold(&mut self, id: ArtifactId) {
        self.entries.entry(id).or_default().holders += 1;
    }

    /// What is to be removed because nobody holds it any more. A file is counted until it is [`Counts::removed`], a pack is not.
    pub fn let_go(&mut self, id: ArtifactId) -> Gone {
        let Some(entry) = self.entries.get_mut(&id) else { return Gone::Nothing };
        entry.holders = entry.holders.saturating_sub(1);
        if entry.holders > 0 {
            return Gone::Nothing;
        }
        if entry.at == At::File { Gone::File } else { self.removed(id) }
    }

    /// An artifact that is not there any more.
    pub fn removed(&mut self, id: ArtifactId) -> Gone {
        let Some(entry) = self.entries.get_mut(&id) else { return Gone::Nothing };
        let (at, bytes) = (std::mem::take(&mut entry.at), entry.bytes);
        if entry.holders == 0 {
            self.entries.remove(&id);
        }
        self.left(at, bytes)
    }

    /// The place of so many bytes is free.
    fn left(&mut self, at: At, bytes: u64) -> Gone {
        match at {
            At::Nowhere => return Gone::Nothing,
            At::File => self.bytes = self.bytes.saturating_sub(bytes),
            At::Pack(place) => {
                self.there -= 1;
                if let Some(pack) = self.packs.get_mut(&place.pack) {
                    pack.live = pack.live.saturating_sub(pack::entry_bytes(bytes));
                }
                return self.drop_if_dead(place.pack);
            }
        }
        self.there -= 1;
        Gone::Nothing
    }

    /// It lies there now, and not where it lay before.
    fn put(&mut self, id: ArtifactId, bytes: u64, at: At) -> Gone {
        let entry = self.entries.entry(id).or_default();
        let before = (std::mem::replace(&mut entry.at, at), std::mem::replace(&mut entry.bytes, bytes));
        self.there += 1;
        if let At::Pack(place) = at {
            self.packs.entry(place.pack).or_default().live += pack::entry_bytes(bytes);
        }
        let gone = self.left(before.0, before.1);
        // A file replaces one of the same name; a pack does not.
        if before.0 == At::File && at != At::File { Gone::File } else { gone }
    }

    fn drop_if_dead(&mut self, number: u64) -> Gone {
        let Some(Pack { bytes, live: 0, is_sealed: true, .. }) = self.packs.get(&number).copied() else {
            return Gone::Nothing;
        };
        self.packs.remove(&number);
        self.bytes = self.bytes.saturating_sub(bytes);
        Gone::Pack(number, bytes)
    }

    /// What is counted no more could not be removed.
    pub fn stays(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// What bytes take on the disk.
    pub const fn needed(&self, bytes: u64) -> u64 {
        if self.is_small(bytes) { pack::entry_bytes(bytes) } else { bytes }
    }

    /// Takes room for what is about to be written.
    pub fn reserve(&mut self, id: ArtifactId, bytes: u64, room: Room) -> Result<(), ArtifactError> {
        let needed = self.needed(bytes);
        let free = self.free(room);
        if needed > free {
            return Err(ArtifactError::Full { needed, free });
        }
        self.bytes += needed;
        let entry = self.entries.entry(id).or_default();
        entry.writers += 1;
        if entry.at == At::Nowhere {
            // Whoever reads it as soon as it is there knows how long it is.
            entry.bytes = bytes;
        }
        Ok(())
    }

    /// A file was written, or was not, and then nothing may lie under its name: two may write the same, and its room counts once.
    pub fn written(&mut self, id: ArtifactId, bytes: u64, is_done: bool) -> Gone {
        let entry = self.entries.entry(id).or_default();
        entry.writers = entry.writers.saturating_sub(1);
        let is_last = entry.writers == 0;
        if is_done {
            // What was there is replaced, whatever its length was.
            return self.put(id, bytes, At::File);
        }
        self.bytes = self.bytes.saturating_sub(bytes);
        if is_last && self.at(id) != At::File { Gone::File } else { Gone::Nothing }
    }

    /// A small one was written to a pack, or was not.
    pub fn packed(&mut self, id: ArtifactId, bytes: u64, place: Option<Place>) -> Gone {
        let entry = self.entries.entry(id).or_default();
        entry.writers = entry.writers.saturating_sub(1);
        match place {
            Some(place) => self.put(id, bytes, At::Pack(place)),
            None => {
                self.bytes = self.bytes.saturating_sub(pack::entry_bytes(bytes));
                Gone::Nothing
            }
        }
    }

    /// A pack that is there, with what can be read in it. Whether it is of any use is known when all are found.
    pub fn found_pack(&mut self, number: u64, bytes: u64, entries: &[Found]) {
        self.bytes += bytes;
        self.packs.insert(number, Pack { bytes, ..Pack::default() });
        for (id, offset, length) in entries {
            // In two packs after a copy: the later one has it.
            let none = self.put(*id, *length, At::Pack(Place { pack: number, offset: *offset }));
            debug_assert_eq!(none, Gone::Nothing, "none is sealed");
        }
    }

    /// Nothing is appended any more to the packs that there are.
    pub fn seal_all(&mut self) {
        self.packs.values_mut().for_each(|pack| pack.is_sealed = true);
    }

    /// Packs that are of no use.
    pub fn dead_packs(&mut self) -> Vec<Gone> {
        let numbers: Vec<u64> = self.packs.keys().copied().collect();
        let gone = numbers.into_iter().map(|number| self.drop_if_dead(number));
        gone.filter(|gone| *gone != Gone::Nothing).collect()
    }

    /// A new pack.
    pub fn begin_pack(&mut self, number: u64) {
        self.packs.insert(number, Pack::default());
    }

    /// Bytes were appended to a pack, for which room was reserved.
    pub fn extend_pack(&mut self, number: u64, by: u64) {
        self.packs.entry(number).or_default().bytes += by;
    }

    /// Nothing is appended to a pack any more. An append that failed may have left bytes in it: those are counted.
    pub fn seal(&mut self, number: u64, bytes: u64, is_torn: bool) -> Gone {
        if let Some(pack) = self.packs.get_mut(&number) {
            self.bytes += bytes.saturating_sub(pack.bytes);
            *pack = Pack { bytes: pack.bytes.max(bytes), live: pack.live, is_sealed: true, is_torn };
        }
        self.drop_if_dead(number)
    }

    /// Bytes of a pack, and of what may be read in it.
    pub fn pack(&self, number: u64) -> (u64, u64) {
        self.packs.get(&number).map_or((0, 0), |pack| (pack.bytes, pack.live))
    }

    /// Sealed packs, those with the least to copy first.
    pub fn sealed(&self) -> Vec<Sealed> {
        let of = |(number, pack): (&u64, &Pack)| {
            let Pack { bytes, live, is_torn, .. } = *pack;
            pack.is_sealed.then_some(Sealed { number: *number, bytes, live, is_torn })
        };
        let mut sealed: Vec<_> = self.packs.iter().filter_map(of).collect();
        sealed.sort_by_key(|pack| pack.live);
        sealed
    }

    /// Whether there is room for so many bytes, or would be if nothing were dead.
    pub fn has_room(&self, bytes: u64, room: Room) -> (bool, bool) {
        let dead: u64 = self.packs.values().map(|pack| pack.bytes.saturating_sub(pack.live)).sum();
        let free = self.free(room);
        (bytes <= free, bytes <= free.saturating_add(dead))
    }

    /// What may be read in a pack.
    pub fn in_pack(&self, number: u64) -> Vec<Found> {
        let of = |(id, entry): (&ArtifactId, &Entry)| match entry.at {
            At::Pack(Place { pack, offset }) if pack == number => Some((*id, offset, entry.bytes)),
            _ => None,
        };
        self.entries.iter().filter_map(of).collect()
    }

    /// Takes room for copies of small ones, if there is.
    pub fn reserve_copies(&mut self, bytes: u64) -> bool {
        let is_free = bytes <= self.quota.bytes.saturating_sub(self.bytes);
        if is_free {
            self.bytes += bytes;
        }
        is_free
    }

    /// Copies were not made.
    pub fn unreserve_copies(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// A small one was copied. Where it has gone meanwhile, or was written again, its copy is of no use.
    pub fn copied(&mut self, id: ArtifactId, from: Place, to: Place) -> Gone {
        match self.entries.get(&id) {
            Some(Entry { at: At::Pack(at), bytes, .. }) if *at == from => {
                let bytes = *bytes;
                self.put(id, bytes, At::Pack(to))
            }
            _ => Gone::Nothing,
        }
    }

    pub fn at(&self, id: ArtifactId) -> At {
        self.entries.get(&id).map(|entry| entry.at).unwrap_or_default()
    }

    /// Whether somebody is writing it.
    pub fn is_being_written(&self, id: ArtifactId) -> bool {
        self.entries.get(&id).is_some_and(|entry| entry.writers > 0)
    }

    /// Where an artifact lies that is there or is being written, and its bytes.
    pub fn find(&self, id: ArtifactId) -> Option<(At, u64)> {
        let entry = self.entries.get(&id).filter(|entry| entry.at != At::Nowhere || entry.writers > 0)?;
        Some((entry.at, entry.bytes))
    }

    pub fn unheld(&self) -> Vec<ArtifactId> {
        self.entries.iter().filter(|(_, entry)| entry.holders == 0).map(|(id, _)| *id).collect()
    }

    fn free(&self, room: Room) -> u64 {
        let most = match room {
            Room::Input => self.quota.bytes.saturating_sub(self.quota.reserve),
            Room::Result => self.quota.bytes - self.copies(),
        };
        most.saturating_sub(self.bytes)
    }

    /// Room that is for copies alone: without it, nothing of a full disk could be given back.
    fn copies(&self) -> u64 {
        if self.quota.small == 0 { 0 } else { MOST_BYTES.min(self.quota.reserve.min(self.quota.bytes) / 2) }
    }

    /// A pack of so many bytes gets nothing more: what is left in it can always be copied.
    pub fn most_pack(&self) -> u64 {
        match self.copies() {
            0 => MOST_BYTES,
            copies => copies,
        }
    }

    pub fn usage(&self) -> Usage {
        Usage { bytes: self.bytes, files: self.there, free_for_inputs: self.free(Room::Input) }
    }
}
