//! The file that a key is kept in.

use std::io::{self, Read, Write};

use aludel_protocol::codec::{self, DecodeError, Kind};
use aludel_protocol::{ChainId, Epoch};
use borsh::{BorshDeserialize, BorshSerialize};
use zeroize::Zeroizing;

use crate::xmss::{Derivation, Window};

/// All that a key is made from, and how far it has been used. The tree of one-time keys is computed again when
/// a [`super::Signer`] is made.
///
/// File ([`Kind::Key`]): seed 32 bytes, chain id `u64`, counter `u64`, window start `u32` and log size `u8`, next
/// epoch `u32`. It is not encrypted. Wiped on drop; `Debug` hides the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub(super) from: Derivation,
    pub(super) window: Window,
    pub(super) next_epoch: u32,
}

impl Key {
    /// A key that has signed nothing. The caller vouches that this derivation and window were never used before.
    pub const fn new(from: Derivation, window: Window) -> Self {
        Self { from, window, next_epoch: window.start().0 }
    }

    /// What the key derives from.
    pub const fn derivation(&self) -> &Derivation {
        &self.from
    }

    /// The epochs at which it can sign.
    pub const fn window(&self) -> Window {
        self.window
    }

    /// The first epoch that is unused; one past the window when there is none.
    pub const fn next_epoch(&self) -> Epoch {
        Epoch(self.next_epoch)
    }

    /// The whole file. A file written before a signature was made must never be used after it.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(codec::encode(Kind::Key, self))
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// When it is another kind of file or damaged: no window, or a next epoch outside of it.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(Kind::Key, bytes)
    }
}

impl BorshSerialize for Key {
    fn serialize<W: Write>(&self, w: &mut W) -> io::Result<()> {
        let Self { from, window, next_epoch } = self;
        w.write_all(&from.seed)?;
        BorshSerialize::serialize(&(from.chain_id, from.counter), w)?;
        BorshSerialize::serialize(&(*window, *next_epoch), w)
    }
}

impl BorshDeserialize for Key {
    fn deserialize_reader<R: Read>(r: &mut R) -> io::Result<Self> {
        let seed = Zeroizing::new(<[u8; 32]>::deserialize_reader(r)?);
        let (chain_id, counter) = <(ChainId, u64)>::deserialize_reader(r)?;
        let (window, next_epoch) = <(Window, u32)>::deserialize_reader(r)?;
        let used_up = window.last().0 + 1;
        if !(window.start().0..=used_up).contains(&next_epoch) {
            let text = format!("next epoch {next_epoch} is not in the window {}..={used_up}", window.start());
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(Self { from: Derivation { seed: *seed, chain_id, counter }, window, next_epoch })
    }
}
