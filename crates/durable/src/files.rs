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
    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
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

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
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
    disk.sync_folder(folder(path))
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
