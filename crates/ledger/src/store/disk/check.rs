//! The check of everything: the tree is made again from the cells and compared with every page.
//!
//! It reads the rows once, in order, and holds a bounded number of them: pages lie before the cells that they are made
//! from, so they are kept until the tree has grown to them.

use std::collections::HashMap;

use aludel_protocol::cell::{Space, empty_subtree, node};
use aludel_protocol::hash::Digest;
use rayon::prelude::*;

use super::DiskStore;
use super::format::{STEP, WIDTH, base, row_key};
use super::guard::Guard;
use super::page::{Page, fold};
use super::row::{Items, page_row};
use super::rows::Rows;
use crate::state::hashing::cell_digests;
use crate::state::tree::{SPACES, depth, leaf_index};
use crate::store::StoreError;

/// Blocks, and pages of a level, that are made at a time.
const CHUNK: usize = 1 << 14;

type Row = (u64, Vec<u8>);

impl DiskStore {
    /// Makes the tree again from the cells and compares every row of the file and the root with it. Reads
    /// everything: seconds a million cells.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] at the first difference.
    pub fn check(&self) -> Result<(), StoreError> {
        let rows = self.rows()?;
        let mut tree =
            Tree { rows, guard: &self.guard, pages: HashMap::new(), cells: 0, levels: Default::default() };
        tree.levels = SPACES.map(|space| vec![Vec::new(); depth(space) / STEP]);
        let mut blocks = Vec::with_capacity(CHUNK);
        for row in rows.all()? {
            let (key, row) = row?;
            match base(key) {
                0 => blocks.push((key, row)),
                _ => drop(tree.pages.insert(key, row)),
            }
            if blocks.len() == CHUNK {
                tree.add(&blocks)?;
                blocks.clear();
            }
        }
        tree.add(&blocks)?;
        let tops = [tree.finish(Space::Account)?, tree.finish(Space::Slot)?];
        self.check_totals(node(tops[0], tops[1]), tree.pages.len(), tree.cells, rows.count)
    }

    fn check_totals(&self, root: Digest, pages: usize, cells: u64, count: u64) -> Result<(), StoreError> {
        let said = self.checkpoint.state_root;
        let what = match () {
            () if pages > 0 => format!("{pages} of its pages have no cells"),
            () if cells != count => format!("it has {cells} cells and says that it has {count}"),
            () if root != said => format!("its cells have the root {root}, its checkpoint says {said}"),
            () => return Ok(()),
        };
        Err(self.guard.damaged(what))
    }
}

/// The tree in the making, from left to right.
struct Tree<'a> {
    rows: &'a Rows,
    guard: &'a Guard,
    /// Pages that were read and not made yet.
    pages: HashMap<u64, Vec<u8>>,
    /// Cells so far.
    cells: u64,
    /// By space and height over [`STEP`]: nodes whose page is not complete yet.
    levels: [Vec<Vec<(u64, Digest)>>; 2],
}

impl Tree<'_> {
    /// Adds the next blocks in order of key.
    fn add(&mut self, blocks: &[Row]) -> Result<(), StoreError> {
        let read = blocks.par_iter().map(|(key, row)| self.rows.cells_in(*key, row));
        let cells = read.collect::<Result<Vec<_>, _>>()?.concat();
        let digests = cell_digests(&cells);
        self.check_beside(blocks, &digests)?;
        self.cells += cells.len() as u64;
        for ((at, _), digest) in cells.iter().zip(digests) {
            self.levels[at.space as usize][0].push((leaf_index(at), digest));
        }
        SPACES.into_iter().try_for_each(|space| self.fold(space, 0, false))
    }

    /// Compares the digests beside the cells of blocks.
    fn check_beside(&self, blocks: &[Row], digests: &[Digest]) -> Result<(), StoreError> {
        let mut digests = digests.iter();
        for (key, row) in blocks {
            let items = Items::read(*key, row);
            let mut said = items.iter().flat_map(|items| (0..WIDTH).filter_map(|place| items.get(place)));
            let wrong =
                said.any(|item| digests.next().is_none_or(|digest| !item.ends_with(&digest.to_bytes())));
            if wrong {
                return Err(self
                    .guard
                    .damaged(format!("a cell of the block {key:#x} has another digest beside it")));
            }
        }
        Ok(())
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
        let nodes: Vec<_> = nodes.chunk_by(|a, b| a.0 >> STEP == b.0 >> STEP).collect();
        let mut pages: Vec<_> = nodes.par_iter().map(|nodes| page(base, nodes)).collect();
        if base > 0 {
            self.compare(space, base, &pages)?;
        }
        fold(base, &mut pages);
        Ok(pages)
    }

    fn compare(&mut self, space: Space, base: usize, pages: &[Page]) -> Result<(), StoreError> {
        let read: Vec<_> =
            pages.iter().map(|page| self.pages.remove(&row_key(space, base, page.index))).collect();
        let is_like = |(page, row): (&Page, &Option<Vec<u8>>)| {
            row.as_ref().is_some_and(|row| *row == page_row(base, page.digests()))
        };
        let wrong = pages.par_iter().zip(&read).find_first(|both| !is_like(*both));
        let Some((Page { index, .. }, _)) = wrong else { return Ok(()) };
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
