//! Generalised XMSS with target-sum encoding (eprint 2025/055, 2025/1332) over Poseidon2 on KoalaBear: keys,
//! signatures, and the walk from a signature to the key that it opens.
//!
//! What is hashed is fixed in [`aludel_protocol::xmss`]; this module computes it, many lanes at a time. Nothing
//! here remembers which epochs were used: that is [`crate::keys`]. Parameters and their strength are argued in
//! `docs/decisions/0002-xmss-parameters.md`.

mod chain;
mod keygen;
mod lanes;
mod public;
mod secret;
mod sign;
mod tree;
mod verify;
mod walk;
mod window;

#[cfg(test)]
mod tests;

pub use keygen::{SecretKey, generate_many};
pub use public::PublicKey;
pub use secret::Derivation;
pub use sign::{SignError, sign_many};
pub use verify::{AllDigits, Claim, VerifyError, verify};
pub use walk::{Walk, verify_batch, walk_batch};
pub use window::{Window, WindowError};
