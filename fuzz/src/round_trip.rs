//! What every decoder promises: bounded memory, and one encoding a value.

use core::fmt::{Debug, Display};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::memory::{FACTOR, bounded};

/// Decodes bytes and checks that the value encodes to the same ones, and that an error says something.
///
/// # Panics
/// Where not, or where decoding took more than [`FACTOR`] times the memory of its input.
pub fn binary<T, E: Display>(
    data: &[u8],
    decode: impl FnOnce(&[u8]) -> Result<T, E>,
    encode: impl FnOnce(&T) -> Vec<u8>,
) -> Option<T> {
    within(FACTOR, data, decode, encode).map_err(|error| assert!(!error.to_string().is_empty())).ok()
}

/// [`binary`] with another bound on memory, and with the error.
///
/// # Errors
/// The decoder's.
///
/// # Panics
/// Where the value does not encode to the same bytes, or where decoding took more than `factor` times the memory
/// of its input.
pub fn within<T, E>(
    factor: usize,
    data: &[u8],
    decode: impl FnOnce(&[u8]) -> Result<T, E>,
    encode: impl FnOnce(&T) -> Vec<u8>,
) -> Result<T, E> {
    let value = bounded(data, factor, || decode(data))?;
    let again = encode(&value);
    let differs = again.iter().zip(data).position(|(a, b)| a != b);
    assert!(
        again == data,
        "not canonical: {} bytes encode to {}, first difference at {differs:?}",
        data.len(),
        again.len()
    );
    Ok(value)
}

/// Reads JSON, of which one value has many spellings, and checks that what we write of it reads back as the same.
///
/// # Panics
/// Where not, or where decoding took more than [`FACTOR`] times the memory of its input.
pub fn json<T: DeserializeOwned + Serialize + PartialEq + Debug>(data: &[u8]) -> Option<T> {
    let value: T = bounded(data, FACTOR, || serde_json::from_slice(data)).ok()?;
    let text = serde_json::to_vec(&value).expect("our records have string keys");
    let again: T = serde_json::from_slice(&text).expect("reads what it wrote");
    assert_eq!(value, again);
    Some(value)
}
