//! The ledger from outside: its rules one by one, against a simple model, and its files.

mod batches;
mod checks;
mod claims;
mod encoding;
mod generate;
mod history;
mod model;
mod no_ops;
mod public;
mod random;
mod rebuild;
mod rebuild_random;
mod rules;
mod small;
mod speed;
mod store;
mod stub;
mod withdrawals;
