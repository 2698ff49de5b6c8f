//! Public keys.

use aludel_protocol::field::MODULUS;
use aludel_protocol::hash::compress24;
use aludel_protocol::params::XMSS_PARAMETER;
use aludel_protocol::xmss::{Parameter, key_input};
use aludel_protocol::{Digest, KeyDigest, fe};
use p3_field::PrimeField32;
use serde::{Deserialize, Serialize};

use super::window::Window;

/// What a wallet shows of a key. An account holds only its digest; parameter and root travel in signatures.
///
/// JSON: `key`, `parameter` (five integers below `p`), `root` and `window`. What does not hash to `key` does not
/// parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct PublicKey {
    /// Separates the hashes of this key from those of others.
    pub parameter: Parameter,
    /// Root of the tree of one-time keys.
    pub root: Digest,
    /// The epochs at which it can sign. Advice for the owner: no verifier reads it.
    pub window: Window,
}

impl PublicKey {
    /// What an account's leaf holds.
    pub fn digest(&self) -> KeyDigest {
        Digest(compress24(key_input(&self.parameter, &self.root)))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    key: KeyDigest,
    parameter: [u32; XMSS_PARAMETER],
    root: Digest,
    window: Window,
}

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the key's parameter holds {0}, which is not below the field order; export the key again")]
    Parameter(u32),
    #[error("parameter and root hash to {found}, not to the key {expected}; export the key again")]
    Digest { expected: KeyDigest, found: KeyDigest },
}

impl TryFrom<Written> for PublicKey {
    type Error = Refused;

    fn try_from(w: Written) -> Result<Self, Refused> {
        if let Some(x) = w.parameter.into_iter().find(|x| *x >= MODULUS) {
            return Err(Refused::Parameter(x));
        }
        let public = Self { parameter: w.parameter.map(fe), root: w.root, window: w.window };
        match public.digest() {
            found if found == w.key => Ok(public),
            found => Err(Refused::Digest { expected: w.key, found }),
        }
    }
}

impl From<PublicKey> for Written {
    fn from(public: PublicKey) -> Self {
        Self {
            key: public.digest(),
            parameter: public.parameter.map(|x| x.as_canonical_u32()),
            root: public.root,
            window: public.window,
        }
    }
}
