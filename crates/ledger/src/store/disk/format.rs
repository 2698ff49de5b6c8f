//! Rows of the file.
//!
//! | table | key | value |
//! |---|---|---|
//! | `meta` | `format`, `chain_id`, `checkpoint` | borsh of a `u16`, a [`ChainId`], a [`Checkpoint`] |
//! | `cells` | [`cell_key`] | the payload, 80 bytes |
//! | `pages` | [`page_key`] | [`encode_page`] |
//!
//! A page holds the digests of the sixteen nodes four levels below its top node; what lies between is hashed
//! again when it is read. Tops lie at heights 8, 12, 16 and so on: the sixteen digests below a node of height 4 are those
//! of cells and are hashed from them. A page without a row is that of an empty subtree.

use aludel_protocol::cell::{CellAddress, Payload, Space, empty_subtree};
use aludel_protocol::hash::Digest;
use aludel_protocol::ids::AccountId;
use redb::TableDefinition;

/// Version of the format of a store on disk.
pub const FORMAT: u16 = 1;

pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
pub(super) const CELLS: TableDefinition<'_, u64, &[u8; CELL_BYTES]> = TableDefinition::new("cells");
pub(super) const PAGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("pages");

pub(super) const CELL_BYTES: usize = 80;
const DIGEST_BYTES: usize = 32;

/// Levels of the tree in one page.
pub(super) const STEP: usize = 4;
/// Digests in a page.
pub(super) const WIDTH: usize = 1 << STEP;

/// `space 2^63 + account 2^16 + slot`: ascends as addresses do.
pub(super) fn cell_key(at: &CellAddress) -> u64 {
    space_bit(at.space) | u64::from(at.account.0) << 16 | u64::from(at.slot)
}

/// The address of a key, if it is one.
pub(super) fn cell_address(key: u64) -> Option<CellAddress> {
    let (account, slot) = (AccountId((key >> 16) as u32), key as u16);
    let at = match key >> 63 {
        0 => CellAddress::account(account),
        _ => CellAddress::slot(account, slot),
    };
    (cell_key(&at) == key).then_some(at)
}

/// Key of the leaf of an index.
pub(super) fn leaf_key(space: Space, index: u64) -> u64 {
    match space {
        Space::Account => index << 16,
        Space::Slot => space_bit(space) | index,
    }
}

/// Where the page lies whose sixteen digests have height `base` and whose top is the node `index` above them:
/// `space 2^63 + first leaf 2^8 + base`. So the pages of one account lie together.
pub(super) fn page_key(space: Space, base: usize, index: u64) -> u64 {
    space_bit(space) | index << (base + STEP) << 8 | base as u64
}

const fn space_bit(space: Space) -> u64 {
    (space as u64) << 63
}

/// A bit a digest that is not that of an empty subtree, least significant first, in two bytes; then these
/// digests. Nothing where there is none.
pub(super) fn encode_page(base: usize, digests: &[Digest; WIDTH]) -> Option<Vec<u8>> {
    let full = |digest: &&Digest| **digest != empty_subtree(base);
    let bits = (0..WIDTH).filter(|&i| digests[i] != empty_subtree(base)).fold(0u16, |bits, i| bits | 1 << i);
    let mut out = Vec::with_capacity(2 + DIGEST_BYTES * bits.count_ones() as usize);
    out.extend(bits.to_le_bytes());
    digests.iter().filter(full).for_each(|digest| out.extend(digest.to_bytes()));
    (bits != 0).then_some(out)
}

/// The digests of a row; `None` where it is not one that [`encode_page`] makes.
pub(super) fn decode_page(base: usize, bytes: &[u8]) -> Option<[Digest; WIDTH]> {
    let (bits, rest) = bytes.split_first_chunk()?;
    let (bits, (found, [])) = (u16::from_le_bytes(*bits), rest.as_chunks::<DIGEST_BYTES>()) else {
        return None;
    };
    let mut found = found.iter();
    let mut digests = [empty_subtree(base); WIDTH];
    for i in (0..WIDTH).filter(|i| bits >> i & 1 == 1) {
        digests[i] = Digest::from_bytes(found.next()?).filter(|digest| *digest != empty_subtree(base))?;
    }
    (bits != 0 && found.next().is_none()).then_some(digests)
}

/// The bytes of a payload.
pub(super) fn encode_cell(payload: &Payload) -> [u8; CELL_BYTES] {
    let mut out = [0; CELL_BYTES];
    let mut rest = &mut out[..];
    borsh::BorshSerialize::serialize(payload, &mut rest).expect("a payload has that many bytes");
    out
}

/// The payload of a row; `None` where it is not that of a written cell.
pub(super) fn decode_cell(bytes: &[u8; CELL_BYTES]) -> Option<Payload> {
    borsh::from_slice(bytes).ok().filter(Payload::exists)
}

#[cfg(test)]
mod tests {
    use aludel_protocol::fe;

    use super::*;

    #[test]
    fn keys_ascend_as_addresses_do() {
        let of = |n, slot| [CellAddress::account(AccountId(n)), CellAddress::slot(AccountId(n), slot)];
        let mut all: Vec<_> =
            [(0, 0), (0, u16::MAX), (1, 0), (u32::MAX, 3)].iter().flat_map(|&(n, s)| of(n, s)).collect();
        all.sort();
        all.dedup();
        assert!(all.windows(2).all(|two| cell_key(&two[0]) < cell_key(&two[1])));
        assert!(all.iter().all(|at| cell_address(cell_key(at)) == Some(*at)));
        assert_eq!(cell_address(1), None, "an account's own cell has slot 0");
        assert_eq!(cell_address(1 << 50), None);
    }

    #[test]
    fn only_what_is_encoded_decodes() {
        let mut digests = [empty_subtree(8); WIDTH];
        assert_eq!(encode_page(8, &digests), None);
        digests[3] = Digest([fe(5); 8]);
        digests[15] = Digest::ZERO;
        let bytes = encode_page(8, &digests).expect("not empty");
        assert_eq!((bytes.len(), decode_page(8, &bytes)), (66, Some(digests)));
        for len in 0..bytes.len() {
            assert_eq!(decode_page(8, &bytes[..len]), None);
        }
        assert_eq!(decode_page(8, &[&bytes[..], &[0; 32]].concat()), None);
        assert_eq!(decode_page(0, &bytes), None, "zero is the empty digest at height 0");
        assert_eq!(decode_page(8, &[0, 0]), None);
    }
}
