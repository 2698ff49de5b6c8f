//! Files as commands see them: `-` for the standard streams, bounded reads, writes that are whole or absent.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::exit::{Failure, Kind, OrFail};

/// No input of ours is larger: a batch of the largest shape with its part of the state is a tenth of it.
const MAX_BYTES: u64 = 1 << 30;

/// A path, or `-` for a standard stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Standard input or output.
    Stream,
    /// A file.
    File(PathBuf),
}

impl From<&str> for Place {
    fn from(s: &str) -> Self {
        if s == "-" { Self::Stream } else { Self::File(s.into()) }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stream => f.write_str("standard stream"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Place {
    /// The whole content.
    pub fn read(&self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let read = match self {
            Self::Stream => io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes),
            Self::File(path) => open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes),
        };
        read.or_fail(Kind::Usage, self)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(too_large(self));
        }
        Ok(bytes)
    }

    /// Fails where others can read a file that holds a secret. A pipe is as private as whoever made it.
    pub fn check_private(&self, what: &str) -> Result<(), Failure> {
        let Self::File(path) = self else { return Ok(()) };
        let meta = fs::metadata(path).or_fail(Kind::Usage, self)?;
        let mode = meta.permissions().mode() & 0o777;
        if meta.is_file() && mode & 0o077 != 0 {
            let reason = format!("{self}: others can read {what} (mode {mode:03o}); run `chmod 600` on it");
            return Err(Failure::new(Kind::Usage, reason));
        }
        Ok(())
    }

    /// Whether it can be read more than once: not so streams and pipes.
    pub fn is_regular(&self) -> bool {
        matches!(self, Self::File(path) if !is_device(path))
    }

    /// At most the first `bytes` of a file.
    pub fn read_start(&self, bytes: u64) -> Result<Vec<u8>, Failure> {
        let mut start = Vec::new();
        if let Self::File(path) = self {
            open(path)?.take(bytes).read_to_end(&mut start).or_fail(Kind::Usage, self)?;
        }
        Ok(start)
    }

    /// The whole content as text.
    pub fn read_text(&self) -> Result<String, Failure> {
        String::from_utf8(self.read()?).map_err(|e| {
            Failure::new(
                Kind::Undecodable,
                format!("{self}: not UTF-8 at byte {}", e.utf8_error().valid_up_to()),
            )
        })
    }

    /// Writes everything, or leaves what was there.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stream => {
                let mut out = io::stdout().lock();
                out.write_all(bytes).and_then(|()| out.flush()).or_fail(Kind::Usage, self)
            }
            Self::File(path) if is_device(path) => {
                let write = || fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
                write().or_fail(Kind::Usage, self)
            }
            Self::File(path) => write_whole(path, bytes, 0o644),
        }
    }

    /// Fails where [`Place::write`] is bound to: to be asked before long work or a spent key.
    pub fn check_writable(&self) -> Result<(), Failure> {
        let Self::File(path) = self else { return Ok(()) };
        let folder = Folder::of(path).0;
        if !folder.is_dir() {
            return Err(Failure::new(
                Kind::Usage,
                format!("{self}: {} is no folder; make it", folder.display()),
            ));
        }
        match path.is_dir() {
            true => Err(is_directory(path)),
            false => Ok(()),
        }
    }
}

fn is_directory(path: &Path) -> Failure {
    Failure::new(Kind::Usage, format!("{}: is a directory; name a file in it", path.display()))
}

/// Whether a path names what a rename must not replace: a device, a pipe.
fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

fn too_large(place: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        Kind::Undecodable,
        format!("{place}: larger than {MAX_BYTES} bytes, which no file of ours is; check the path"),
    )
}

fn open(path: &Path) -> Result<File, Failure> {
    let file = File::open(path).or_fail(Kind::Usage, path.display())?;
    let meta = file.metadata().or_fail(Kind::Usage, path.display())?;
    if meta.is_dir() {
        return Err(Failure::new(
            Kind::Usage,
            format!("{}: is a directory; name a file in it", path.display()),
        ));
    }
    Ok(file)
}

/// Writes a file under a temporary name beside its own, syncs it and renames it: a reader sees the old
/// content or the new, never a part. `mode` are its permission bits.
pub fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let temporary = temporary(path)?;
    let written = write_temporary(&temporary, bytes, mode)
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| Folder::of(path).sync());
    if written.is_err() {
        // Best effort: the error that matters is the one above.
        let _ = fs::remove_file(&temporary);
    }
    written.or_fail(Kind::Usage, path.display())
}

/// A name beside a file's own, for the time in which it is not whole.
fn temporary(path: &Path) -> Result<PathBuf, Failure> {
    let name = path
        .file_name()
        .ok_or_else(|| Failure::new(Kind::Usage, format!("{}: names no file", path.display())))?;
    Ok(path.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id())))
}

/// A folder in which files are made.
pub struct Folder(PathBuf);

impl Folder {
    /// The folder that a file lies in.
    pub fn of(path: &Path) -> Self {
        Self(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned())
    }

    /// The folder of a name.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Waits until no other process of ours holds the folder; holds it while the result lives. It leaves no
    /// file.
    pub fn lock(&self) -> Result<File, Failure> {
        let lock = || File::open(&self.0).and_then(|folder| folder.lock().map(|()| folder));
        lock().or_fail(Kind::Usage, self.0.display())
    }

    /// Makes the names in it durable.
    fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

fn write_temporary(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    // What a crash of another process with our number left would keep its own mode.
    let _ = fs::remove_file(path);
    let mut file = create(path, mode)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

/// Makes a folder, with those above it.
pub fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).or_fail(Kind::Usage, path.display())
}
