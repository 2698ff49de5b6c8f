//! Proving and verifying, end to end, on a small machine.

mod attacks;
mod keys;
mod measure;
mod round_trip;
mod slice;
mod toy;
