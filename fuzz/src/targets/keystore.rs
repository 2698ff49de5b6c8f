//! Keystores: the file with the secrets.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use aludel_ledger::keys::{Keystore, KeystoreError, NewKeys, OnLoss, Passphrase, Signer, Work, usage_path};
use aludel_ledger::xmss::Window;
use aludel_protocol::codec::{Kind, body};
use aludel_protocol::{ChainId, Epoch};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::memory::bounded;
use crate::{Target, Verdict};

/// The family.
pub const TARGETS: &[Target] = &[Target { name: "keystore", kind: crate::Kind::Keystore, run, seeds }];

/// What [`make`] wrote once: each keystore has a salt of its own, and inputs are to be the same in every run. The
/// ignored test below writes it again.
const KEYSTORE: &[u8] = include_bytes!("../../seeds/keystore");

/// What the seed asks of scrypt, in its header: [`Work::LEAST`].
const WORK: &[u8] = b"1";

/// Bytes of memory for one of the seed: opening takes 1 MiB, whatever the size of the file.
const FACTOR: usize = 10_000;

/// The record beside [`KEYSTORE`]; it has no salt.
static USAGE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let (_folder, path) = make();
    fs::read(usage_path(&path)).expect("it was written")
});

fn seeds() -> Vec<Vec<u8>> {
    vec![KEYSTORE.to_vec()]
}

/// What opens is what was written: its bytes are under a MAC from end to end. Everything else is refused as damaged,
/// or as under another passphrase, before its record is looked at.
fn run(data: &[u8]) -> Verdict {
    if asks_for_other_work(data) {
        return Verdict::Refused;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("k");
    write(&path, data);
    write(&usage_path(&path), &USAGE);
    use KeystoreError::{Decode, WrongPassphrase};
    match bounded(KEYSTORE, FACTOR, || Keystore::open(&path, &passphrase(), OnLoss::Refuse)) {
        Ok(opened) => {
            assert!(data == KEYSTORE, "a keystore opens that nobody wrote");
            assert_eq!(opened.usage().encode(), *USAGE);
            Verdict::Accepted
        }
        Err(Decode(_) | WrongPassphrase) => Verdict::Refused,
        Err(other) => panic!("not refused as damaged: {other}"),
    }
}

/// Whether age might do other work than the seed's: up to 2^20 rounds and 1 GiB are ours to do, by design. The
/// ledger's tests hold that bound.
fn asks_for_other_work(data: &[u8]) -> bool {
    let Ok(sealed) = body(Kind::Keystore, data) else { return false };
    let lines = sealed.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"-> scrypt "));
    lines.filter_map(|line| line.split(|byte| *byte == b' ').nth(3)).any(|work| work != WORK)
}

fn write(path: &Path, data: &[u8]) {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(data)).expect("a temporary file takes it");
}

/// What keystores here are under.
pub(super) fn passphrase() -> Passphrase {
    Passphrase::new("correct horse").expect("neither empty nor long")
}

/// A keystore with the keys of signers.
pub(super) fn create(path: &Path, signers: &[Signer]) -> Keystore {
    let signers: Vec<_> = signers.iter().collect();
    let new = NewKeys { seed: Zeroizing::new([3; 32]), counter: 99, work: Work::LEAST, signers };
    Keystore::create(path, &passphrase(), new).expect("a temporary folder takes it")
}

/// A keystore of two keys in a folder of its own.
fn make() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("k");
    let window = Window::new(Epoch(0), 2).expect("aligned");
    create(&path, &[]).add(ChainId(9), window, None, 2).expect("added");
    (folder, path)
}

#[cfg(test)]
mod tests {
    use aludel_protocol::codec::HEADER_BYTES;

    use super::*;

    #[test]
    #[ignore = "writes the seed: for a new version of the format"]
    fn freeze() {
        let (_folder, path) = make();
        let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/keystore");
        fs::write(seed, fs::read(path).expect("it was written")).expect("the source tree takes it");
    }

    #[test]
    fn other_work_is_skipped_and_the_seeds_is_not() {
        let text = String::from_utf8_lossy(KEYSTORE);
        let (before, after) = text.split_once(" 1\n").expect("the header names its work");
        assert!(before.contains("-> scrypt "), "{before}");
        assert!(!asks_for_other_work(KEYSTORE));
        let at = KEYSTORE.windows(3).position(|three| three == b" 1\n").expect("as above");
        assert!(at > HEADER_BYTES && !after.is_empty());
        for other in ["2", "20", "12", ""] {
            let changed = [&KEYSTORE[..=at], other.as_bytes(), &KEYSTORE[at + 2..]].concat();
            assert!(asks_for_other_work(&changed), "{other}");
        }
    }
}
