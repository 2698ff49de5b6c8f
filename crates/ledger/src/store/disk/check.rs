//! The check of everything: the tree is made again from the cells and compared with every page.
//!
//! It reads the file from end to end, a bounded number of cells and pages at a time.

use aludel_protocol::cell::{CellAddress, Payload, Space, empty_subtree, node};
use aludel_protocol::hash::Digest;

use super::DiskStore;
use super::format::{STEP, WIDTH};
use super::guard::Guard;
use super::page::{Page, fold};
use super::rows::Rows;
use crate::state::hashing::cell_digests;
use crate::state::tree::{SPACES, depth, leaf_index};
use crate::store::StoreError;

/// Cells, and nodes of a level, that are held at a time.
const CHUNK: usize = 1 << 13;

impl DiskStore {
    /// Makes the tree again from the cells and compares every page of the file and the root with it. Reads
    /// everything: seconds a million cells.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] at the first difference.
    pub fn check(&self) -> Result<(), StoreError> {
        let rows = self.rows()?;
        let mut tree = Tree { rows, guard: &self.guard, pages: 0, levels: Default::default() };
        tree.levels = SPACES.map(|space| vec![Vec::new(); depth(space) / STEP]);
        let mut cells = Vec::with_capacity(CHUNK);
        for cell in rows.cells()? {
            cells.push(cell?);
            if cells.len() == CHUNK {
                tree.add(&cells)?;
                cells.clear();
            }
        }
        tree.add(&cells)?;
        let tops = [tree.finish(Space::Account)?, tree.finish(Space::Slot)?];
        self.check_totals(node(tops[0], tops[1]), tree.pages, rows.count_pages()?)
    }

    fn check_totals(&self, root: Digest, expected: u64, found: u64) -> Result<(), StoreError> {
        if expected != found {
            return Err(self.guard.damaged(format!("it has {found} pages, its cells make {expected}")));
        }
        let said = self.checkpoint.state_root;
        match root == said {
            true => Ok(()),
            false => {
                Err(self.guard.damaged(format!("its cells have the root {root}, its checkpoint says {said}")))
            }
        }
    }
}

/// The tree in the making, from left to right.
struct Tree<'a> {
    rows: &'a Rows,
    guard: &'a Guard,
    /// Pages that have a row.
    pages: u64,
    /// By space and height over [`STEP`]: nodes whose page is not complete yet.
    levels: [Vec<Vec<(u64, Digest)>>; 2],
}

impl Tree<'_> {
    /// Adds the next cells in order of address.
    fn add(&mut self, cells: &[(CellAddress, Payload)]) -> Result<(), StoreError> {
        for ((at, _), digest) in cells.iter().zip(cell_digests(cells)) {
            self.levels[at.space as usize][0].push((leaf_index(at), digest));
        }
        SPACES.into_iter().try_for_each(|space| self.fold(space, 0, false))
    }

    /// Folds what is left of a space; returns its top.
    fn finish(&mut self, space: Space) -> Result<Digest, StoreError> {
        let count = self.levels[space as usize].len();
        if self.levels[space as usize].iter().all(Vec::is_empty) {
            return Ok(empty_subtree(depth(space)));
        }
        (0..count - 1).try_for_each(|level| self.fold(space, level, true))?;
        let last = core::mem::take(&mut self.levels[space as usize][count - 1]);
        let pages = self.pages(space, depth(space) - STEP, &last)?;
        Ok(pages.first().map_or(empty_subtree(depth(space)), Page::top))
    }

    /// Hands the tops of complete pages (of all, at the end) to the level above.
    fn fold(&mut self, space: Space, level: usize, is_end: bool) -> Result<(), StoreError> {
        let nodes = &mut self.levels[space as usize][level];
        if level + 1 == depth(space) / STEP || (!is_end && nodes.len() < CHUNK / 2) {
            return Ok(());
        }
        let begun = nodes.last().map(|(index, _)| index >> STEP).filter(|_| !is_end);
        let complete = nodes.partition_point(|(index, _)| Some(index >> STEP) != begun);
        let nodes: Vec<_> = nodes.drain(..complete).collect();
        let pages = self.pages(space, level * STEP, &nodes)?;
        self.levels[space as usize][level + 1].extend(pages.iter().map(|page| (page.index, page.top())));
        self.fold(space, level + 1, false)
    }

    /// The pages of nodes, each like its row.
    fn pages(&mut self, space: Space, base: usize, nodes: &[(u64, Digest)]) -> Result<Vec<Page>, StoreError> {
        let mut pages: Vec<_> =
            nodes.chunk_by(|a, b| a.0 >> STEP == b.0 >> STEP).map(|one| page(base, one)).collect();
        if base > 0 {
            pages.iter().try_for_each(|page| self.compare(space, base, page))?;
            self.pages += pages.len() as u64;
        }
        fold(base, &mut pages);
        Ok(pages)
    }

    fn compare(&self, space: Space, base: usize, page: &Page) -> Result<(), StoreError> {
        if self.rows.page(space, base, page.index)?.digests() == page.digests() {
            return Ok(());
        }
        let index = page.index;
        let what =
            format!("the page of {space:?} {index} at height {base} is not the one that the cells make");
        Err(self.guard.damaged(what))
    }
}

fn page(base: usize, nodes: &[(u64, Digest)]) -> Page {
    let mut digests = [empty_subtree(base); WIDTH];
    for (index, digest) in nodes {
        digests[*index as usize % WIDTH] = *digest;
    }
    Page::new(nodes[0].0 >> STEP, &digests)
}
