//! Who holds what, and how much room is left: counting alone, no file.

use std::collections::HashMap;

use super::ArtifactError;
use crate::ids::ArtifactId;

/// How much may lie in the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Bytes of all artifacts together.
    pub bytes: u64,
    /// Bytes of these that are for [`Room::Result`] alone: what was accepted can be finished though nothing more is accepted.
    pub reserve: u64,
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
    /// Bytes of artifacts, and of those that are being written.
    pub bytes: u64,
    /// Artifacts that are there.
    pub files: usize,
    /// Bytes that are left for inputs.
    pub free_for_inputs: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// Of the file, or of the last one that was there.
    bytes: u64,
    holders: u64,
    /// Who is writing it.
    writers: u32,
    is_there: bool,
}

#[derive(Debug)]
pub(super) struct Counts {
    quota: Quota,
    entries: HashMap<ArtifactId, Entry>,
    /// Of all files that are there, and of all that are being written.
    bytes: u64,
}

impl Counts {
    pub fn new(quota: Quota) -> Self {
        Self { quota, entries: HashMap::new(), bytes: 0 }
    }

    /// A file that is there.
    pub fn found(&mut self, id: ArtifactId, bytes: u64) {
        self.entries.insert(id, Entry { bytes, is_there: true, ..Entry::default() });
        self.bytes += bytes;
    }

    pub fn hold(&mut self, id: ArtifactId) {
        self.entries.entry(id).or_default().holders += 1;
    }

    /// Whether a file is there that nobody holds any more.
    pub fn let_go(&mut self, id: ArtifactId) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return false };
        entry.holders = entry.holders.saturating_sub(1);
        if entry.holders == 0 && !entry.is_there {
            self.entries.remove(&id);
            return false;
        }
        entry.holders == 0
    }

    /// A file that is not there any more.
    pub fn removed(&mut self, id: ArtifactId) {
        let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.is_there) else { return };
        self.bytes = self.bytes.saturating_sub(entry.bytes);
        entry.is_there = false;
        if entry.holders == 0 {
            self.entries.remove(&id);
        }
    }

    /// Takes room for a file that is about to be written.
    pub fn reserve(&mut self, id: ArtifactId, needed: u64, room: Room) -> Result<(), ArtifactError> {
        let free = self.free(room);
        if needed > free {
            return Err(ArtifactError::Full { needed, free });
        }
        self.bytes += needed;
        let entry = self.entries.entry(id).or_default();
        entry.writers += 1;
        if !entry.is_there {
            // Whoever reads it as soon as it is there knows how long it is.
            entry.bytes = needed;
        }
        Ok(())
    }

    /// A file was written, or was not: two may write the same, and its room counts once. Whether nothing must lie under its name.
    pub fn written(&mut self, id: ArtifactId, bytes: u64, is_done: bool) -> bool {
        let entry = self.entries.entry(id).or_default();
        entry.writers = entry.writers.saturating_sub(1);
        // What was there is replaced, whatever its length was.
        let gone = match (is_done, entry.is_there) {
            (true, true) => entry.bytes,
            (true, false) => 0,
            (false, _) => bytes,
        };
        self.bytes = self.bytes.saturating_sub(gone);
        if is_done {
            (entry.is_there, entry.bytes) = (true, bytes);
        }
        !entry.is_there && entry.writers == 0
    }

    pub fn is_there(&self, id: ArtifactId) -> bool {
        self.entries.get(&id).is_some_and(|entry| entry.is_there)
    }

    /// Whether somebody is writing it.
    pub fn is_being_written(&self, id: ArtifactId) -> bool {
        self.entries.get(&id).is_some_and(|entry| entry.writers > 0)
    }

    /// Bytes of a file that is there or is being written.
    pub fn bytes_of(&self, id: ArtifactId) -> Option<u64> {
        let entry = self.entries.get(&id).filter(|entry| entry.is_there || entry.writers > 0)?;
        Some(entry.bytes)
    }

    pub fn unheld(&self) -> Vec<ArtifactId> {
        self.entries.iter().filter(|(_, entry)| entry.holders == 0).map(|(id, _)| *id).collect()
    }

    fn free(&self, room: Room) -> u64 {
        let most = match room {
            Room::Input => self.quota.bytes.saturating_sub(self.quota.reserve),
            Room::Result => self.quota.bytes,
        };
        most.saturating_sub(self.bytes)
    }

    pub fn usage(&self) -> Usage {
        let files = self.entries.values().filter(|entry| entry.is_there).count();
        Usage { bytes: self.bytes, files, free_for_inputs: self.free(Room::Input) }
    }
}
