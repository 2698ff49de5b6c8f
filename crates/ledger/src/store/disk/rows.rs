//! Reading rows of one committed state.

use aludel_protocol::cell::{CellAddress, Payload, Space, empty_subtree};
use rayon::prelude::*;
use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable, ReadableTableMetadata};

use super::format::*;
use super::guard::Guard;
use super::page::Page;
use crate::state::hashing::cell_digests;
use crate::state::tree::leaf_index;
use crate::store::StoreError;

type Cell = (CellAddress, Payload);

/// Below this many rows, another thread costs more than it brings.
const PARALLEL_MIN: usize = 64;

/// The tables as one batch left them.
pub(super) struct Rows {
    cells: ReadOnlyTable<u64, &'static [u8; CELL_BYTES]>,
    pages: ReadOnlyTable<u64, &'static [u8]>,
    guard: Guard,
}

impl Rows {
    pub fn begin(database: &Database, guard: &Guard) -> Result<Self, StoreError> {
        let (cells, pages) = guard.call(|| {
            let transaction = database.begin_read()?;
            Ok::<_, redb::Error>((transaction.open_table(CELLS)?, transaction.open_table(PAGES)?))
        })?;
        Ok(Self { cells, pages, guard: guard.clone() })
    }

    /// What a cell holds, unchecked.
    pub fn get(&self, at: &CellAddress) -> Result<Payload, StoreError> {
        let bytes = self
            .guard
            .call(|| Ok::<_, redb::Error>(self.cells.get(cell_key(at))?.map(|row| *row.value())))?;
        bytes.map_or(Ok(Payload::EMPTY), |bytes| self.payload(at, &bytes))
    }

    pub fn count(&self) -> Result<u64, StoreError> {
        self.guard.call(|| self.cells.len())
    }

    pub fn count_pages(&self) -> Result<u64, StoreError> {
        self.guard.call(|| self.pages.len())
    }

    /// Every cell, in order of address.
    pub fn cells(&self) -> Result<impl Iterator<Item = Result<Cell, StoreError>>, StoreError> {
        let mut range = self.guard.call(|| ReadableTable::range::<u64>(&self.cells, ..))?;
        let next = move || {
            let row = self.guard.call(|| {
                let row = range.next().transpose()?;
                Ok::<_, redb::Error>(row.map(|(key, value)| (key.value(), *value.value())))
            });
            row.transpose().map(|row| row.and_then(|(key, bytes)| self.cell(key, &bytes)))
        };
        Ok(std::iter::from_fn(next))
    }

    /// The row of a page, unchecked; that of an empty subtree where there is none.
    pub fn page(&self, space: Space, base: usize, index: u64) -> Result<Page, StoreError> {
        let digests = self.guard.call(|| {
            let row = self.pages.get(page_key(space, base, index))?;
            Ok::<_, redb::Error>(
                row.map_or(Some([empty_subtree(base); WIDTH]), |row| decode_page(base, row.value())),
            )
        })?;
        let place = || format!("the page of {space:?} {index} at height {base} cannot be read");
        digests.map(|digests| Page::new(index, &digests)).ok_or_else(|| self.guard.damaged(place()))
    }

    /// Pages in the order of `indices`, unchecked.
    pub fn pages(&self, space: Space, base: usize, indices: &[u64]) -> Result<Vec<Page>, StoreError> {
        let read = indices.par_iter().with_min_len(PARALLEL_MIN);
        read.map(|index| self.page(space, base, *index)).collect()
    }

    /// The cells of blocks of sixteen leaves, with the blocks' pages; both in the order of `blocks`.
    pub fn blocks(&self, space: Space, blocks: &[u64]) -> Result<(Vec<Cell>, Vec<Page>), StoreError> {
        let read = blocks.par_iter().with_min_len(PARALLEL_MIN);
        let cells: Vec<_> = read.map(|block| self.block(space, *block)).collect::<Result<_, _>>()?;
        let all = cells.concat();
        let mut digests = cell_digests(&all).into_iter();
        let page = |(block, cells): (&u64, &Vec<Cell>)| {
            let mut page = [empty_subtree(0); WIDTH];
            for ((at, _), digest) in cells.iter().zip(&mut digests) {
                page[leaf_index(at) as usize % WIDTH] = digest;
            }
            Page::new(*block, &page)
        };
        let pages = blocks.iter().zip(&cells).map(page).collect();
        Ok((all, pages))
    }

    fn block(&self, space: Space, block: u64) -> Result<Vec<Cell>, StoreError> {
        let first = block << STEP;
        let [first, last] = [first, first + (WIDTH as u64 - 1)].map(|leaf| leaf_key(space, leaf));
        let mut rows = Vec::with_capacity(WIDTH);
        self.guard.call(|| {
            for row in ReadableTable::range(&self.cells, first..=last)? {
                let (key, value) = row?;
                rows.push((key.value(), *value.value()));
            }
            Ok::<_, redb::Error>(())
        })?;
        rows.into_iter().map(|(key, bytes)| self.cell(key, &bytes)).collect()
    }

    fn cell(&self, key: u64, bytes: &[u8; CELL_BYTES]) -> Result<Cell, StoreError> {
        let no_address = || self.guard.damaged(format!("no cell has the key {key:#x}"));
        let at = cell_address(key).ok_or_else(no_address)?;
        Ok((at, self.payload(&at, bytes)?))
    }

    fn payload(&self, at: &CellAddress, bytes: &[u8; CELL_BYTES]) -> Result<Payload, StoreError> {
        decode_cell(bytes).ok_or_else(|| self.guard.damaged(format!("cell {at:?} cannot be read")))
    }
}
