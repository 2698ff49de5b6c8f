//! Known answers and encodings of the shared words.

mod claims;
mod make;
mod page;
mod poseidon2;
mod pubdata;
mod records;
mod spellings;
mod statements;
mod transactions;
mod withdrawals;
