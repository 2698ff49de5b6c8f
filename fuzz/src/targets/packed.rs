//! Records of fixed width, as Ethereum hashes them.

use aludel_protocol::records::Packed;
use aludel_protocol::{Checkpoint, Header, QueueItem, Statement, Withdrawal};

use crate::world::WORLD;
use crate::{Kind, Target, Verdict, round_trip};

/// The family.
pub const TARGETS: &[Target] = &[Target { name: "packed", kind: Kind::Statement, run, seeds }];

fn seeds() -> Vec<Vec<u8>> {
    let (chain, last) = (&WORLD.chain, &WORLD.batches[2]);
    let statement = Statement::new(chain.chain_id, last.prev, chain.checkpoint);
    let replayed = aludel_ledger::replay(last, &crate::world::trusting).expect("an honest batch");
    vec![
        WORLD.items[0].to_packed(),
        replayed.withdrawals[0][1].to_packed(),
        last.batch.header.to_packed(),
        last.prev.to_packed(),
        statement.to_packed(),
    ]
}

/// The record whose width the input has; no two have the same.
fn run(data: &[u8]) -> Verdict {
    match data.len() {
        QueueItem::BYTES => check::<QueueItem>(data),
        Withdrawal::BYTES => check::<Withdrawal>(data),
        Header::BYTES => check::<Header>(data),
        Checkpoint::BYTES => check::<Checkpoint>(data),
        Statement::BYTES => check::<Statement>(data),
        _ => Verdict::Refused,
    }
}

/// Borsh and packed bytes of these records are the same.
fn check<T: Packed + borsh::BorshDeserialize + borsh::BorshSerialize>(data: &[u8]) -> Verdict {
    let unpack = |mut bytes: &[u8]| T::unpack(&mut bytes);
    let unpacked = round_trip::binary(data, unpack, T::to_packed).is_some();
    let encode = |value: &T| borsh::to_vec(value).expect("a vector takes everything");
    let read = round_trip::binary(data, borsh::from_slice::<T>, encode).is_some();
    assert_eq!(unpacked, read, "one encoding");
    if unpacked { Verdict::Accepted } else { Verdict::Refused }
}
