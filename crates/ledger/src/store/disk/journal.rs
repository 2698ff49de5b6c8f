//! The changes of a batch, as the journal holds them: where the sweep was (round, key); then of each change the key, the
//! places (two bytes) and what is there from then on.

use super::format::row_place;
use super::overlay::Sweep;
use super::row::{Delta, item_bytes};

/// Bytes of a part at most: with what the database adds, a power of two.
const PART_BYTES: usize = (1 << 20) - (1 << 12);

/// The parts of a batch.
pub(super) fn encode<'a>(sweep: Sweep, changes: impl Iterator<Item = (u64, &'a Delta)>) -> Vec<Vec<u8>> {
    let head = [sweep.round.to_le_bytes(), sweep.next.to_le_bytes()].concat();
    let mut parts = vec![head.clone()];
    for (key, delta) in changes {
        let full = parts.last().is_some_and(|part| part.len() + 10 + delta.row.len() > PART_BYTES);
        if full {
            parts.push(head.clone());
        }
        if let Some(part) = parts.last_mut() {
            part.extend(key.to_le_bytes());
            part.extend(delta.changed.to_le_bytes());
            part.extend(&delta.row);
        }
    }
    parts
}

/// The changes of a part; `None` where it is not one that [`encode`] makes.
pub(super) fn decode(part: &[u8]) -> Option<(Sweep, Vec<(u64, Delta)>)> {
    let (round, part) = part.split_first_chunk()?;
    let (next, mut part) = part.split_first_chunk()?;
    let sweep = Sweep { round: u64::from_le_bytes(*round), next: u64::from_le_bytes(*next) };
    let mut changes = Vec::new();
    while !part.is_empty() {
        let (key, rest) = part.split_first_chunk()?;
        let (changed, rest) = rest.split_first_chunk()?;
        let (key, changed) = (u64::from_le_bytes(*key), u16::from_le_bytes(*changed));
        row_place(key)?;
        let mask = u16::from_le_bytes(*rest.first_chunk()?);
        let (row, rest) = rest.split_at_checked(2 + item_bytes(key) * mask.count_ones() as usize)?;
        if mask & !changed != 0 {
            return None;
        }
        changes.push((key, Delta { changed, row: row.to_vec() }));
        part = rest;
    }
    Some((sweep, changes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::format::row_key;
    use crate::store::disk::row::row;
    use aludel_protocol::cell::Space;

    const SWEEP: Sweep = Sweep { round: 3, next: 1 << 40 };

    #[test]
    fn parts_read_back() {
        let change = |i: u64| {
            let items = [(i as usize % 16, [i as u8; 32])];
            (row_key(Space::Slot, 4, i), Delta { changed: 1 << (i % 16), row: row(items) })
        };
        let changes: Vec<_> = (0..50_000).map(change).collect();
        let parts = encode(SWEEP, changes.iter().map(|(key, delta)| (*key, delta)));
        assert!(parts.len() > 1 && parts.iter().all(|part| part.len() <= PART_BYTES));
        let read =
            |part: &Vec<u8>| decode(part).filter(|(sweep, _)| *sweep == SWEEP).map(|(_, changes)| changes);
        let read: Option<Vec<_>> = parts.iter().map(read).collect();
        assert_eq!(read.map(|read| read.concat()), Some(changes.clone()));
        let one = &encode(SWEEP, changes[..1].iter().map(|(key, delta)| (*key, delta)))[0];
        assert!((0..one.len()).filter(|len| *len != 16).all(|len| decode(&one[..len]).is_none()));
        let mut bad = one.clone();
        bad[16] = 3;
        assert_eq!(decode(&bad), None, "no row has that key");
        let mut bad = one.clone();
        bad[16 + 8] = 2;
        assert_eq!(decode(&bad), None, "an item at a place that does not change");
    }
}
