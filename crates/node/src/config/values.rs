//! Values that are more than text or number.

use std::str::FromStr;
use std::time::Duration;

/// Bytes, as `512MiB`, `64 GB` or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes: bytesize::ByteSize =
            text.parse().map_err(|_| "give a number of bytes, such as 512MiB or 64GB".to_owned())?;
        Ok(Self(bytes.as_u64()))
    }
}

/// A time, as `30s`, `5min` or `7days`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience(pub Duration);

impl FromStr for Patience {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = humantime::parse_duration(text);
        parsed.map(Self).map_err(|e| format!("{e}; give a time, such as 30s, 5min or 7days"))
    }
}
