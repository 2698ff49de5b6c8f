//! Trees, layer by layer.

use core::cmp::Reverse;

use aludel_protocol::F;
use aludel_protocol::hash::DIGEST;
use aludel_protocol::trees::{Cap, Node};
use p3_field::PrimeCharacteristicRing;

use super::buffer::Buffer;
use super::launch::Arg;
use super::{Cuda, Matrix, words_mut};
use crate::error::Error;
use crate::seam::{Device, MerkleTree, Opening, has_rows, log_tallest, node_words};

/// Words of an entry of the table of columns: an address, and a shift.
pub(super) const ENTRY: usize = 4;

/// A tree on the device, with its matrices.
#[derive(Debug)]
pub struct Tree {
    matrices: Vec<Matrix>,
    /// Index of a matrix's first column in the table.
    offsets: Vec<usize>,
    /// Columns of all matrices, the tallest first.
    columns: Buffer,
    width: usize,
    /// Layers from the leaves upwards.
    nodes: Buffer,
    log_height: usize,
    log_cap: usize,
}

impl Tree {
    /// Index in the table, and number, of the columns of matrices of a height.
    fn columns_of(&self, height: usize) -> (usize, usize) {
        let of_height = || self.matrices.iter().zip(&self.offsets).filter(move |(m, _)| m.height == height);
        let first = of_height().map(|(_, offset)| *offset).min().unwrap_or(0);
        (first, of_height().map(|(m, _)| m.width).sum())
    }

    /// Nodes below the layer of `2^log_count`.
    fn below(&self, log_count: usize) -> usize {
        (2 << self.log_height) - (2 << log_count)
    }

    /// The matrices, for a kernel that reaches them through the table.
    fn reached(&self) -> impl Iterator<Item = Arg<'_>> {
        self.matrices.iter().map(|matrix| Arg::Reached(&matrix.buffer))
    }
}

/// Words of the paths of some queries.
pub(super) const fn path_words(count: usize, levels: usize) -> usize {
    count * levels * DIGEST
}

impl Cuda {
    /// A tree whose nodes are still garbage.
    fn plant(&self, matrices: Vec<Matrix>, log_height: usize, cap_height: usize) -> Result<Tree, Error> {
        let mut order: Vec<usize> = (0..matrices.len()).collect();
        order.sort_by_key(|i| Reverse(matrices[*i].height));
        let (mut offsets, mut table, mut width) = (vec![0; matrices.len()], Vec::new(), 0);
        for i in order {
            let matrix = &matrices[i];
            offsets[i] = width;
            width += matrix.width;
            let shift = log_height as u32 - matrix.height.trailing_zeros();
            for column in 0..matrix.width {
                let address = matrix.buffer.address(column * matrix.height);
                table.extend([address as u32, (address >> 32) as u32, shift, 0]);
            }
        }
        let nodes = self.buffer(node_words(log_height))?;
        let mut columns = self.buffer(ENTRY * width)?;
        self.stream.copy_in(&table, &mut columns)?;
        let log_cap = cap_height.min(log_height);
        Ok(Tree { matrices, offsets, columns, width, nodes, log_height, log_cap })
    }

    /// Makes the layer of `2^log_count` nodes, from the one below it or, at the leaves, from rows alone.
    fn grow(&self, tree: &Tree, log_count: usize) -> Result<(), Error> {
        let (first, width) = tree.columns_of(1 << log_count);
        let columns = [Arg::At(&tree.columns, ENTRY * first), Arg::Word(self.word(width)?)];
        let nodes =
            [Arg::At(&tree.nodes, tree.below(log_count) * DIGEST), Arg::Word(self.word(1 << log_count)?)];
        let own = columns.into_iter().chain(nodes).chain(tree.reached());
        let (kernel, args): (_, Vec<_>) = if log_count == tree.log_height {
            ("merkle_leaves", own.collect())
        } else {
            let below = Arg::At(&tree.nodes, tree.below(log_count + 1) * DIGEST);
            ("merkle_layer", core::iter::once(below).chain(own).collect())
        };
        // SAFETY: columns of this height have an element for each node; layers follow one another in `nodes`.
        unsafe { self.launch(self.per_item(kernel, 1 << log_count)?, &args) }
    }

    /// Elements of a buffer from `first` on.
    pub(super) fn elements(&self, buffer: &Buffer, first: usize, count: usize) -> Result<Vec<F>, Error> {
        let mut elements = F::zero_vec(count);
        self.stream.copy_out(buffer, first, words_mut(&mut elements))?;
        Ok(elements)
    }

    /// The rows that queries reach, `[query][column of the table]`.
    fn open_rows(&self, tree: &Tree, queries: &Buffer) -> Result<Vec<F>, Error> {
        let (count, width) = (queries.words(), tree.width);
        let rows = self.buffer(count * width)?;
        let mut args = vec![
            Arg::At(&tree.columns, 0),
            Arg::Word(self.word(width)?),
            Arg::At(queries, 0),
            Arg::Word(self.word(count)?),
            Arg::At(&rows, 0),
        ];
        args.extend(tree.reached());
        // SAFETY: queries are below the height, and shifts bring them below that of each column.
        unsafe { self.launch(self.per_item("merkle_open_rows", count * width)?, &args) }?;
        self.elements(&rows, 0, count * width)
    }

    /// The siblings on the way up, `[query][level]`.
    fn open_paths(&self, tree: &Tree, queries: &Buffer) -> Result<Vec<F>, Error> {
        let (count, levels) = (queries.words(), tree.log_height - tree.log_cap);
        let paths = self.buffer(path_words(count, levels))?;
        let args = [
            Arg::At(&tree.nodes, 0),
            Arg::Word(self.word(tree.log_height)?),
            Arg::Word(self.word(levels)?),
            Arg::At(queries, 0),
            Arg::Word(self.word(count)?),
            Arg::At(&paths, 0),
        ];
        // SAFETY: queries are below the height; a sibling's index is that of a node of its layer.
        unsafe { self.launch(self.per_item("merkle_open_path", count * levels)?, &args) }?;
        self.elements(&paths, 0, path_words(count, levels))
    }
}

/// Elements as nodes.
fn nodes(elements: &[F]) -> Vec<Node> {
    elements.as_chunks::<DIGEST>().0.to_vec()
}

impl MerkleTree for Cuda {
    type Tree = Tree;

    fn commit(&self, matrices: Vec<Matrix>, cap_height: usize) -> Result<(Cap, Tree), Error> {
        let log_height = log_tallest(self.id(), matrices.iter().map(|matrix| matrix.height))?;
        self.word(1 << log_height)?;
        let tree = self.plant(matrices, log_height, cap_height)?;
        (0..=tree.log_height).rev().try_for_each(|log_count| self.grow(&tree, log_count))?;
        let cap = self.elements(&tree.nodes, tree.below(tree.log_cap) * DIGEST, DIGEST << tree.log_cap)?;
        Ok((Cap::new(nodes(&cap)), tree))
    }

    fn matrices<'a>(&self, tree: &'a Tree) -> Vec<&'a Matrix> {
        tree.matrices.iter().collect()
    }

    fn open(&self, tree: &Tree, indices: &[usize]) -> Result<Vec<Opening>, Error> {
        has_rows(self.id(), tree.log_height, indices)?;
        let indices = indices.iter().map(|index| self.word(*index)).collect::<Result<Vec<_>, _>>()?;
        let mut queries = self.buffer(indices.len())?;
        self.stream.copy_in(&indices, &mut queries)?;
        let rows = self.open_rows(tree, &queries)?;
        let paths = self.open_paths(tree, &queries)?;
        let levels = tree.log_height - tree.log_cap;
        let opening = |query: usize| {
            let row = &rows[query * tree.width..];
            let of = |(matrix, offset): (&Matrix, &usize)| row[*offset..offset + matrix.width].to_vec();
            let path = nodes(&paths[query * levels * DIGEST..(query + 1) * levels * DIGEST]);
            Opening { rows: tree.matrices.iter().zip(&tree.offsets).map(of).collect(), path }
        };
        Ok((0..indices.len()).map(opening).collect())
    }
}
