//! Passphrases: from a file or a descriptor, never from the command line or the environment, which others see.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use age::secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// No passphrase is longer.
const MAX_BYTES: usize = 1024;

/// What a keystore is encrypted under. Wiped on drop; `Debug` hides it.
#[derive(Clone, Debug)]
pub struct Passphrase(SecretString);

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// The file or descriptor does not read.
    #[error("{}: {source}", place.display())]
    Io {
        /// Where.
        place: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Others can read it.
    #[error("{}: others can read this passphrase (mode {mode:03o}); run `chmod 600` on it", place.display())]
    Mode {
        /// Where.
        place: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Nothing but a line break.
    #[error("{}: the passphrase is empty; write one into it", place.display())]
    Empty {
        /// Where.
        place: PathBuf,
    },
    /// Too long.
    #[error("{}: a passphrase has at most {MAX_BYTES} bytes; check that this is the right file", place.display())]
    Long {
        /// Where.
        place: PathBuf,
    },
    /// Not text.
    #[error("{}: the passphrase is not UTF-8; check that this is the right file", place.display())]
    Text {
        /// Where.
        place: PathBuf,
    },
}

impl Passphrase {
    /// From a file that its owner alone reads, without the line break at its end.
    ///
    /// # Errors
    /// When it does not read, others can read it, or it holds no passphrase.
    pub fn from_file(path: &Path) -> Result<Self, PassphraseError> {
        let place = path.to_owned();
        let read = || -> io::Result<(File, u32, bool)> {
            let file = File::open(path)?;
            let meta = file.metadata()?;
            Ok((file, meta.permissions().mode() & 0o777, meta.is_file()))
        };
        let (file, mode, is_file) =
            read().map_err(|source| PassphraseError::Io { place: place.clone(), source })?;
        // A pipe is as private as whoever made it.
        if is_file && mode & 0o077 != 0 {
            return Err(PassphraseError::Mode { place, mode });
        }
        Self::read(file, place)
    }

    /// From an open descriptor of this process, up to its end.
    ///
    /// # Errors
    /// When it does not read or holds no passphrase.
    pub fn from_descriptor(number: u32) -> Result<Self, PassphraseError> {
        let place = PathBuf::from(format!("/dev/fd/{number}"));
        let file =
            File::open(&place).map_err(|source| PassphraseError::Io { place: place.clone(), source })?;
        Self::read(file, place)
    }

    /// From text that the caller holds.
    ///
    /// # Errors
    /// When it is empty or too long.
    pub fn new(text: &str) -> Result<Self, PassphraseError> {
        Self::read(text.as_bytes(), PathBuf::from("passphrase"))
    }

    fn read(input: impl Read, place: PathBuf) -> Result<Self, PassphraseError> {
        // One more than fits with a line break, to see that there is more; the buffer never grows.
        const MOST: usize = MAX_BYTES + "\r\n".len() + 1;
        let mut bytes = Zeroizing::new(Vec::with_capacity(MOST + 1));
        if let Err(source) = input.take(MOST as u64).read_to_end(&mut bytes) {
            return Err(PassphraseError::Io { place, source });
        }
        if bytes.len() == MOST {
            return Err(PassphraseError::Long { place });
        }
        let Ok(text) = std::str::from_utf8(&bytes) else { return Err(PassphraseError::Text { place }) };
        let line = text.strip_suffix('\n').unwrap_or(text);
        match line.strip_suffix('\r').unwrap_or(line) {
            "" => Err(PassphraseError::Empty { place }),
            text if text.len() > MAX_BYTES => Err(PassphraseError::Long { place }),
            text => Ok(Self(SecretString::from(text))),
        }
    }

    pub(super) fn secret(&self) -> SecretString {
        SecretString::from(self.0.expose_secret())
    }
}
