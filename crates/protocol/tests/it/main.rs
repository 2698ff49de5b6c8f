//! Known answers and encodings of the shared words.

mod poseidon2;
mod records;
