//! Sealed batches in, traces out, or the reason why not.

mod cut;
mod demand;
mod refusals;
mod traces;
