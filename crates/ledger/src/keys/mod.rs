//! Keys in a wallet's hands: the file a key is kept in, and the signer that never signs twice at one epoch.

mod file;
mod signer;

#[cfg(test)]
mod tests;

pub use file::Key;
pub use signer::{Signer, SignerError, sign_many};
