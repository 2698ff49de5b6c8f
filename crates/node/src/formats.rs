//! Bytes to values, with the file's name in every complaint. Queue and statement are read as JSON too.

use aludel_ledger::batch::{Chain, Queue, SealedBatch};
use aludel_ledger::keys::Key;
use aludel_protocol::claim::Claim;
use aludel_protocol::codec::{self, DecodeError, MAGIC};
use aludel_protocol::pubdata::PublishedBatch;
use aludel_protocol::{SignedTransaction, Statement};
use serde::de::DeserializeOwned;

use crate::exit::{Failure, Kind, OrFail};
use crate::files::Place;

/// A signed transaction.
pub fn transaction(place: &Place, bytes: &[u8]) -> Result<SignedTransaction, Failure> {
    codec::decode(codec::Kind::Transaction, bytes).or_fail(Kind::Undecodable, place)
}

/// A sealed batch. Whether it is true is seen by replaying it.
pub fn batch(place: &Place, bytes: &[u8]) -> Result<SealedBatch, Failure> {
    SealedBatch::from_bytes(bytes).or_fail(Kind::Undecodable, place)
}

/// What is published of a batch.
pub fn pubdata(place: &Place, bytes: &[u8]) -> Result<PublishedBatch, Failure> {
    PublishedBatch::from_bytes(bytes).or_fail(Kind::Undecodable, place)
}

/// A claim. Whether it holds, a statement says.
pub fn claim(place: &Place, bytes: &[u8]) -> Result<Claim, Failure> {
    Claim::from_bytes(bytes).or_fail(Kind::Undecodable, place)
}

/// A state snapshot.
pub fn state(place: &Place, bytes: &[u8]) -> Result<Chain, Failure> {
    Chain::from_bytes(bytes).or_fail(Kind::Undecodable, place)
}

/// A secret key.
pub fn key(place: &Place, bytes: &[u8]) -> Result<Key, Failure> {
    Key::decode(bytes).or_fail(Kind::Undecodable, place)
}

/// The L1 queue, binary or JSON.
pub fn queue(place: &Place, bytes: &[u8]) -> Result<Queue, Failure> {
    either(place, bytes, Queue::from_bytes)
}

/// A statement, binary or JSON.
pub fn statement(place: &Place, bytes: &[u8]) -> Result<Statement, Failure> {
    either(place, bytes, |bytes| codec::decode(codec::Kind::Statement, bytes))
}

/// JSON of exactly the fields that `T` has.
pub fn json<T: DeserializeOwned>(place: &Place, bytes: &[u8]) -> Result<T, Failure> {
    if let Err(e) = std::str::from_utf8(bytes) {
        let reason = format!("{place}: not UTF-8 at byte {}; give JSON text", e.valid_up_to());
        return Err(Failure::new(Kind::Undecodable, reason));
    }
    serde_json::from_slice(bytes).or_fail(Kind::Undecodable, place)
}

fn either<T: DeserializeOwned>(
    place: &Place,
    bytes: &[u8],
    binary: impl Fn(&[u8]) -> Result<T, DecodeError>,
) -> Result<T, Failure> {
    let is_text = bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    match bytes.starts_with(&MAGIC) || !is_text {
        true => binary(bytes).or_fail(Kind::Undecodable, place),
        false => json(place, bytes),
    }
}
