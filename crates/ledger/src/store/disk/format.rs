//! Tables and keys of the file.
//!
//! | table | key | value |
//! |---|---|---|
//! | `meta` | `format`, `chain_id`, `checkpoint`, `cells`, `sweep` | borsh of a `u16`, a [`ChainId`](aludel_protocol::ids::ChainId), a [`Checkpoint`](aludel_protocol::statement::Checkpoint), how many cells there are (`u64`), where the sweep is (two `u64`) |
//! | `rows` | [`row_key`] | sixteen items or fewer, see [`super::row`] |
//! | `journal` | [`journal_key`] | changes to rows, see [`super::journal`] |
//!
//! A row of base 0 is a *block*: the cells of sixteen neighbouring leaves, each with its digest. A row of base 4, 8, 12 and so
//! on is a *page*: the digests of the sixteen nodes of that height below one node; what lies between is hashed
//! again when it is read. A row without items is left out. Rows lag behind the checkpoint: the changes in
//! the journal, in its order, are to be applied to them first.

use aludel_protocol::cell::{CellAddress, Space};
use aludel_protocol::ids::AccountId;
use redb::TableDefinition;

use crate::state::tree::{depth, leaf_index};

/// Version of the format of a store on disk.
pub const FORMAT: u16 = 2;

pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
pub(super) const ROWS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rows");
pub(super) const JOURNAL: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("journal");

/// Levels of the tree in one row.
pub(super) const STEP: usize = 4;
/// Items in a row at most.
pub(super) const WIDTH: usize = 1 << STEP;

/// Where the row lies whose sixteen items have height `base` and whose top is the node `index` above them:
/// `space 2^63 + first leaf 2^8 + base`. Ascends as addresses do; what belongs to one account lies together.
pub(super) fn row_key(space: Space, base: usize, index: u64) -> u64 {
    (space as u64) << 63 | index << (base + STEP) << 8 | base as u64
}

/// Space, base and index of a key, if it is one.
pub(super) fn row_place(key: u64) -> Option<(Space, usize, u64)> {
    let space = if key >> 63 == 0 { Space::Account } else { Space::Slot };
    let (base, leaf) = (base(key), key << 1 >> 9);
    let is_base = base.is_multiple_of(STEP) && base < depth(space);
    let index = leaf.checked_shr((base + STEP) as u32)?;
    let is_place =
        is_base && row_key(space, base, index) == key && index >> (depth(space) - base - STEP) == 0;
    is_place.then_some((space, base, index))
}

/// Height of the items of a row.
pub(super) const fn base(key: u64) -> usize {
    (key & 0xff) as usize
}

/// The block in which a cell lies, and where in it.
pub(super) fn cell_place(at: &CellAddress) -> (u64, usize) {
    let leaf = leaf_index(at);
    (row_key(at.space, 0, leaf >> STEP), leaf as usize % WIDTH)
}

/// The cell at a leaf.
pub(super) const fn address(space: Space, leaf: u64) -> CellAddress {
    match space {
        Space::Account => CellAddress::account(AccountId(leaf as u32)),
        Space::Slot => CellAddress::slot(AccountId((leaf >> 16) as u32), leaf as u16),
    }
}

/// `sequence 2^16 + part`: the changes of one batch lie in as many parts as they need.
pub(super) const fn journal_key(sequence: u64, part: u16) -> u64 {
    sequence << 16 | part as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ascend_as_addresses_do() {
        let of = |n, slot| [CellAddress::account(AccountId(n)), CellAddress::slot(AccountId(n), slot)];
        let mut all: Vec<_> =
            [(0, 0), (0, u16::MAX), (16, 0), (u32::MAX, 3)].iter().flat_map(|&(n, s)| of(n, s)).collect();
        all.sort();
        all.dedup();
        assert!(all.windows(2).all(|two| cell_place(&two[0]) < cell_place(&two[1])));
        for at in &all {
            let (key, item) = cell_place(at);
            let (space, base, index) = row_place(key).expect("is a key");
            assert_eq!((address(space, index << STEP | item as u64), base), (*at, 0));
        }
    }

    #[test]
    fn only_keys_have_a_place() {
        for (space, base, index) in [
            (Space::Account, 28, 0),
            (Space::Account, 4, 3),
            (Space::Slot, 44, 0),
            (Space::Slot, 0, u64::MAX >> 20),
        ] {
            assert_eq!(row_place(row_key(space, base, index)), Some((space, base, index)));
        }
        // No such height, above the top, not the first leaf, beyond the last.
        for key in [1, 32, 1 << 63 | 48, 1 << 8, 1 << 12 | 4, 1 << 40] {
            assert_eq!(row_place(key), None, "{key:#x}");
        }
    }
}
