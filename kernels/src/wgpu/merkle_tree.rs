//! Launches of `kernels/wgsl/merkle_tree.wgsl` and `gather.wgsl`.

use core::ops::Range;

use ::wgpu::Buffer;

use aludel_protocol::F;
use aludel_protocol::hash::DIGEST;
use aludel_protocol::trees::{Cap, Node};

use super::launch::Commands;
use super::pieces::{Part, Pieces, WORD};
use super::pipeline::Kernel;
use super::poseidon2::GROUP;
use super::{Matrix, Wgpu};
use crate::error::Error;
use crate::seam::{MerkleTree, Opening, has_rows, log_tallest};

/// Rows that are hashed by one launch, at most.
const ROWS: usize = 1 << 16;

/// Elements of a sponge, and of its rate.
pub(super) const SPONGE: usize = 24;
const RATE: usize = 16;

/// Bytes of records that are read at once, at most.
const RECORDS: usize = 1 << 23;

/// A tree with the matrices that it is of.
pub struct Tree {
    matrices: Vec<Matrix>,
    /// From the leaves to the root; units are nodes.
    layers: Vec<Pieces>,
    /// Layers below the cap.
    below: usize,
}

/// Elements that are hashed in one launch, at most: some four million permutations.
const LAUNCH_ELEMENTS: usize = 1 << 26;

/// What hashing needs besides its results.
struct Scratch {
    /// Rows at a time: a power of two.
    rows: usize,
    sponges: Pieces,
    /// Digests of rows that join a layer.
    joining: Pieces,
}

/// Nodes of a buffer.
#[derive(Clone, Copy)]
struct Nodes<'a> {
    buffer: &'a Buffer,
    first: usize,
}

impl Pieces {
    /// Nodes that lie in one buffer because they are a power of two, begin at a multiple of it and are no more than one holds.
    fn nodes(&self, range: Range<usize>) -> Option<Nodes<'_>> {
        self.parts(range).next().map(|Part { buffer, at, .. }| Nodes { buffer, first: at })
    }
}

fn words<const N: usize>(numbers: [usize; N]) -> [u32; N] {
    numbers.map(|n| u32::try_from(n).unwrap_or(u32::MAX))
}

/// Hashes some rows of matrices of one height, side by side.
fn hash(
    commands: &mut Commands<'_>,
    matrices: &[&Matrix],
    rows: Range<usize>,
    scratch: &Scratch,
    to: Nodes<'_>,
) {
    let parts: Vec<_> =
        matrices.iter().flat_map(|m| m.columns.parts(0..m.width()).map(|part| (m.height, part))).collect();
    let mut position = 0;
    for (i, (height, part)) in parts.iter().enumerate() {
        let (first, last) = (usize::from(i == 0), usize::from(i + 1 == parts.len()));
        let columns = part.units.len();
        let parameters = words([*height, rows.start, rows.len(), columns, position, first, last, to.first]);
        let buffers = [part.buffer, &scratch.sponges.buffers[0], to.buffer];
        commands.kernel(Kernel::AbsorbRows, &buffers, &parameters, rows.len().div_ceil(GROUP));
        position = (position + columns) % RATE;
    }
}

/// Rows that are hashed in one launch each, a whole number of scratches: drivers end launches of seconds.
fn launches(
    rows: usize,
    matrices: &[&Matrix],
    scratch: &Scratch,
) -> impl Iterator<Item = Range<usize>> + use<> {
    let width: usize = matrices.iter().map(|matrix| matrix.width()).sum();
    let at_once = (LAUNCH_ELEMENTS / width.max(RATE) / scratch.rows).max(1) * scratch.rows;
    (0..rows).step_by(at_once).map(move |first| first..(first + at_once).min(rows))
}

/// Rows that are hashed at a time: as many sponges as one buffer holds, to a power of two.
fn rows_hashed(binding_bytes: usize, height: usize) -> usize {
    // At least one: where a buffer does not hold it, there is none.
    let most = 1 << (binding_bytes / (SPONGE * WORD)).max(1).ilog2();
    height.min(ROWS).min(most)
}

/// Words that a tree takes while it is made.
pub(super) fn scratch_words(binding_bytes: usize, height: usize) -> usize {
    rows_hashed(binding_bytes, height) * (SPONGE + DIGEST)
}

/// Records of so many words that are gathered at a time.
pub(super) fn records_at_once(binding_bytes: usize, words: usize) -> usize {
    (binding_bytes.min(RECORDS) / WORD / words).max(1)
}

impl Wgpu {
    fn scratch(&self, height: usize) -> Result<Scratch, Error> {
        let rows = rows_hashed(self.binding_bytes, height);
        Ok(Scratch { rows, sponges: self.pieces(rows, SPONGE)?, joining: self.pieces(rows, DIGEST)? })
    }

    /// Hashes rows of the tallest matrices to leaves.
    fn leaves(&self, matrices: &[&Matrix], scratch: &Scratch, leaves: &Pieces) -> Result<(), Error> {
        for some in launches(leaves.units, matrices, scratch) {
            self.launch(|commands| {
                for first in some.step_by(scratch.rows) {
                    let rows = first..first + scratch.rows.min(leaves.units);
                    if let Some(to) = leaves.nodes(rows.clone()) {
                        hash(commands, matrices, rows, scratch, to);
                    }
                }
            })?;
        }
        Ok(())
    }

    /// Compresses a layer to the next, which rows of some matrices join.
    fn compress(
        &self,
        children: &Pieces,
        parents: &Pieces,
        joining: &[&Matrix],
        scratch: &Scratch,
    ) -> Result<(), Error> {
        for some in launches(parents.units, joining, scratch) {
            self.launch(|commands| {
                for first in some.step_by(scratch.rows) {
                    let range = first..(first + scratch.rows).min(parents.units);
                    let from = children.nodes(2 * range.start..2 * range.end);
                    let (Some(from), Some(to)) = (from, parents.nodes(range.clone())) else { continue };
                    let joined = &scratch.joining.buffers[0];
                    if !joining.is_empty() {
                        hash(commands, joining, range.clone(), scratch, Nodes { buffer: joined, first: 0 });
                    }
                    let count = range.len();
                    let parameters = words([count, from.first, to.first, usize::from(!joining.is_empty())]);
                    let buffers = [from.buffer, joined, to.buffer];
                    commands.kernel(Kernel::CompressNodes, &buffers, &parameters, count.div_ceil(GROUP));
                }
            })?;
        }
        Ok(())
    }

    /// One record for each index: the rows of all matrices, then the path.
    fn records(&self, tree: &Tree, indices: &[usize], words: usize) -> Result<Vec<F>, Error> {
        let records = self.pieces(indices.len(), words)?;
        let numbers = self.pieces(1, indices.len())?;
        let (to, from) = (&records.buffers[0], &numbers.buffers[0]);
        self.write_words(from, 0, indices.iter().map(|i| u32::try_from(*i).unwrap_or(u32::MAX)))?;
        self.launch(|commands| {
            let mut gather = Gather { commands, from, to, count: indices.len(), record: words, offset: 0 };
            for matrix in &tree.matrices {
                gather.rows(matrix, tree.layers.len() - 1);
            }
            for (level, layer) in tree.layers.iter().take(tree.below).enumerate() {
                gather.siblings(layer, level);
            }
        })?;
        self.read(&records)
    }
}

/// Where records are gathered.
struct Gather<'a, 'b> {
    commands: &'a mut Commands<'b>,
    from: &'a Buffer,
    to: &'a Buffer,
    count: usize,
    /// Words of a record, and how many are there.
    record: usize,
    offset: usize,
}

impl Gather<'_, '_> {
    /// The rows of a matrix that the indices reach.
    fn rows(&mut self, matrix: &Matrix, log_tallest: usize) {
        let Self { count, record, .. } = *self;
        let shift = log_tallest - matrix.height.ilog2() as usize;
        for part in matrix.columns.parts(0..matrix.width()) {
            let (columns, offset) = (part.units.len(), self.offset + part.units.start);
            let height = matrix.height;
            self.launch(
                part.buffer,
                columns,
                [count, columns, 1, height, shift, 0, 0, height, record, offset],
            );
        }
        self.offset += matrix.width();
    }

    /// The nodes beside those that the indices reach.
    fn siblings(&mut self, layer: &Pieces, level: usize) {
        let Self { count, record, offset, .. } = *self;
        for part in layer.parts(0..layer.units) {
            let (first, nodes) = (part.units.start, part.units.len());
            self.launch(
                part.buffer,
                DIGEST,
                [count, DIGEST, DIGEST, 1, level, 1, first, nodes, record, offset],
            );
        }
        self.offset += DIGEST;
    }

    fn launch(&mut self, source: &Buffer, width: usize, parameters: [usize; 10]) {
        let buffers = [source, self.from, self.to];
        let groups = (self.count * width).div_ceil(GROUP);
        self.commands.kernel(Kernel::GatherWords, &buffers, &words(parameters), groups);
    }
}

impl MerkleTree for Wgpu {
    type Tree = Tree;

    fn commit(&self, matrices: Vec<Matrix>, cap_height: usize) -> Result<(Cap, Tree), Error> {
        let log = log_tallest(self.id, matrices.iter().map(|matrix| matrix.height))?;
        let layers =
            (0..=log).rev().map(|log| self.pieces(1 << log, DIGEST)).collect::<Result<Vec<_>, _>>()?;
        let scratch = self.scratch(1 << log)?;
        let of = |height| matrices.iter().filter(|m| m.height == height).collect::<Vec<_>>();
        self.leaves(&of(1 << log), &scratch, &layers[0])?;
        for pair in layers.windows(2) {
            self.compress(&pair[0], &pair[1], &of(pair[1].units), &scratch)?;
        }
        let below = log - cap_height.min(log);
        let (nodes, _) = nodes(&self.read(&layers[below])?);
        Ok((Cap::new(nodes), Tree { matrices, layers, below }))
    }

    fn matrices<'a>(&self, tree: &'a Tree) -> Vec<&'a Matrix> {
        tree.matrices.iter().collect()
    }

    fn open(&self, tree: &Tree, indices: &[usize]) -> Result<Vec<Opening>, Error> {
        has_rows(self.id, tree.layers.len() - 1, indices)?;
        let widths = tree.matrices.iter().map(Matrix::width);
        let words = widths.sum::<usize>() + DIGEST * tree.below;
        if words == 0 {
            return Ok(indices.iter().map(|_| opening(tree, &[])).collect());
        }
        let at_once = records_at_once(self.binding_bytes, words);
        let mut openings = Vec::with_capacity(indices.len());
        for some in indices.chunks(at_once) {
            let records = self.records(tree, some, words)?;
            openings.extend(records.chunks(words).map(|record| opening(tree, record)));
        }
        Ok(openings)
    }
}

/// A record by its parts.
fn opening(tree: &Tree, record: &[F]) -> Opening {
    let mut left = record;
    let rows = tree.matrices.iter().map(|matrix| {
        let (row, rest) = left.split_at(matrix.width());
        left = rest;
        row.to_vec()
    });
    let rows = rows.collect();
    Opening { rows, path: nodes(left).0 }
}

/// Elements by nodes, and what is left.
fn nodes(elements: &[F]) -> (Vec<Node>, &[F]) {
    let (nodes, rest) = elements.as_chunks::<DIGEST>();
    (nodes.to_vec(), rest)
}
