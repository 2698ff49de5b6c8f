//! What queries are answered with: rows of trees, and one proof a tree in which no node is twice.

use std::collections::BTreeMap;

use aludel_kernels::{Error, Opening};
use aludel_protocol::trees::Node;
use aludel_protocol::{Challenge, F};
use aludel_verifier::config::{ExtensionTrees, Trees};
use p3_field::BasedVectorSpace;
use p3_fri::{BatchMultiOpening, CommitPhaseMultiStep};
use p3_merkle_tree::PrunedMerklePaths;

use super::Stages;
use super::low_degree::Layer;

/// Of each tree the rows at places among `2^log_tallest`.
pub fn inputs<D: Stages>(
    device: &D,
    trees: &[&D::Tree],
    places: &[usize],
    log_tallest: usize,
) -> Result<Vec<BatchMultiOpening<F, Trees>>, Error> {
    let of_tree = |tree: &&D::Tree| {
        let heights = device.matrices(tree).into_iter().map(|matrix| device.shape(matrix).0);
        let log_height = heights.max().map_or(0, |height| height.ilog2() as usize);
        let places: Vec<usize> = places.iter().map(|place| place >> (log_tallest - log_height)).collect();
        let openings = device.open(tree, &places)?;
        let opening_proof = merged(&places, &openings);
        let opened_values = openings.into_iter().map(|opening| opening.rows).collect();
        Ok(BatchMultiOpening { opened_values, opening_proof })
    };
    trees.iter().map(of_tree).collect()
}

/// Of each layer the rows at places of the first, without the element that the layer before determines.
pub fn layers<D: Stages>(
    device: &D,
    layers: &[Layer<D>],
    places: &[usize],
) -> Result<Vec<CommitPhaseMultiStep<Challenge, ExtensionTrees>>, Error> {
    let mut places = places.to_vec();
    let mut of_layer = |layer: &Layer<D>| {
        let rows: Vec<usize> = places.iter().map(|place| place >> layer.log_arity).collect();
        let openings = device.open(&layer.tree, &rows)?;
        let others = |(place, opening): (&usize, &Opening)| {
            let row: Vec<Challenge> = Challenge::reconstitute_from_base(opening.rows.concat());
            let own = place % (1 << layer.log_arity);
            row.into_iter().enumerate().filter(|(i, _)| *i != own).map(|(_, value)| value).collect()
        };
        let sibling_values = places.iter().zip(&openings).map(others).collect();
        let opening_proof = merged(&rows, &openings);
        places = rows;
        Ok(CommitPhaseMultiStep { sibling_values, opening_proof })
    };
    layers.iter().map(&mut of_layer).collect()
}

/// The siblings of all paths, level by level and from left to right, without those that other paths lead to.
fn merged(places: &[usize], openings: &[Opening]) -> PrunedMerklePaths<F, { aludel_protocol::hash::DIGEST }> {
    let paths = openings.iter().map(|opening| &opening.path[..]);
    let mut known: BTreeMap<usize, &[Node]> = places.iter().copied().zip(paths).collect();
    let mut sibling_hashes = Vec::new();
    let levels = openings.first().map_or(0, |opening| opening.path.len());
    for level in 0..levels {
        let missing = known.iter().filter(|(place, _)| !known.contains_key(&(*place ^ 1)));
        sibling_hashes.extend(missing.map(|(_, path)| path[level]));
        known = known.into_iter().map(|(place, path)| (place >> 1, path)).collect();
    }
    PrunedMerklePaths { sibling_hashes }
}
