//! The part of the tree above some cells, read from the top down: each page must hash to the digest that the page
//! above holds of it, so that a damaged page is noticed where it is read.

use aludel_protocol::cell::{CellAddress, Payload, Space, empty_subtree};
use aludel_protocol::hash::Digest;

use super::format::{STEP, WIDTH, encode_page, page_key};
use super::guard::Guard;
use super::page::{Page, fold};
use super::rows::Rows;
use crate::multiproof::Multiproof;
use crate::state::hashing::cell_digests;
use crate::state::tree::{Position, SPACES, depth, leaf_index, lift, pair, siblings};
use crate::store::StoreError;

type Cell = (CellAddress, Payload);

/// Pages by the height of their digests over [`STEP`], in order of index; empty ones are left out.
type Levels = Vec<Vec<Page>>;

/// Some cells, and every page above them.
#[derive(Debug)]
pub(super) struct Opened {
    /// In order of address.
    cells: Vec<Cell>,
    levels: [Levels; 2],
    tops: [Digest; 2],
}

/// What a set of writes makes of the pages.
pub(super) struct Change {
    /// The new tops of the spaces.
    pub tops: [Digest; 2],
    /// By key, in order; nothing where the row goes.
    pub rows: Vec<(u64, Option<Vec<u8>>)>,
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

    /// What writes to the cells (sorted and unique) change.
    pub fn change(&self, writes: &[Cell]) -> Change {
        let mut rows = Vec::with_capacity(2 * writes.len());
        let slots = writes.partition_point(|(at, _)| at.space == Space::Account);
        let mut climb = |space: Space, writes: &[Cell]| self.climb(space, writes, &mut rows);
        let tops = [climb(Space::Account, &writes[..slots]), climb(Space::Slot, &writes[slots..])];
        rows.sort_unstable_by_key(|(key, _)| *key);
        Change { tops, rows }
    }

    /// Hashes every node above writes to one space; returns the top.
    fn climb(&self, space: Space, writes: &[Cell], rows: &mut Vec<(u64, Option<Vec<u8>>)>) -> Digest {
        let mut level: Vec<_> =
            writes.iter().map(|(at, _)| leaf_index(at)).zip(cell_digests(writes)).collect();
        for height in 0..depth(space) {
            if height > 0 && height % STEP == 0 {
                let pages = level.chunk_by(|a, b| a.0 >> STEP == b.0 >> STEP);
                rows.extend(pages.map(|nodes| self.row(space, height, nodes)));
            }
            level = lift(&pair(&level, |index| self.node(&Position { space, height, index })));
        }
        level.first().map_or(self.tops[space as usize], |(_, top)| *top)
    }

    /// The page that holds `nodes`, with these changed.
    fn row(&self, space: Space, base: usize, nodes: &[(u64, Digest)]) -> (u64, Option<Vec<u8>>) {
        let index = nodes[0].0 >> STEP;
        let mut digests =
            self.page(space, base, index).map_or([empty_subtree(base); WIDTH], |page| *page.digests());
        for (index, digest) in nodes {
            digests[*index as usize % WIDTH] = *digest;
        }
        (page_key(space, base, index), encode_page(base, &digests))
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
        find(self.levels[space as usize].get(base / STEP)?, index)
    }
}

fn find(pages: &[Page], index: u64) -> Option<&Page> {
    pages.binary_search_by_key(&index, |page| page.index).ok().map(|i| &pages[i])
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
        touched = below(base, &pages, addresses);
        levels.push(pages);
    }
    if !addresses.is_empty() {
        levels.push(load_blocks((rows, guard), space, &touched, addresses, cells)?);
    }
    levels.reverse();
    Ok(levels)
}

/// The lowest level, whose digests are hashed from the cells.
fn load_blocks(
    (rows, guard): (&Rows, &Guard),
    space: Space,
    touched: &[(u64, Digest)],
    addresses: &[CellAddress],
    cells: &mut Vec<Cell>,
) -> Result<Vec<Page>, StoreError> {
    let (found, mut pages) = rows.blocks(space, &full(0, touched))?;
    check((space, 0), &mut pages, touched).map_err(|what| guard.damaged(what))?;
    let mut found = found.into_iter().peekable();
    cells.extend(addresses.iter().map(|at| {
        while found.next_if(|(other, _)| other < at).is_some() {}
        found.next_if(|(other, _)| other == at).unwrap_or((*at, Payload::EMPTY))
    }));
    Ok(pages)
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
fn below(base: usize, pages: &[Page], addresses: &[CellAddress]) -> Vec<(u64, Digest)> {
    let mut indices: Vec<u64> = addresses.iter().map(|at| leaf_index(at) >> base).collect();
    indices.dedup();
    let digest =
        |index: u64| find(pages, index >> STEP).map_or(empty_subtree(base), |page| page.node(0, index));
    indices.into_iter().map(|index| (index, digest(index))).collect()
}
