//! What the processor counts besides results, for [`crate::model`]. What Plonky3's functions take while they run is not counted.

use super::merkle_tree::node_words;
use super::openings::point_words;
use crate::model::{self, Codeword, ValuesAt};

/// The processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes;

impl model::Sizes for Sizes {
    fn tree(&self, log_height: usize, _width: usize) -> usize {
        node_words(1 << log_height)
    }

    fn evaluating(&self, values: ValuesAt<'_>) -> usize {
        point_words(values.evaluations.log_most())
    }

    fn reducing(&self, codeword: Codeword) -> usize {
        point_words(codeword.reduction.log_height)
    }
}
