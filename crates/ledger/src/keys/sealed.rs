//! Encryption under a passphrase: the age format (age-encryption.org/v1) with its one scrypt recipient.

use std::io::Read;
use std::iter;

use age::{DecryptError, Decryptor, Identity, scrypt};
use zeroize::Zeroizing;

use super::passphrase::Passphrase;

/// What a guess of the passphrase costs: `2^log2` rounds of scrypt over `2^(log2 + 10)` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work(pub(super) u8);

impl Work {
    /// 2^18 rounds: 0.9 s and 256 MiB on an AMD EPYC core.
    pub const STANDARD: Self = Self(18);

    /// As little as there is. For tests: it protects no secret.
    pub const LEAST: Self = Self(1);

    /// What this build opens: 1 GiB. A hostile file asks for more.
    pub(super) const MOST: Self = Self(20);
}

/// Why sealed bytes do not open.
#[derive(Debug)]
pub(super) enum OpenError {
    /// Another passphrase, or damaged where that looks the same.
    Passphrase,
    /// More work than [`Work::MOST`].
    Work { required: u8 },
    /// Not what age wrote.
    Damaged { reason: String },
}

/// Encrypts; two calls differ by their random salt.
pub(super) fn seal(plain: &[u8], passphrase: &Passphrase, work: Work) -> Result<Vec<u8>, String> {
    let mut recipient = scrypt::Recipient::new(passphrase.secret());
    recipient.set_work_factor(work.0);
    age::encrypt(&recipient, plain).map_err(|e| e.to_string())
}

/// Decrypts; what comes out is wiped on drop and was never anywhere else.
pub(super) fn open(sealed: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let mut identity = scrypt::Identity::new(passphrase.secret());
    identity.set_max_work_factor(Work::MOST.0);
    let decryptor = Decryptor::new_buffered(sealed).map_err(reason)?;
    let mut reader = decryptor.decrypt(iter::once(&identity as &dyn Identity)).map_err(reason)?;
    // Large enough from the start: a buffer that grows leaves copies behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.read_to_end(&mut plain).map_err(|e| OpenError::Damaged { reason: e.to_string() })?;
    Ok(plain)
}

fn reason(error: DecryptError) -> OpenError {
    match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed | DecryptError::NoMatchingKeys => {
            OpenError::Passphrase
        }
        DecryptError::ExcessiveWork { required, .. } => OpenError::Work { required },
        other => OpenError::Damaged { reason: other.to_string() },
    }
}
