//! Compiled kernels on disk, by all that they depend on. Nobody needs it: what cannot be read is compiled again, what cannot be written
//! is not kept.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

/// Bytes of a digest.
const DIGEST: usize = 32;
/// End of the names of its files.
const EXTENSION: &str = "kernel";

/// A folder of compiled kernels, or none. Its files are code that devices run: it belongs to one user.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    folder: Option<PathBuf>,
    limit: u64,
}

impl Cache {
    /// Nothing is kept.
    pub fn none() -> Self {
        Self::default()
    }

    /// In a folder, which is made when it is first needed: files of `limit` bytes together, of which the oldest make room for new ones.
    pub fn at(folder: impl Into<PathBuf>, limit: u64) -> Self {
        Self { folder: Some(folder.into()), limit }
    }

    fn path(&self, key: &[u8; DIGEST]) -> Option<PathBuf> {
        let name = key.iter().fold(String::new(), |name, byte| name + &format!("{byte:02x}"));
        self.folder.as_ref().map(|folder| folder.join(name).with_extension(EXTENSION))
    }

    /// What was kept under a key, if it is whole.
    pub(crate) fn get(&self, key: &[u8; DIGEST]) -> Option<Vec<u8>> {
        let path = self.path(key).filter(|path| path.parent().is_some_and(is_ours))?;
        let mut bytes = fs::read(&path).ok()?;
        if bytes.len() < DIGEST {
            return None;
        }
        let contents = bytes.split_off(DIGEST);
        (bytes == checksum(key, &contents)).then_some(contents)
    }

    /// Keeps something, if that can be done.
    pub(crate) fn put(&self, key: &[u8; DIGEST], contents: &[u8]) {
        let Some(path) = self.path(key) else { return };
        let Some(folder) = path.parent() else { return };
        let size = (contents.len() + DIGEST) as u64;
        if size > self.limit {
            return;
        }
        // An error leaves the folder without this file, or with a whole one.
        let _ = create(folder)
            .and_then(|()| if is_ours(folder) { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) })
            .and_then(|()| self.make_room(folder, size))
            .and_then(|()| write(folder, &path, &[&checksum(key, contents), contents]));
    }

    /// Removes the oldest files until there is room.
    fn make_room(&self, folder: &Path, size: u64) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                // Another process may have removed it meanwhile.
                let Ok(about) = entry.metadata() else { continue };
                files.push((about.modified().unwrap_or(SystemTime::UNIX_EPOCH), about.len(), path));
            }
        }
        files.sort();
        let mut total = files.iter().map(|(_, length, _)| length).sum::<u64>() + size;
        for (_, length, path) in files {
            if total <= self.limit {
                break;
            }
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => total -= length,
            }
        }
        Ok(())
    }
}

/// Of the contents under their key: a file under another's name is not whole.
fn checksum(key: &[u8; DIGEST], contents: &[u8]) -> [u8; DIGEST] {
    Sha256::new().chain_update(key).chain_update(contents).finalize().into()
}

/// Whether nobody else can put code into a folder: what others can write is not used.
fn is_ours(folder: &Path) -> bool {
    #[cfg(unix)]
    let others_write = |about: &fs::Metadata| std::os::unix::fs::MetadataExt::mode(about) & 0o022 != 0;
    #[cfg(not(unix))]
    let others_write = |_: &fs::Metadata| false;
    fs::symlink_metadata(folder).is_ok_and(|about| about.is_dir() && !others_write(&about))
}

fn create(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The whole file, or none, under its name: written beside it first.
fn write(folder: &Path, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    parts.iter().try_for_each(|part| file.write_all(part))?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(folder: &Path) -> Vec<PathBuf> {
        let mut paths: Vec<_> =
            fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("one").path()).collect();
        paths.sort();
        paths
    }

    #[test]
    fn what_is_kept_comes_back_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::at(folder.path().join("deep/down"), 1 << 20);
        assert_eq!(cache.get(&[1; DIGEST]), None);
        cache.put(&[1; DIGEST], b"one");
        cache.put(&[2; DIGEST], b"two");
        assert_eq!(cache.get(&[1; DIGEST]).as_deref(), Some(&b"one"[..]));
        let [first, second] = <[PathBuf; 2]>::try_from(kept(&folder.path().join("deep/down"))).expect("two");
        let whole = fs::read(&first).expect("there");
        for length in [0, 3, DIGEST, whole.len() - 1] {
            fs::write(&first, &whole[..length]).expect("it can be written");
            assert_eq!(cache.get(&[1; DIGEST]), None, "{length} bytes");
        }
        for i in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[i] ^= 1;
            fs::write(&first, &damaged).expect("it can be written");
            assert_eq!(cache.get(&[1; DIGEST]), None, "byte {i}");
        }
        fs::copy(&second, &first).expect("it can be copied");
        assert_eq!(cache.get(&[1; DIGEST]), None, "the other's file");
        cache.put(&[1; DIGEST], b"one again");
        assert_eq!(cache.get(&[1; DIGEST]).as_deref(), Some(&b"one again"[..]));
        assert_eq!(cache.get(&[2; DIGEST]).as_deref(), Some(&b"two"[..]));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_write_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::at(folder.path(), 1 << 20);
        let allow =
            |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).expect("ours");
        cache.put(&[1; DIGEST], b"one");
        for mode in [0o777, 0o770, 0o702] {
            allow(mode);
            cache.put(&[2; DIGEST], b"two");
            assert_eq!((cache.get(&[1; DIGEST]), kept(folder.path()).len()), (None, 1), "{mode:o}");
        }
        allow(0o755);
        assert_eq!(cache.get(&[1; DIGEST]).as_deref(), Some(&b"one"[..]));
    }

    #[test]
    fn the_oldest_make_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::at(folder.path(), 3 * 100);
        let contents = [7; 100 - DIGEST];
        for key in 1..=3 {
            cache.put(&[key; DIGEST], &contents);
            let path = cache.path(&[key; DIGEST]).expect("a folder");
            let file = fs::File::options().append(true).open(path).expect("there");
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(key.into()))
                .expect("a time");
        }
        fs::write(folder.path().join("not ours"), [0; 1000]).expect("it can be written");
        cache.put(&[4; DIGEST], &contents);
        let found = [1, 2, 3, 4].map(|key| cache.get(&[key; DIGEST]).is_some());
        assert_eq!(found, [false, true, true, true]);
        cache.put(&[5; DIGEST], &[7; 300]);
        assert_eq!(cache.get(&[5; DIGEST]), None, "larger than all");
        assert_eq!(kept(folder.path()).len(), 4, "nothing else was touched");
    }

    #[test]
    fn a_folder_that_cannot_be_written_keeps_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a file");
        fs::write(&file, b"in the way").expect("it can be written");
        let cache = Cache::at(&file, 1 << 20);
        cache.put(&[1; DIGEST], b"one");
        assert_eq!(cache.get(&[1; DIGEST]), None);
        assert_eq!(fs::read(&file).expect("there"), b"in the way");
        Cache::none().put(&[1; DIGEST], b"one");
        assert_eq!(Cache::none().get(&[1; DIGEST]), None);
    }
}
