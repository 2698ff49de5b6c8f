//! Known answers and encodings of the shared words.

mod claims;
mod make;
mod poseidon2;
mod pubdata;
mod records;
mod statements;
mod transactions;
mod withdrawals;
