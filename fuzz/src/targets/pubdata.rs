//! Published data: decoded, and executed on a chain.

use aludel_ledger::SealedBatch;
use aludel_ledger::batch::Rebuild;
use aludel_protocol::pubdata::{PublishedBatch, Reader};

use crate::world::WORLD;
use crate::{Kind, Target, Verdict, round_trip};

/// The family.
pub const TARGETS: &[Target] = &[
    Target { name: "pubdata", kind: Kind::State, run: decode, seeds: decode_seeds },
    Target { name: "rebuild", kind: Kind::State, run: rebuild, seeds: rebuild_seeds },
];

/// Bytes of memory for one of published data: an entry is 96 bytes in memory and may be two in the file.
const FACTOR: usize = 150;

fn published(sealed: &SealedBatch) -> PublishedBatch {
    sealed.published().expect("an honest batch")
}

fn decode_seeds() -> Vec<Vec<u8>> {
    WORLD.batches.iter().chain(&WORLD.small).map(|sealed| published(sealed).to_bytes()).collect()
}

fn read(data: &[u8]) -> Option<PublishedBatch> {
    let decoded = round_trip::within(FACTOR, data, PublishedBatch::from_bytes, PublishedBatch::to_bytes);
    decoded.map_err(|error| assert!(!error.to_string().is_empty())).ok()
}

/// Whole and entry by entry, the data say the same.
fn decode(data: &[u8]) -> Verdict {
    let batch = read(data);
    let entries = Reader::new(data).and_then(|mut reader| {
        let mut entries = Vec::new();
        reader.try_for_each(|entry| entry.map(|entry| entries.push(entry))).map(|()| entries)
    });
    match (batch, entries) {
        (Some(batch), Ok(entries)) => {
            assert_eq!(batch.entries(), entries);
            assert_eq!(batch.position(entries.len()), data.len());
            Verdict::Accepted
        }
        (None, Err(_)) => Verdict::Refused,
        (batch, entries) => panic!("{batch:?} and {entries:?}"),
    }
}

/// Every small batch as the next one.
fn rebuild_seeds() -> Vec<Vec<u8>> {
    let numbered = |sealed| {
        let mut batch = published(sealed);
        batch.number = WORLD.small[0].batch.header.number;
        batch.to_bytes()
    };
    WORLD.small.iter().map(numbered).collect()
}

/// From bytes and from the decoded batch the chain goes on alike, or stays.
fn rebuild(data: &[u8]) -> Verdict {
    let mut streamed = Rebuild::from_chain(WORLD.base.clone());
    let outcome = streamed.bytes(data, &mut WORLD.items.iter().copied());
    match &outcome {
        Ok(rebuilt) => assert_eq!(streamed.chain().checkpoint, rebuilt.next),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(*streamed.chain(), WORLD.base);
        }
    }
    let Some(batch) = read(data) else {
        assert!(outcome.is_err(), "executed, but does not decode");
        return Verdict::Refused;
    };
    let mut whole = Rebuild::from_chain(WORLD.base.clone());
    assert_eq!(whole.batch(&batch, &mut WORLD.items.iter().copied()), outcome);
    assert_eq!(whole.chain(), streamed.chain());
    Verdict::Accepted
}
