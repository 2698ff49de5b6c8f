//! Reading rows of one committed state: what the table holds, with the changes that wait.

use core::cmp::Ordering;

use aludel_protocol::cell::{CellAddress, Payload, Space};
use rayon::prelude::*;
use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable};

use super::format::*;
use super::guard::Guard;
use super::overlay::Overlay;
use super::page::Page;
use super::row::{Delta, Items, is_empty, payload};
use crate::state::tree::leaf_index;
use crate::store::StoreError;

type Cell = (CellAddress, Payload);
/// Key and bytes.
type Row = (u64, Vec<u8>);

/// Below this many rows, another thread costs more than it brings.
const PARALLEL_MIN: usize = 64;

/// The rows as one batch left them.
pub(super) struct Rows {
    table: ReadOnlyTable<u64, &'static [u8]>,
    overlay: Overlay,
    /// Written cells, as the file says.
    pub count: u64,
    guard: Guard,
}

impl Rows {
    /// The state that was committed last.
    pub fn begin(
        database: &Database,
        guard: &Guard,
        overlay: Overlay,
        count: u64,
    ) -> Result<Self, StoreError> {
        let table = guard.call(|| Ok::<_, redb::Error>(database.begin_read()?.open_table(ROWS)?))?;
        Ok(Self { table, overlay, count, guard: guard.clone() })
    }

    /// What waits, for the next state.
    pub fn into_overlay(self) -> Overlay {
        self.overlay
    }

    /// What a cell holds, unchecked.
    pub fn get(&self, at: &CellAddress) -> Result<Payload, StoreError> {
        let (key, place) = cell_place(at);
        // A cell that waits need not be looked up.
        if let Some(delta) = self.overlay.get(key).filter(|delta| delta.changed >> place & 1 == 1) {
            return self.payload_in(key, &delta.row, at);
        }
        let found = self.guard.call(|| {
            let row = self.table.get(key)?;
            Ok::<_, redb::Error>(row.map(|row| self.payload_in(key, row.value(), at)))
        })?;
        found.unwrap_or(Ok(Payload::EMPTY))
    }

    /// What the row of its block holds of a cell.
    fn payload_in(&self, key: u64, row: &[u8], at: &CellAddress) -> Result<Payload, StoreError> {
        let items = Items::read(key, row).ok_or_else(|| self.unreadable(key))?;
        let Some(item) = items.get(cell_place(at).1) else { return Ok(Payload::EMPTY) };
        payload(item).ok_or_else(|| self.guard.damaged(format!("cell {at:?} cannot be read")))
    }

    /// Every cell, in order of address.
    pub fn cells(&self) -> Result<impl Iterator<Item = Result<Cell, StoreError>>, StoreError> {
        let cells = |row: Result<Row, StoreError>| match row.and_then(|(key, row)| self.cells_in(key, &row)) {
            Ok(cells) => cells.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        };
        Ok(self.all()?.flat_map(cells))
    }

    /// The cells of a block; none of a page.
    pub fn cells_in(&self, key: u64, row: &[u8]) -> Result<Vec<Cell>, StoreError> {
        let no_place = || self.guard.damaged(format!("no row has the key {key:#x}"));
        let (space, base, block) = row_place(key).ok_or_else(no_place)?;
        let mask = Items::read(key, row).ok_or_else(|| self.unreadable(key))?.mask;
        let places = (0..WIDTH as u64).filter(|place| base == 0 && mask >> place & 1 == 1);
        let addresses = places.map(|place| address(space, block << STEP | place));
        addresses.map(|at| Ok((at, self.payload_in(key, row, &at)?))).collect()
    }

    /// Every row, in order of key.
    pub fn all(&self) -> Result<impl Iterator<Item = Result<Row, StoreError>>, StoreError> {
        let mut range = self.guard.call(|| ReadableTable::range::<u64>(&self.table, ..))?;
        let table = std::iter::from_fn(move || {
            let row = self.guard.call(|| {
                let row = range.next().transpose()?;
                Ok::<_, redb::Error>(row.map(|(key, row)| (key.value(), row.value().to_vec())))
            });
            row.transpose()
        });
        let (mut table, mut waiting) = (table.peekable(), self.overlay.iter().peekable());
        Ok(std::iter::from_fn(move || {
            loop {
                let order = match (table.peek(), waiting.peek()) {
                    (Some(Ok((key, _))), Some((other, _))) => key.cmp(other),
                    (None, Some(_)) => Ordering::Greater,
                    _ => return table.next(),
                };
                let old = if order == Ordering::Greater { None } else { table.next()?.ok() };
                let change = if order == Ordering::Less { None } else { waiting.next() };
                let key = old.as_ref().map(|(key, _)| *key).or(change.map(|(key, _)| key))?;
                let row = self.merge(key, old.map(|(_, row)| row), change.map(|(_, delta)| delta));
                if let Some(row) = row.transpose() {
                    return Some(row.map(|row| (key, row)));
                }
            }
        }))
    }

    /// The row of a page, unchecked; that of an empty subtree where there is none.
    pub fn page(&self, space: Space, base: usize, index: u64) -> Result<Page, StoreError> {
        self.row(row_key(space, base, index), |items| Some(Page::new(index, &items.digests(base)?)))
    }

    /// Pages in the order of `indices`, unchecked.
    pub fn pages(&self, space: Space, base: usize, indices: &[u64]) -> Result<Vec<Page>, StoreError> {
        let read = indices.par_iter().with_min_len(PARALLEL_MIN);
        read.map(|index| self.page(space, base, *index)).collect()
    }

    /// Blocks in order of index, unchecked: the digests of their cells; and what the blocks hold of the cells at
    /// these addresses (sorted).
    pub fn blocks(
        &self,
        space: Space,
        indices: &[u64],
        addresses: &[CellAddress],
    ) -> Result<(Vec<Page>, Vec<Cell>), StoreError> {
        let read = indices.par_iter().with_min_len(PARALLEL_MIN).map(|index| {
            let start = addresses.partition_point(|at| leaf_index(at) >> STEP < *index);
            let of_block = addresses[start..].iter().take_while(|at| leaf_index(at) >> STEP == *index);
            self.block(row_key(space, 0, *index), *index, of_block)
        });
        let (pages, cells): (_, Vec<_>) = read.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        Ok((pages, cells.concat()))
    }

    fn block<'a>(
        &self,
        key: u64,
        index: u64,
        addresses: impl Iterator<Item = &'a CellAddress>,
    ) -> Result<(Page, Vec<Cell>), StoreError> {
        self.row(key, |items| {
            let cell = |at: &CellAddress| {
                let item = items.get(cell_place(at).1);
                Some((*at, item.map_or(Some(Payload::EMPTY), payload)?))
            };
            let cells = addresses.map(cell).collect::<Option<_>>()?;
            Some((Page::new(index, &items.digests(0)?), cells))
        })
    }

    /// Reads a row, without a copy where nothing of it waits or all of it.
    fn row<T>(&self, key: u64, read: impl FnOnce(Items<'_>) -> Option<T>) -> Result<T, StoreError> {
        const NONE: &[u8] = &[0; 2];
        let read = |row: &[u8]| Items::read(key, row).and_then(read);
        let change = self.overlay.get(key);
        let found = match change.filter(|delta| delta.changed == u16::MAX) {
            Some(delta) => read(&delta.row),
            None => self.guard.call(|| {
                let row = self.table.get(key)?;
                let row = row.as_ref().map(|row| row.value());
                Ok::<_, redb::Error>(match (row, change) {
                    (Some(row), _) if is_empty(row) => None,
                    (row, Some(delta)) => delta.apply(key, row.unwrap_or(NONE)).and_then(|row| read(&row)),
                    (row, None) => read(row.unwrap_or(NONE)),
                })
            })?,
        };
        found.ok_or_else(|| self.unreadable(key))
    }

    fn merge(
        &self,
        key: u64,
        old: Option<Vec<u8>>,
        change: Option<&Delta>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        merge(key, old, change).ok_or_else(|| self.unreadable(key))
    }

    fn unreadable(&self, key: u64) -> StoreError {
        unreadable(&self.guard, key)
    }
}

/// A row of the table after a change, and that it is gone; the outer `None` where it is not of the form.
pub(super) fn merge(key: u64, old: Option<Vec<u8>>, change: Option<&Delta>) -> Option<Option<Vec<u8>>> {
    if old.as_deref().is_some_and(is_empty) {
        return None;
    }
    let new = match (old, change) {
        (old, None) => return Some(old),
        (None, Some(delta)) => delta.row.clone(),
        (Some(old), Some(delta)) => delta.apply(key, &old)?,
    };
    Some(Some(new).filter(|row| !is_empty(row)))
}

/// What is said of a row that cannot be read.
pub(super) fn unreadable(guard: &Guard, key: u64) -> StoreError {
    match row_place(key) {
        Some((space, base, index)) => {
            guard.damaged(format!("the row of {space:?} {index} at height {base} cannot be read"))
        }
        None => guard.damaged(format!("no row has the key {key:#x}")),
    }
}
