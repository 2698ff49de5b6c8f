//! Sealed batches in, traces out, or the reason why not.

mod demand;
mod refusals;
mod traces;
