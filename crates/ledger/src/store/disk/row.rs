//! What a row holds: items of one size at some of sixteen places, and changes to them.
//!
//! A bit a place that holds an item, least significant first, in two bytes; then the items. An item of a block is a
//! cell's payload (80 bytes) and digest, one of a page a digest (32 bytes) that is not that of an empty subtree.

use aludel_protocol::cell::{Payload, empty_subtree};
use aludel_protocol::hash::Digest;

use super::format::{WIDTH, base};

const PAYLOAD_BYTES: usize = 80;
const DIGEST_BYTES: usize = 32;
const MASK_BYTES: usize = 2;

/// Bytes of an item in the row of a key.
pub(super) const fn item_bytes(key: u64) -> usize {
    if base(key) == 0 { PAYLOAD_BYTES + DIGEST_BYTES } else { DIGEST_BYTES }
}

/// The items of a row. Of one that came from the file, [`Items::read`] has checked the length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Items<'a> {
    pub mask: u16,
    bytes: &'a [u8],
    size: usize,
}

impl<'a> Items<'a> {
    /// `None` where the length is not what the places say.
    pub fn read(key: u64, row: &'a [u8]) -> Option<Self> {
        let (mask, bytes) = row.split_first_chunk()?;
        let (mask, size) = (u16::from_le_bytes(*mask), item_bytes(key));
        (bytes.len() == size * mask.count_ones() as usize).then_some(Self { mask, bytes, size })
    }

    /// The item at a place.
    pub fn get(&self, place: usize) -> Option<&'a [u8]> {
        if self.mask >> place & 1 == 0 {
            return None;
        }
        let before = (self.mask & ((1 << place) - 1)).count_ones() as usize;
        self.bytes.get(before * self.size..)?.get(..self.size)
    }

    /// The digests of all sixteen places; `None` where one is not in canonical form.
    pub fn digests(&self, base: usize) -> Option<[Digest; WIDTH]> {
        let mut digests = [empty_subtree(base); WIDTH];
        let (mut items, mut mask) = (self.bytes.chunks_exact(self.size), self.mask);
        while mask != 0 {
            let digest = Digest::from_bytes(items.next()?.last_chunk()?)?;
            digests[mask.trailing_zeros() as usize] = Some(digest).filter(|d| *d != empty_subtree(base))?;
            mask &= mask - 1;
        }
        Some(digests)
    }
}

/// What a cell's item holds; `None` where that is no written cell.
pub(super) fn payload(item: &[u8]) -> Option<Payload> {
    let bytes: &[u8; PAYLOAD_BYTES] = item.first_chunk()?;
    borsh::from_slice(bytes).ok().filter(Payload::exists)
}

/// The item of a written cell.
pub(super) fn cell_item(payload: &Payload, digest: &Digest) -> Vec<u8> {
    let mut out = Vec::with_capacity(PAYLOAD_BYTES + DIGEST_BYTES);
    borsh::BorshSerialize::serialize(payload, &mut out).expect("writing to a vector does not fail");
    out.extend(digest.to_bytes());
    out
}

/// A row of these items, at places in ascending order.
pub(super) fn row<I: AsRef<[u8]>>(items: impl IntoIterator<Item = (usize, I)>) -> Vec<u8> {
    let (mut out, mut mask) = (vec![0; MASK_BYTES], 0u16);
    for (place, item) in items {
        mask |= 1 << place;
        out.extend_from_slice(item.as_ref());
    }
    out[..MASK_BYTES].copy_from_slice(&mask.to_le_bytes());
    out
}

/// The row of a page.
pub(super) fn page_row(base: usize, digests: &[Digest; WIDTH]) -> Vec<u8> {
    let full = digests.iter().enumerate().filter(|(_, digest)| **digest != empty_subtree(base));
    row(full.map(|(place, digest)| (place, digest.to_bytes())))
}

/// Whether a row has no items.
pub(super) fn is_empty(row: &[u8]) -> bool {
    row.starts_with(&[0; MASK_BYTES])
}

/// A change of some places of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Delta {
    /// A bit a place that changes.
    pub changed: u16,
    /// A row of what is at these places from then on.
    pub row: Vec<u8>,
}

impl Delta {
    /// A change of every place.
    pub const fn whole(row: Vec<u8>) -> Self {
        Self { changed: u16::MAX, row }
    }

    /// The row after the change; `None` where one of them is not of the form.
    pub fn apply(&self, key: u64, old: &[u8]) -> Option<Vec<u8>> {
        let (old, new) = (Items::read(key, old)?, Items::read(key, &self.row)?);
        let mask = old.mask & !self.changed | new.mask;
        let mut out = Vec::with_capacity(MASK_BYTES + item_bytes(key) * mask.count_ones() as usize);
        out.extend(mask.to_le_bytes());
        for place in (0..WIDTH).filter(|place| mask >> place & 1 == 1) {
            out.extend_from_slice(if self.changed >> place & 1 == 1 { new } else { old }.get(place)?);
        }
        Some(out)
    }

    /// This change, then a later one.
    pub fn then(&mut self, key: u64, later: Self) -> Option<()> {
        self.row = if later.changed == u16::MAX { later.row } else { later.apply(key, &self.row)? };
        self.changed |= later.changed;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use aludel_protocol::cell::Space;
    use aludel_protocol::fe;

    use super::*;
    use crate::store::disk::format::row_key;

    fn key() -> u64 {
        row_key(Space::Account, 8, 0)
    }

    #[test]
    fn only_what_is_encoded_decodes() {
        let mut digests = [empty_subtree(8); WIDTH];
        assert!(is_empty(&page_row(8, &digests)));
        digests[3] = Digest([fe(5); 8]);
        digests[15] = Digest::ZERO;
        let bytes = page_row(8, &digests);
        let read = |bytes: &[u8]| Items::read(key(), bytes)?.digests(8);
        assert_eq!((bytes.len(), read(&bytes)), (66, Some(digests)));
        for len in 0..bytes.len() {
            assert_eq!(read(&bytes[..len]), None);
        }
        assert_eq!(read(&[&bytes[..], &[0; 32]].concat()), None);
        let zero = Items::read(key(), &bytes).and_then(|items| items.digests(0));
        assert_eq!(zero, None, "zero is the empty digest at height 0");
        assert_eq!(read(&[&[1, 0], &[0xff; 32][..]].concat()), None, "not below the field's order");
    }

    #[test]
    fn changes_follow_each_other() {
        let of =
            |items: &[(usize, u8)]| row(items.iter().map(|(place, byte)| (*place, [*byte; DIGEST_BYTES])));
        let old = of(&[(0, 1), (4, 2), (15, 3)]);
        let mut first = Delta { changed: 1 | 1 << 7, row: of(&[(7, 9)]) };
        let second = Delta { changed: 1 << 7 | 1 << 15, row: of(&[(7, 8), (15, 5)]) };
        let both = second.apply(key(), &first.apply(key(), &old).expect("fits")).expect("fits");
        assert_eq!(both, of(&[(4, 2), (7, 8), (15, 5)]));
        first.then(key(), second).expect("fits");
        assert_eq!(first.apply(key(), &old), Some(both));
        first.then(key(), Delta::whole(of(&[]))).expect("fits");
        assert_eq!(first, Delta::whole(of(&[])));
        assert_eq!(first.apply(key(), &old[1..]), None);
    }
}
