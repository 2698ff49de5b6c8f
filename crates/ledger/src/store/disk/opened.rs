//! The part of the tree above some cells, read from the top down: each page must hash to the digest that the page
//! above holds of it, so that a damaged page is noticed where it is read.

use aludel_protocol::cell::{CellAddress, Payload, Space, empty_subtree};
use aludel_protocol::hash::Digest;

use super::format::{STEP, WIDTH, row_key};
use super::guard::Guard;
use super::overlay::Changed;
use super::page::{Page, fold};
use super::row::{Delta, cell_item, page_row, row};
use super::rows::Rows;
use crate::multiproof::Multiproof;
use crate::state::hashing::cell_digests;
use crate::state::tree::{Position, SPACES, depth, leaf_index, lift, pair, siblings};
use crate::store::StoreError;

type Cell = (CellAddress, Payload);

/// Pages by the height of their digests over [`STEP`].
type Levels = Vec<Level>;

/// Pages of a level in order of index; empty ones are left out.
#[derive(Debug)]
struct Level {
    /// Of the pages: what is searched lies close together.
    indices: Vec<u64>,
    pages: Vec<Page>,
}

impl Level {
    fn new(pages: Vec<Page>) -> Self {
        Self { indices: pages.iter().map(|page| page.index).collect(), pages }
    }

    fn find(&self, index: u64) -> Option<&Page> {
        self.indices.binary_search(&index).ok().map(|i| &self.pages[i])
    }
}

/// Some cells, and every page above them.
#[derive(Debug)]
pub(super) struct Opened {
    /// In order of address.
    cells: Vec<Cell>,
    levels: [Levels; 2],
    tops: [Digest; 2],
}

/// What a set of writes makes of the rows.
pub(super) struct Change {
    /// The new tops of the spaces.
    pub tops: [Digest; 2],
    /// In order of key.
    pub rows: Vec<Changed>,
    /// Cells that were not there before, less those that are not there any more.
    pub grown: i64,
}

/// Reads the top of a space, unchecked.
pub(super) fn top(rows: &Rows, space: Space) -> Result<Digest, StoreError> {
    let base = depth(space) - STEP;
    let mut page = rows.page(space, base, 0)?;
    fold(base, core::slice::from_mut(&mut page));
    Ok(page.top())
}

impl Opened {
    /// Opens cells at sorted, unique addresses of the state with these tops.
    pub fn load(
        rows: &Rows,
        guard: &Guard,
        tops: [Digest; 2],
        addresses: &[CellAddress],
    ) -> Result<Self, StoreError> {
        let mut cells = Vec::with_capacity(addresses.len());
        let mut load = |space: Space| {
            let slots = addresses.partition_point(|at| at.space == Space::Account);
            let of_space = if space == Space::Account { &addresses[..slots] } else { &addresses[slots..] };
            load_space((rows, guard), (space, tops[space as usize]), of_space, &mut cells)
        };
        let levels = [load(SPACES[0])?, load(SPACES[1])?];
        Ok(Self { cells, levels, tops })
    }

    /// Whether it was loaded for just these addresses.
    pub fn is_of(&self, addresses: &[CellAddress]) -> bool {
        self.cells.iter().map(|(at, _)| at).eq(addresses)
    }

    pub fn multiproof(&self) -> Multiproof {
        let positions = siblings(self.cells.iter().map(|(at, _)| at));
        let digests = positions.iter().map(|at| self.node(at)).collect();
        Multiproof::from_parts(self.cells.clone(), digests)
    }

    /// What writes to just these cells (sorted and unique) change.
    pub fn change(&self, writes: &[Cell]) -> Change {
        let mut rows = Vec::with_capacity(3 * writes.len());
        let slots = writes.partition_point(|(at, _)| at.space == Space::Account);
        let mut climb = |space: Space, writes: &[Cell]| self.climb(space, writes, &mut rows);
        let tops = [climb(Space::Account, &writes[..slots]), climb(Space::Slot, &writes[slots..])];
        rows.sort_unstable_by_key(|changed| changed.key);
        let count = |cells: &[Cell]| cells.iter().filter(|(_, payload)| payload.exists()).count() as i64;
        Change { tops, rows, grown: count(writes) - count(&self.cells) }
    }

    /// Hashes every node above writes to one space; returns the top.
    fn climb(&self, space: Space, writes: &[Cell], rows: &mut Vec<Changed>) -> Digest {
        let mut level: Vec<_> =
            writes.iter().map(|(at, _)| leaf_index(at)).zip(cell_digests(writes)).collect();
        rows.extend(blocks(space, writes, &level));
        for height in 0..depth(space) {
            if height > 0 && height % STEP == 0 {
                let pages = level.chunk_by(|a, b| a.0 >> STEP == b.0 >> STEP);
                rows.extend(pages.map(|nodes| self.changed_page(space, height, nodes)));
            }
            level = lift(&pair(&level, |index| self.node(&Position { space, height, index })));
        }
        level.first().map_or(self.tops[space as usize], |(_, top)| *top)
    }

    /// The page that holds `nodes`, with these changed.
    fn changed_page(&self, space: Space, base: usize, nodes: &[(u64, Digest)]) -> Changed {
        let index = nodes[0].0 >> STEP;
        let mut digests =
            self.page(space, base, index).map_or([empty_subtree(base); WIDTH], |page| *page.digests());
        for (index, digest) in nodes {
            digests[*index as usize % WIDTH] = *digest;
        }
        let full = nodes.iter().filter(|(_, digest)| *digest != empty_subtree(base));
        let items = row(full.map(|(index, digest)| (*index as usize % WIDTH, digest.to_bytes())));
        let delta = Delta { changed: places(nodes), row: items };
        Changed { key: row_key(space, base, index), delta, row: Some(page_row(base, &digests)) }
    }

    fn node(&self, at: &Position) -> Digest {
        if at.height == depth(at.space) {
            return self.tops[at.space as usize];
        }
        let level = at.height % STEP;
        let page = self.page(at.space, at.height - level, at.index >> (STEP - level));
        page.map_or(empty_subtree(at.height), |page| page.node(level, at.index))
    }

    fn page(&self, space: Space, base: usize, index: u64) -> Option<&Page> {
        self.levels[space as usize].get(base / STEP)?.find(index)
    }
}

/// The levels above cells of one space; appends the cells.
fn load_space(
    (rows, guard): (&Rows, &Guard),
    (space, top): (Space, Digest),
    addresses: &[CellAddress],
    cells: &mut Vec<Cell>,
) -> Result<Levels, StoreError> {
    let mut levels = Levels::new();
    let mut touched = vec![(0, top)];
    for base in (STEP..depth(space)).step_by(STEP).rev().filter(|_| !addresses.is_empty()) {
        let mut pages = rows.pages(space, base, &full(base, &touched))?;
        check((space, base), &mut pages, &touched).map_err(|what| guard.damaged(what))?;
        let pages = Level::new(pages);
        touched = below(base, &pages, addresses);
        levels.push(pages);
    }
    if !addresses.is_empty() {
        levels.push(load_blocks((rows, guard), space, &touched, addresses, cells)?);
    }
    levels.reverse();
    Ok(levels)
}

/// The lowest level: blocks of cells.
fn load_blocks(
    (rows, guard): (&Rows, &Guard),
    space: Space,
    touched: &[(u64, Digest)],
    addresses: &[CellAddress],
    cells: &mut Vec<Cell>,
) -> Result<Level, StoreError> {
    let (mut pages, found) = rows.blocks(space, &full(0, touched), addresses)?;
    check((space, 0), &mut pages, touched).map_err(|what| guard.damaged(what))?;
    let pages = Level::new(pages);
    let mut found = found.into_iter().peekable();
    let cell = |at: &CellAddress| found.next_if(|(other, _)| other == at).unwrap_or((*at, Payload::EMPTY));
    let opened: Vec<_> = addresses.iter().map(cell).collect();
    check_cells(&pages, &opened).map_err(|what| guard.damaged(what))?;
    cells.extend(opened);
    Ok(pages)
}

/// Hashes cells and compares them with the digests beside them.
fn check_cells(pages: &Level, cells: &[Cell]) -> Result<(), String> {
    let said = |at: &CellAddress| {
        let leaf = leaf_index(at);
        pages.find(leaf >> STEP).map_or(Digest::ZERO, |page| page.node(0, leaf))
    };
    let digests = cell_digests(cells);
    let wrong = cells.iter().zip(digests).find(|((at, _), digest)| said(at) != *digest);
    wrong.map_or(Ok(()), |((at, _), digest)| {
        Err(format!("cell {at:?} and what is beside it hash to {digest}, the tree says {}", said(at)))
    })
}

/// The blocks that hold writes to one space.
fn blocks(space: Space, writes: &[Cell], leaves: &[(u64, Digest)]) -> Vec<Changed> {
    let mut writes = writes;
    let block = |leaves: &[(u64, Digest)]| {
        let (of_block, rest) = writes.split_at(leaves.len());
        writes = rest;
        let full = leaves.iter().zip(of_block).filter(|(_, (_, payload))| payload.exists());
        let items =
            full.map(|((leaf, digest), (_, payload))| (*leaf as usize % WIDTH, cell_item(payload, digest)));
        let delta = Delta { changed: places(leaves), row: row(items) };
        Changed { key: row_key(space, 0, leaves[0].0 >> STEP), delta, row: None }
    };
    leaves.chunk_by(|a, b| a.0 >> STEP == b.0 >> STEP).map(block).collect()
}

/// A bit a node of a row.
fn places(nodes: &[(u64, Digest)]) -> u16 {
    nodes.iter().fold(0, |places, (index, _)| places | 1 << (index % WIDTH as u64))
}

/// The nodes above pages that are not empty.
fn full(base: usize, touched: &[(u64, Digest)]) -> Vec<u64> {
    touched
        .iter()
        .filter(|(_, digest)| *digest != empty_subtree(base + STEP))
        .map(|(index, _)| *index)
        .collect()
}

/// Hashes pages and compares them with the digests that the level above holds of them.
fn check((space, base): (Space, usize), pages: &mut [Page], touched: &[(u64, Digest)]) -> Result<(), String> {
    fold(base, pages);
    let full = touched.iter().filter(|(_, digest)| *digest != empty_subtree(base + STEP));
    let Some((page, (_, expected))) =
        pages.iter().zip(full).find(|(page, (_, digest))| page.top() != *digest)
    else {
        return Ok(());
    };
    let (what, at) = if base == 0 { ("cells", page.index << STEP) } else { ("digests", page.index) };
    Err(format!(
        "the {what} below node {} of {space:?} at height {} (from {at}) hash to {}, the tree above says {expected}",
        page.index,
        base + STEP,
        page.top(),
    ))
}

/// The nodes of height `base` above cells, by the pages that hold them.
fn below(base: usize, pages: &Level, addresses: &[CellAddress]) -> Vec<(u64, Digest)> {
    let mut indices: Vec<u64> = addresses.iter().map(|at| leaf_index(at) >> base).collect();
    indices.dedup();
    let digest =
        |index: u64| pages.find(index >> STEP).map_or(empty_subtree(base), |page| page.node(0, index));
    indices.into_iter().map(|index| (index, digest(index))).collect()
}
