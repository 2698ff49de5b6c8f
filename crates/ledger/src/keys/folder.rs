//! The files of a keystore in their folder: who may have them, who holds them, what is in them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aludel_protocol::codec::{self, HEADER_BYTES, Kind};

use super::error::KeystoreError;
use super::usage::{Usage, usage_path};
use aludel_durable::files::{self, beside};

/// No keystore of ours is larger: a million keys are an eighth of it.
const MAX_BYTES: u64 = 1 << 30;

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> KeystoreError {
    let path = path.to_owned();
    move |source| KeystoreError::Io { path, source }
}

/// The file itself, behind links: its usage record lies beside it, and not beside the link.
pub(super) fn canonical(path: &Path) -> Result<PathBuf, KeystoreError> {
    fs::canonicalize(path).map_err(io_at(path))
}

/// The same for a file that is not there yet.
pub(super) fn canonical_new(path: &Path) -> Result<PathBuf, KeystoreError> {
    let folder = fs::canonicalize(files::folder(path)).map_err(io_at(path))?;
    match path.file_name() {
        Some(name) if !path.is_dir() => Ok(folder.join(name)),
        _ => Err(KeystoreError::Folder { path: path.to_owned() }),
    }
}

/// Holds a keystore while the result lives. Its file stays: removing it would let two processes hold two.
pub(super) fn lock(keystore: &Path) -> Result<File, KeystoreError> {
    let path = beside(keystore, "", ".lock");
    let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = open.map_err(io_at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(KeystoreError::Locked { path }),
        Err(TryLockError::Error(source)) => Err(KeystoreError::Io { path, source }),
    }
}

/// Neither file of a new keystore may be there. A usage record alone is of a keystore that is gone, whose seed may
/// be the new one's too.
pub(super) fn check_absent(keystore: &Path) -> Result<(), KeystoreError> {
    let remedy = [
        (keystore.to_owned(), "name another file"),
        (usage_path(keystore), "restore its keystore; if no key of it was ever used, remove it"),
    ];
    for (path, remedy) in remedy {
        // Not `exists`: a link to nothing counts too.
        if fs::symlink_metadata(&path).is_ok() {
            return Err(KeystoreError::Exists { path, remedy });
        }
    }
    Ok(())
}

/// Whether it looks like a keystore that its owner alone has.
pub(super) fn probe(path: &Path) -> Result<(), KeystoreError> {
    open(path, Kind::Keystore, 0o077).map(|_| ())
}

/// The whole file.
pub(super) fn read_keystore(path: &Path) -> Result<Vec<u8>, KeystoreError> {
    read(path, Kind::Keystore, 0o077)
}

/// The usage record beside a keystore. It is public, but nobody else may write it.
pub(super) fn read_usage(keystore: &Path) -> Result<Usage, KeystoreError> {
    let path = usage_path(keystore);
    let bytes = match read(&path, Kind::KeyUsage, 0o022) {
        Err(KeystoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Err(KeystoreError::UsageMissing { path });
        }
        Err(KeystoreError::Decode(source)) => return Err(KeystoreError::UsageDamaged { path, source }),
        bytes => bytes?,
    };
    Usage::decode(&bytes).map_err(|source| KeystoreError::UsageDamaged { path, source })
}

/// What a usage record that is not the right one still tells; one that tells nothing is kept under another name.
pub(super) fn set_aside(keystore: &Path) -> Result<Option<Usage>, KeystoreError> {
    match read_usage(keystore) {
        Ok(usage) => Ok(Some(usage)),
        Err(KeystoreError::UsageDamaged { path, .. }) => {
            fs::rename(&path, beside(&path, "", ".damaged")).map_err(io_at(&path))?;
            Ok(None)
        }
        Err(KeystoreError::UsageMissing { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

fn read(path: &Path, kind: Kind, forbidden: u32) -> Result<Vec<u8>, KeystoreError> {
    let (file, mut bytes) = open(path, kind, forbidden)?;
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(io_at(path))?;
    Ok(bytes)
}

/// Opens a file of a kind, of one name, without the forbidden permission bits; also the header that was read.
fn open(path: &Path, kind: Kind, forbidden: u32) -> Result<(File, Vec<u8>), KeystoreError> {
    let mut file = File::open(path).map_err(io_at(path))?;
    let meta = file.metadata().map_err(io_at(path))?;
    let path = || path.to_owned();
    if meta.is_dir() {
        return Err(KeystoreError::Folder { path: path() });
    }
    if meta.len() > MAX_BYTES {
        return Err(KeystoreError::Large { path: path(), found: meta.len(), most: MAX_BYTES });
    }
    let mut header = Vec::with_capacity(HEADER_BYTES);
    let taken = Read::by_ref(&mut file).take(HEADER_BYTES as u64).read_to_end(&mut header);
    taken.map_err(|source| KeystoreError::Io { path: path(), source })?;
    codec::body(kind, &header)?;
    if meta.mode() & forbidden != 0 {
        return Err(KeystoreError::Mode { path: path(), mode: meta.mode() & 0o777 });
    }
    match meta.nlink() {
        1 => Ok((file, header)),
        names => Err(KeystoreError::Linked { path: path(), names }),
    }
}
