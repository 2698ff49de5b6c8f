//! Files that are whole and on the disk once the call returns.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The steps that a replacement takes, so that a test can cut the power between any two of them.
pub trait Disk {
    /// An open file.
    type Open;
    /// A new file of mode 0600.
    fn create(&self, path: &Path) -> io::Result<Self::Open>;
    /// Appends.
    fn write(&self, file: &mut Self::Open, bytes: &[u8]) -> io::Result<()>;
    /// Makes the file's content durable.
    fn sync(&self, file: &Self::Open) -> io::Result<()>;
    /// Gives a file another's name, in one step.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes durable what is found there: the names in a folder, the bytes of a file.
    fn sync_path(&self, path: &Path) -> io::Result<()>;
    /// Removes a name.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The real one.
#[derive(Clone, Copy, Debug)]
pub struct Files;

impl Disk for Files {
    type Open = File;

    fn create(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_path(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// Makes a folder, with those above it, where it is not there. Afterwards it survives a power cut, and so do the names that are seen in it: whoever wrote
/// them may have ended before they were durable.
pub fn make_folder<D: Disk>(disk: &D, path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> =
        path.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists()).collect();
    fs::create_dir_all(path)?;
    disk.sync_path(path)?;
    missing.into_iter().try_for_each(|made| disk.sync_path(folder(made)))
}

/// Replaces a file or makes it. Afterwards it survives a power cut; until then what was there does. The caller
/// holds the lock: the temporary name is the same for all.
pub fn replace<D: Disk>(disk: &D, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = beside(path, ".", ".tmp");
    // What a killed process left.
    let _ = disk.remove(&temporary);
    let mut file = disk.create(&temporary)?;
    disk.write(&mut file, bytes)?;
    disk.sync(&file)?;
    disk.rename(&temporary, path)?;
    disk.sync_path(folder(path))
}

/// The name of a file with something before and after it.
pub fn beside(path: &Path, before: &str, after: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(before);
    name.push(path.file_name().unwrap_or_default());
    name.push(after);
    path.with_file_name(name)
}

/// The folder that a file lies in.
pub fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// The real disk, which notes what was synced.
    #[derive(Default)]
    struct Notes(Mutex<Vec<PathBuf>>);

    impl Disk for Notes {
        type Open = File;

        fn create(&self, path: &Path) -> io::Result<File> {
            Files.create(path)
        }

        fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
            Files.write(file, bytes)
        }

        fn sync(&self, file: &File) -> io::Result<()> {
            Files.sync(file)
        }

        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            Files.rename(from, to)
        }

        fn sync_path(&self, folder: &Path) -> io::Result<()> {
            self.0.lock().expect("nobody panics").push(folder.to_owned());
            Files.sync_path(folder)
        }

        fn remove(&self, path: &Path) -> io::Result<()> {
            Files.remove(path)
        }
    }

    #[test]
    fn what_names_a_new_folder_is_synced() {
        let root = tempfile::tempdir().expect("a folder");
        let root = root.path();
        let synced = |path: &Path| {
            let notes = Notes::default();
            make_folder(&notes, path).expect("makes");
            assert!(path.is_dir());
            notes.0.into_inner().expect("nobody panics")
        };
        let deep = root.join("a/b");
        assert_eq!(synced(&deep), [deep.clone(), root.join("a"), root.to_owned()]);
        assert_eq!(synced(&deep)[..], *std::slice::from_ref(&deep), "it was there");
        assert_eq!(synced(&deep.join("c")), [deep.join("c"), deep.clone()]);
        fs::write(root.join("file"), b"").expect("writes");
        assert!(make_folder(&Notes::default(), &root.join("file")).is_err());
    }
}
