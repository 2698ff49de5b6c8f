//! Bytes to values, with the file's name in every complaint. Queue and statement are read as JSON too.

use aludel_ledger::batch::{Queue, SealedBatch};
use aludel_ledger::keys::Usage;
use aludel_protocol::claim::Claim;
use aludel_protocol::codec::{self, DecodeError, MAGIC};
use aludel_protocol::pubdata::{PublishedBatch, Reader};
use aludel_protocol::{BatchNumber, Packed, SignedTransaction, Statement};
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

/// How far the keys of a keystore are used.
pub fn usage(place: &Place, bytes: &[u8]) -> Result<Usage, Failure> {
    Usage::decode(bytes).or_fail(Kind::Undecodable, place)
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

/// Files of batches in order of their numbers, whatever a shell made of `*.bin`. Where one of them is a stream or
/// a pipe the order is the caller's.
pub fn in_order(places: &[Place]) -> Result<Vec<&Place>, Failure> {
    if !places.iter().all(Place::is_regular) {
        return Ok(places.iter().collect());
    }
    let numbered = |place| Ok((batch_number(&Place::read_start(place, START)?), place));
    let mut numbered = places.iter().map(numbered).collect::<Result<Vec<_>, Failure>>()?;
    numbered.sort_by_key(|(number, _)| *number);
    Ok(numbered.into_iter().map(|(_, place)| place).collect())
}

/// Enough of a batch or of published data to know which batch it is.
const START: u64 = 32;

/// The batch of which a file is, by how it starts; nothing where that cannot be told, which reading the file will.
fn batch_number(start: &[u8]) -> Option<BatchNumber> {
    match codec::kind_of(start).ok()? {
        codec::Kind::Pubdata => Some(Reader::new(start).ok()?.number()),
        codec::Kind::Batch => {
            // A sealed batch starts with the number of the one before.
            let mut body = codec::body(codec::Kind::Batch, start).ok()?;
            let before = BatchNumber::unpack(&mut body).ok()?;
            before.0.checked_add(1).map(BatchNumber)
        }
        _ => None,
    }
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
