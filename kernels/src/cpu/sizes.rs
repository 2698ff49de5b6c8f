//! What the processor counts besides results, for [`crate::model`]. What Plonky3's functions take while they run is not counted.

use super::openings::point_words;
use crate::model::{self, Codeword, ValuesAt};
use crate::seam::node_words;

/// The processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes;

impl model::Sizes for Sizes {
    fn tree(&self, log_height: usize, _width: usize) -> usize {
        node_words(log_height)
    }

    fn evaluating(&self, values: ValuesAt<'_>) -> usize {
        point_words(values.evaluations.log_most())
    }

    fn reducing(&self, codeword: Codeword) -> usize {
        point_words(codeword.reduction.log_height)
    }
}
